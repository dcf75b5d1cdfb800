//! Pearl: objects instead of arrays, shares with a proof of some kilobytes.

use super::{Grammar, Plan, granted, introduce, target};
use crate::codec::base64;
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// Bytes of a proof; real ones have up to some hundred thousand.
const PROOF: usize = 1500;

#[derive(Default)]
pub struct Pearl {
    job: u64,
}

impl Grammar for Pearl {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let Plan { wallet, worker, agent, .. } = plan;
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":2,"method":"mining.authorize","params":{{"wallet":"{wallet}","worker":"{worker}","agent":"{agent}","pass":"x"}}}}"#
                ),
            )
            .tag(Tag::Login)
            .line(Pool, &granted(2))
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job += 1;
        let (job, header, boundary) = (self.job, rng.hex(76), target(plan.difficulty));
        let height = 119_375 + job;
        format!(
            r#"{{"id":null,"method":"mining.notify","params":{{"job_id":"2a-{job}","header":"{header}","height":{height},"target":"{boundary}","cert_version":3}}}}"#
        )
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (job, proof) = (self.job, base64(&rng.bytes(PROOF)));
        format!(
            r#"{{"id":{id},"method":"mining.submit","params":{{"job_id":"2a-{job}","plain_proof":"{proof}","hs":137000000}}}}"#
        )
    }
}
