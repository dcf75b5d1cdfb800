//! Tari's own miner: Monero's methods with string ids and numbers for nonce and job.

use super::{Grammar, Plan, introduce, monero};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Tari {
    job: u64,
}

impl Tari {
    fn work(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job += 1;
        let (job, blob) = (self.job, rng.hex(40));
        let target = monero::long_target(plan.difficulty);
        format!(
            r#"{{"blob":"{blob}","job_id":"{job}","target":"{target}","algo":"sha3x","height":41234}}"#
        )
    }
}

impl Grammar for Tari {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let login = super::account(plan);
        introduce(script, plan, &login);
        script.conversation.facts.wallet = None; // an account with the pool
        let agent = &plan.agent;
        let work = self.work(plan, rng);
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":"1","jsonrpc":"2.0","method":"login","params":{{"login":"{login}","pass":"x","agent":"{agent}"}}}}"#
                ),
            )
            .tag(Tag::Login)
            .line(
                Pool,
                &format!(
                    r#"{{"id":"1","jsonrpc":"2.0","result":{{"id":"4f21","job":{work},"status":"OK"}},"error":null}}"#
                ),
            )
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        format!(r#"{{"jsonrpc":"2.0","method":"job","params":{}}}"#, self.work(plan, rng))
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (job, nonce, hash) = (self.job, rng.next_u64(), rng.hex(32));
        format!(
            r#"{{"id":"{id}","jsonrpc":"2.0","method":"submit","params":{{"id":"4f21","job_id":{job},"nonce":{nonce},"hash":"{hash}"}}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":"{id}","jsonrpc":"2.0","result":{{"status":"OK"}},"error":null}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(
            r#"{{"id":"{id}","jsonrpc":"2.0","result":null,"error":{{"code":-1,"message":"Low difficulty share"}}}}"#
        )
    }

    fn refuse(&mut self) -> String {
        r#"{"id":"1","jsonrpc":"2.0","result":null,"error":{"code":-1,"message":"Invalid payment address provided"}}"#
            .into()
    }
}
