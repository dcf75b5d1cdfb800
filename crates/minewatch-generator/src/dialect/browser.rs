//! Coinhive's messages, spoken by web pages over WebSocket.

use super::{Grammar, Plan, monero};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Browser {
    job: String,
    /// What each accepted share adds to the running total, and the total.
    step: u64,
    total: u64,
}

impl Grammar for Browser {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let key = &plan.wallet;
        script.conversation.facts.login = Some(key.clone());
        script
            .line(
                Miner,
                &format!(
                    r#"{{"type":"auth","params":{{"version":7,"site_key":"{key}","type":"anonymous","user":null,"goal":0}}}}"#
                ),
            )
            .tag(Tag::Login)
            .line(Pool, r#"{"type":"authed","params":{"token":"","hashes":0}}"#)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.step = plan.difficulty as u64;
        self.job = format!("{:012}", rng.below(999_999_999_999));
        let (job, previous, rest) = (&self.job, rng.hex(32), rng.hex(32));
        let target = monero::target(plan.difficulty);
        format!(
            r#"{{"type":"job","params":{{"job_id":"{job}","blob":"0707d2d6c8a806{previous}00000000{rest}01","target":"{target}"}}}}"#
        )
    }

    fn submit(&mut self, _: u64, _: &Plan, rng: &mut Rng) -> String {
        let (job, nonce, result) = (&self.job, rng.hex(4), rng.hex(32));
        format!(
            r#"{{"type":"submit","params":{{"version":7,"job_id":"{job}","nonce":"{nonce}","result":"{result}"}}}}"#
        )
    }

    fn accept(&mut self, _: u64) -> String {
        self.total += self.step;
        format!(r#"{{"type":"hash_accepted","params":{{"hashes":{}}}}}"#, self.total)
    }

    fn reject(&mut self, _: u64) -> String {
        r#"{"type":"error","params":{"error":"invalid_share"}}"#.into()
    }

    fn refuse(&mut self) -> String {
        r#"{"type":"error","params":{"error":"invalid_site_key"}}"#.into()
    }
}
