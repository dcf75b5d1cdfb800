//! Conflux: everything is a string, even true.

use super::{Grammar, Plan, account, introduce, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Conflux {
    job: String,
    hash: String,
}

impl Grammar for Conflux {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        script.conversation.facts.agent = None; // this dialect does not tell
        script
            .line(
                Miner,
                &format!(r#"{{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["{user}",""]}}"#),
            )
            .tag(Tag::Login)
            .line(Pool, r#"{"id":1,"jsonrpc":"2.0","result":"true"}"#)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        (self.job, self.hash) = (rng.hex(32), rng.hex(32));
        let (job, hash, boundary) = (&self.job, &self.hash, target(plan.difficulty));
        format!(
            r#"{{"id":7,"jsonrpc":"2.0","method":"mining.notify","params":["0x{job}","0x{hash}","0x{boundary}"]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, job, nonce, hash) = (account(plan), &self.job, rng.hex(8), &self.hash);
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"mining.submit","params":["{user}","0x{job}","0x{nonce}","0x{hash}"]}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"jsonrpc":"2.0","result":["true"]}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"jsonrpc":"2.0","result":["false","stale job"]}}"#)
    }

    fn refuse(&mut self) -> String {
        r#"{"id":1,"jsonrpc":"2.0","result":["false","invalid address"]}"#.into()
    }
}
