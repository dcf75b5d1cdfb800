//! XELIS: a timestamp and a header hash in the job, shares of three arguments.

use super::{Grammar, Plan, introduce, open, set_difficulty};
use crate::conversation::Script;
use crate::rng::Rng;

#[derive(Default)]
pub struct Xelis {
    job: String,
}

impl Grammar for Xelis {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let Plan { wallet, worker, agent, .. } = plan;
        introduce(script, plan, wallet);
        let (first, second) = (rng.hex(32), rng.hex(32));
        let subscribe =
            format!(r#"{{"id":1,"method":"mining.subscribe","params":["{agent}",["xel/v3"]]}}"#);
        let subscribed = format!(r#"{{"id":1,"result":["s1","{first}",32,"{second}"]}}"#);
        let authorize = format!(
            r#"{{"id":2,"method":"mining.authorize","params":["{wallet}","{worker}","x"]}}"#
        );
        let first = [set_difficulty(plan), self.job(plan, rng)];
        open(script, plan, [&subscribe, &subscribed, &authorize], first);
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job = rng.hex(4);
        let (job, time, header) = (&self.job, rng.hex(4), rng.hex(32));
        format!(
            r#"{{"id":null,"method":"mining.notify","params":["{job}","0000018f{time}","{header}","xel/v3",true]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (worker, job, nonce) = (&plan.worker, &self.job, rng.hex(8));
        format!(r#"{{"id":{id},"method":"mining.submit","params":["{worker}","{job}","{nonce}"]}}"#)
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_difficulty(plan))
    }
}
