//! Grin: string ids, answers that repeat the method, proofs of 42 numbers.

use super::{Grammar, Plan, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Grin {
    job: u64,
}

impl Grammar for Grin {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = super::account(plan);
        introduce(script, plan, &user);
        script.conversation.facts.wallet = None; // an account with the pool
        let agent = &plan.agent;
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":"0","jsonrpc":"2.0","method":"login","params":{{"login":"{user}","pass":"x","agent":"{agent}"}}}}"#
                ),
            )
            .tag(Tag::Login)
            .line(Pool, r#"{"id":"0","jsonrpc":"2.0","method":"login","result":"ok","error":null}"#)
            .line(Miner, r#"{"id":"1","jsonrpc":"2.0","method":"getjobtemplate","params":null}"#);
        let work = self.work(plan, rng);
        script
            .line(
                Pool,
                &format!(
                    r#"{{"id":"1","jsonrpc":"2.0","method":"getjobtemplate","result":{work},"error":null}}"#
                ),
            )
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        let work = self.work(plan, rng);
        format!(r#"{{"id":"Stratum","jsonrpc":"2.0","method":"job","params":{work}}}"#)
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let proof: Vec<String> = (0..42).map(|_| rng.below(1 << 29).to_string()).collect();
        let (job, nonce, proof) = (self.job, rng.next_u64(), proof.join(","));
        format!(
            r#"{{"id":"{id}","jsonrpc":"2.0","method":"submit","params":{{"edge_bits":32,"height":2901234,"job_id":{job},"nonce":{nonce},"pow":[{proof}]}}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":"{id}","jsonrpc":"2.0","method":"submit","result":"ok","error":null}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(
            r#"{{"id":"{id}","jsonrpc":"2.0","method":"submit","result":null,"error":{{"code":-32501,"message":"Share rejected due to low difficulty"}}}}"#
        )
    }

    fn refuse(&mut self) -> String {
        r#"{"id":"0","jsonrpc":"2.0","method":"login","result":null,"error":{"code":-32500,"message":"login first"}}"#
            .into()
    }
}

impl Grin {
    fn work(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job += 1;
        let (difficulty, job, header) = (plan.difficulty, self.job, rng.hex(241));
        format!(
            r#"{{"difficulty":{difficulty},"height":2901234,"job_id":{job},"pre_pow":"{header}"}}"#
        )
    }
}
