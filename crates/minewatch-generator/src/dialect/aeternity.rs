//! Aeternity: Zcash's methods, three-part notify, proofs of 42 numbers.

use super::{Grammar, Plan, account, introduce, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Aeternity {
    job: String,
}

impl Grammar for Aeternity {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let (agent, boundary) = (&plan.agent, target(plan.difficulty));
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["{agent}",null,"ae.pool.example",4040]}}"#
                ),
            )
            .line(Pool, r#"{"id":1,"jsonrpc":"2.0","result":["0f1e","ab12cd"],"error":null}"#)
            .line(
                Miner,
                &format!(r#"{{"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["{user}",null]}}"#),
            )
            .tag(Tag::Login)
            .line(Pool, r#"{"id":2,"jsonrpc":"2.0","result":true,"error":null}"#)
            .line(
                Pool,
                &format!(
                    r#"{{"id":null,"jsonrpc":"2.0","method":"mining.set_target","params":["{boundary}"]}}"#
                ),
            )
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job = rng.hex(8);
        let (job, header) = (&self.job, rng.hex(32));
        format!(
            r#"{{"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["{job}","{header}",true]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let proof: Vec<String> = (0..42).map(|_| format!("\"{}\"", rng.hex(4))).collect();
        let (user, job, nonce, proof) = (account(plan), &self.job, rng.hex(5), proof.join(","));
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"mining.submit","params":["{user}","{job}","{nonce}",[{proof}]]}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"jsonrpc":"2.0","result":true,"error":null}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","result":null,"error":[23,"low difficulty share",null]}}"#
        )
    }

    fn refuse(&mut self) -> String {
        r#"{"id":2,"jsonrpc":"2.0","result":null,"error":[24,"unauthorized worker",null]}"#.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        let boundary = target(plan.difficulty);
        Some(format!(
            r#"{{"id":null,"jsonrpc":"2.0","method":"mining.set_target","params":["{boundary}"]}}"#
        ))
    }
}
