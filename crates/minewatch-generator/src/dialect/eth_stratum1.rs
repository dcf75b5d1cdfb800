//! EthereumStratum/1.0.0 (NiceHash): subscribe with the protocol's name, four-part notify.

use super::{Grammar, Plan, account, introduce, set_difficulty};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// Hashes per unit of difficulty.
const UNIT: f64 = 4_294_967_296.0;

#[derive(Default)]
pub struct EthStratum1 {
    job: String,
}

impl Grammar for EthStratum1 {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let (session, Plan { agent, difficulty, .. }) = (rng.hex(16), plan);
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":1,"method":"mining.subscribe","params":["{agent}","EthereumStratum/1.0.0"]}}"#
                ),
            )
            .line(
                Pool,
                &format!(
                    r#"{{"id":1,"result":[["mining.notify","{session}","EthereumStratum/1.0.0"],"080c"],"error":null}}"#
                ),
            )
            .line(Miner, &format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","x"]}}"#))
            .tag(Tag::Login)
            .line(Pool, r#"{"id":2,"result":true,"error":null}"#)
            .line(
                Pool,
                &format!(r#"{{"id":null,"method":"mining.set_difficulty","params":[{difficulty}]}}"#),
            )
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job = rng.hex(4);
        let (job, seed, header) = (&self.job, rng.hex(32), rng.hex(32));
        format!(
            r#"{{"id":null,"method":"mining.notify","params":["{job}","{seed}","{header}",true]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, job, nonce) = (account(plan), &self.job, rng.hex(6));
        format!(r#"{{"id":{id},"method":"mining.submit","params":["{user}","{job}","{nonce}"]}}"#)
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"result":true,"error":null}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"result":false,"error":[21,"Job not found",null]}}"#)
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty * UNIT
    }

    fn refuse(&mut self) -> String {
        r#"{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}"#.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_difficulty(plan))
    }
}
