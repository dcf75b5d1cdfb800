//! Epic Cash: Grin's calls, with an algorithm in the job and in the share.

use super::{Grammar, Plan, account, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Epic {
    job: u64,
}

impl Grammar for Epic {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
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
            .line(
                Miner,
                r#"{"id":"1","jsonrpc":"2.0","method":"getjobtemplate","params":{"algorithm":"randomx"}}"#,
            );
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
        let hash: Vec<String> = rng.bytes(32).iter().map(u8::to_string).collect();
        let (job, nonce, hash) = (self.job, rng.next_u64(), hash.join(","));
        format!(
            r#"{{"id":"{id}","jsonrpc":"2.0","method":"submit","params":{{"height":2000000,"job_id":{job},"nonce":{nonce},"pow":{{"RandomX":[{hash}]}}}}}}"#
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

impl Epic {
    fn work(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job += 1;
        let (difficulty, job, header) = (plan.difficulty, self.job, rng.hex(241));
        format!(
            r#"{{"algorithm":"randomx","difficulty":[["randomx",{difficulty}]],"epochs":[[0,100,[0,0]]],"height":2000000,"job_id":{job},"pre_pow":"{header}"}}"#
        )
    }
}
