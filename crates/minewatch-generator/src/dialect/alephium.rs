//! Alephium: the server speaks first, jobs are sixteen objects, one a chain.

use super::{Grammar, Plan, account, introduce, set_difficulty, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Alephium {
    job: u64,
}

/// Expected hashes at difficulty 1: the target is 2^226 (its pool's sample configuration), and the
/// hash space 2^256.
const UNIT: f64 = 1_073_741_824.0;

impl Grammar for Alephium {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let Plan { agent, difficulty, .. } = plan;
        script
            .line(
                Pool,
                &format!(r#"{{"id":null,"method":"mining.set_difficulty","params":[{difficulty}]}}"#),
            )
            .line(
                Miner,
                &format!(r#"{{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["{agent}"]}}"#),
            )
            .line(Pool, r#"{"id":1,"result":"b9a1","error":null}"#)
            .line(
                Miner,
                &format!(r#"{{"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["{user}","x"]}}"#),
            )
            .tag(Tag::Login)
            .line(Pool, r#"{"id":2,"result":true,"error":null}"#)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job += 1;
        let boundary = target(plan.difficulty * UNIT);
        let jobs: Vec<String> = (0..16)
            .map(|chain| {
                let (from, to) = (chain / 4, chain % 4);
                let (job, header, transactions) = (self.job * 16 + chain, rng.hex(120), rng.hex(40));
                format!(
                    r#"{{"jobId":"{job:08x}","fromGroup":{from},"toGroup":{to},"headerBlob":"{header}","txsBlob":"{transactions}","targetBlob":"{boundary}","height":1234567}}"#
                )
            })
            .collect();
        format!(r#"{{"id":null,"method":"mining.notify","params":[{}]}}"#, jobs.join(","))
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let chain = rng.below(16) as u64;
        let (job, from, to) = (self.job * 16 + chain, chain / 4, chain % 4);
        let (nonce, user) = (rng.hex(24), account(plan));
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"mining.submit","params":{{"jobId":"{job:08x}","fromGroup":{from},"toGroup":{to},"nonce":"{nonce}","worker":"{user}"}}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"result":true,"error":null}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"result":false,"error":[23,"low difficulty share",null]}}"#)
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty * UNIT
    }

    fn refuse(&mut self) -> String {
        r#"{"id":2,"result":false,"error":[24,"unauthorized worker",null]}"#.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_difficulty(plan))
    }
}
