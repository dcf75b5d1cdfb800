//! Handshake: five roots in the job, a mask in the share.

use super::{Grammar, Plan, account, authorize, introduce, open, set_difficulty};
use crate::conversation::Script;
use crate::rng::Rng;

#[derive(Default)]
pub struct Handshake {
    job: String,
}

impl Grammar for Handshake {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let agent = &plan.agent;
        introduce(script, plan, &account(plan));
        let subscribe = format!(r#"{{"id":1,"method":"mining.subscribe","params":["{agent}"]}}"#);
        let subscribed =
            r#"{"id":1,"result":[[["mining.notify","x"]],"abcd0001",20],"error":null}"#;
        let authorize = authorize(plan);
        let first = [set_difficulty(plan), self.job(plan, rng)];
        open(script, plan, [&subscribe, subscribed, &authorize], first);
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job = rng.hex(2);
        let job = &self.job;
        let [previous, merkle, witness, tree, reserved] = [(); 5].map(|()| rng.hex(32));
        format!(
            r#"{{"id":null,"method":"mining.notify","params":["{job}","{previous}","{merkle}","{witness}","{tree}","{reserved}","00000000","1901a1b2","66aabbcc"]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, job) = (account(plan), &self.job);
        let (nonce2, nonce, mask) = (rng.hex(20), rng.hex(4), rng.hex(32));
        format!(
            r#"{{"id":{id},"method":"mining.submit","params":["{user}","{job}","{nonce2}","66aabbcc","{nonce}","{mask}"]}}"#
        )
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_difficulty(plan))
    }
}
