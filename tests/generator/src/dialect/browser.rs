//! Coinhive's messages, spoken by web pages over WebSocket.

use super::{Grammar, Plan};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Truth};
use crate::rng::Rng;

#[derive(Default)]
pub struct Browser {
    job: String,
    hashes: u64,
}

impl Grammar for Browser {
    fn hello(&mut self, script: &mut Script, truth: &mut Truth, plan: &Plan, rng: &mut Rng) -> u64 {
        truth.login = Some(plan.wallet.clone());
        let key = &plan.wallet;
        script
            .line(
                Miner,
                &format!(
                    r#"{{"type":"auth","params":{{"version":7,"site_key":"{key}","type":"anonymous","user":null,"goal":0}}}}"#
                ),
            )
            .line(Pool, r#"{"type":"authed","params":{"token":"","hashes":0}}"#)
            .line(Pool, &self.job(plan, rng));
        1
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job = format!("{:012}", rng.below(999_999_999_999));
        let (job, previous, rest) = (&self.job, rng.hex(32), rng.hex(32));
        let target = (f64::from(u32::MAX) / plan.difficulty.max(1.0)) as u32;
        let target: String = target.to_le_bytes().iter().map(|b| format!("{b:02x}")).collect();
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
        self.hashes += 256;
        format!(r#"{{"type":"hash_accepted","params":{{"hashes":{}}}}}"#, self.hashes)
    }

    fn reject(&mut self, _: u64) -> String {
        r#"{"type":"error","params":{"error":"invalid_share"}}"#.into()
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty
    }
}
