//! Verus: ZIP 301 with the beginning of the solution in the job.

use super::{Grammar, Plan, account, authorize, introduce, open, set_target};
use crate::conversation::Script;
use crate::rng::Rng;

#[derive(Default)]
pub struct Verus {
    job: String,
}

impl Grammar for Verus {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let agent = &plan.agent;
        introduce(script, plan, &account(plan));
        let subscribe = format!(r#"{{"id":1,"method":"mining.subscribe","params":["{agent}"]}}"#);
        let subscribed = r#"{"id":1,"result":[null,"4a5b6c7d"],"error":null}"#;
        let authorize = authorize(plan);
        let first = [set_target(plan), self.job(plan, rng)];
        open(script, plan, [&subscribe, subscribed, &authorize], first);
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job = rng.hex(2);
        let job = &self.job;
        let [previous, merkle, reserved] = [(); 3].map(|()| rng.hex(32));
        let solution = rng.hex(300);
        format!(
            r#"{{"id":null,"method":"mining.notify","params":["{job}","04000100","{previous}","{merkle}","{reserved}","d3c2b168","a1021a1b",true,"07000000{solution}"]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, job) = (account(plan), &self.job);
        let (nonce, solution) = (rng.hex(28), rng.hex(1344));
        format!(
            r#"{{"id":{id},"method":"mining.submit","params":["{user}","{job}","d3c2b168","{nonce}","fd4005{solution}"]}}"#
        )
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_target(plan))
    }
}
