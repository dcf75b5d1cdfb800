//! Kadena: a whole block header in the job, the end of a nonce in the share.

use super::{Grammar, Plan, account, authorize, introduce, open, set_target};
use crate::conversation::Script;
use crate::rng::Rng;

#[derive(Default)]
pub struct Kadena {
    job: String,
}

impl Grammar for Kadena {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let agent = &plan.agent;
        introduce(script, plan, &account(plan));
        let subscribe = format!(r#"{{"id":1,"method":"mining.subscribe","params":["{agent}"]}}"#);
        let subscribed = r#"{"id":1,"result":[null,"0123456a",5],"error":null}"#;
        let authorize = authorize(plan);
        let first = [set_target(plan), self.job(plan, rng)];
        open(script, plan, [&subscribe, subscribed, &authorize], first);
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job = rng.hex(2);
        let (job, header) = (&self.job, rng.hex(286));
        format!(r#"{{"id":null,"method":"mining.notify","params":["{job}","{header}",true]}}"#)
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, job) = (account(plan), &self.job);
        let nonce = rng.hex(5);
        format!(r#"{{"id":{id},"method":"mining.submit","params":["{user}","{job}","{nonce}"]}}"#)
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_target(plan))
    }
}
