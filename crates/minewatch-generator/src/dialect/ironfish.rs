//! Iron Fish: `body` instead of `params`, answers that are methods of their own.

use super::{Grammar, Plan, introduce, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct IronFish {
    request: u64,
}

impl Grammar for IronFish {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let Plan { wallet, worker, agent, .. } = plan;
        let boundary = target(plan.difficulty);
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":0,"method":"mining.subscribe","body":{{"version":3,"publicAddress":"{wallet}","name":"{worker}","agent":"{agent}"}}}}"#
                ),
            )
            .tag(Tag::Login)
            .line(
                Pool,
                r#"{"id":0,"method":"mining.subscribed","body":{"clientId":7,"xn":"1a2b"}}"#,
            )
            .line(
                Pool,
                &format!(r#"{{"id":1,"method":"mining.set_target","body":{{"target":"{boundary}"}}}}"#),
            )
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.request += 1;
        let (request, header) = (self.request, rng.hex(180));
        format!(
            r#"{{"id":2,"method":"mining.notify","body":{{"miningRequestId":{request},"header":"{header}"}}}}"#
        )
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (request, nonce) = (self.request, rng.hex(6));
        format!(
            r#"{{"id":{id},"method":"mining.submit","body":{{"miningRequestId":{request},"randomness":"1a2b{nonce}"}}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":3,"method":"mining.submitted","body":{{"id":{id},"result":true}}}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(
            r#"{{"id":3,"method":"mining.submitted","body":{{"id":{id},"result":false,"message":"stale"}}}}"#
        )
    }

    fn refuse(&mut self) -> String {
        r#"{"id":0,"method":"mining.disconnect","body":{"message":"invalid public address"}}"#
            .into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        let boundary = target(plan.difficulty);
        Some(format!(r#"{{"id":1,"method":"mining.set_target","body":{{"target":"{boundary}"}}}}"#))
    }
}
