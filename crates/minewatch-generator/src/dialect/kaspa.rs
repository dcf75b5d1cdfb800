//! Kaspa: the server says `set_extranonce`, jobs hold four 64-bit numbers.

use super::{Grammar, Plan, account, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// Hashes per unit of difficulty.
const UNIT: f64 = 4_294_967_296.0;

#[derive(Default)]
pub struct Kaspa {
    job: u64,
}

impl Grammar for Kaspa {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let Plan { agent, difficulty, .. } = plan;
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":1,"method":"mining.subscribe","params":["{agent}","EthereumStratum/1.0.0"]}}"#
                ),
            )
            .line(
                Pool,
                r#"{"id":1,"jsonrpc":"2.0","result":[true,"EthereumStratum/1.0.0"],"error":null}"#,
            )
            .line(Pool, r#"{"id":"","jsonrpc":"2.0","method":"set_extranonce","params":["0a1b"]}"#)
            .line(Miner, &format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","x"]}}"#))
            .tag(Tag::Login)
            .line(Pool, r#"{"id":2,"jsonrpc":"2.0","result":true,"error":null}"#)
            .line(
                Pool,
                &format!(r#"{{"jsonrpc":"2.0","method":"mining.set_difficulty","params":[{difficulty}]}}"#),
            )
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job += 1;
        let [a, b, c, d] = [(); 4].map(|()| rng.next_u64());
        let job = self.job;
        format!(
            r#"{{"id":{job},"jsonrpc":"2.0","method":"mining.notify","params":["{job}",[{a},{b},{c},{d}],1719393600123]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, job, nonce) = (account(plan), self.job, rng.hex(6));
        format!(
            r#"{{"id":{id},"method":"mining.submit","params":["{user}","{job}","0x0a1b{nonce}"]}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"jsonrpc":"2.0","result":true,"error":null}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"jsonrpc":"2.0","result":null,"error":[20,"Invalid share",null]}}"#)
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty * UNIT
    }

    fn refuse(&mut self) -> String {
        r#"{"id":2,"jsonrpc":"2.0","result":null,"error":[24,"Unauthorized worker",null]}"#.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        let difficulty = plan.difficulty;
        Some(format!(
            r#"{{"jsonrpc":"2.0","method":"mining.set_difficulty","params":[{difficulty}]}}"#
        ))
    }
}
