//! XMRig's switch: a login of Monero's dialect, and then KawPow's `mining.*` on the same connection.

use super::kawpow::KawPow;
use super::{Grammar, Plan, account, introduce, monero};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct MoneroHybrid {
    after: KawPow,
}

impl Grammar for MoneroHybrid {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let Plan { worker, agent, .. } = plan;
        script.conversation.facts.password = Some(worker.clone());
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{user}","pass":"{worker}","agent":"{agent}","algo":["rx/0","kawpow","ghostrider"]}}}}"#
                ),
            )
            .tag(Tag::Login)
            .line(
                Pool,
                r#"{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"1f","algo":"kawpow","extra_nonce":"64290b"}}"#,
            )
            .line(Pool, &self.after.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.after.job(plan, rng)
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        self.after.submit(id, plan, rng)
    }

    fn accept(&mut self, id: u64) -> String {
        self.after.accept(id)
    }

    fn reject(&mut self, id: u64) -> String {
        self.after.reject(id)
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        self.after.hashes(plan)
    }

    fn refuse(&mut self) -> String {
        monero::REFUSAL.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        self.after.retarget(plan)
    }
}
