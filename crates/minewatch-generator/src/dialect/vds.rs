//! VDS: ZIP 301 with a longer header, and short solutions.

use super::{Grammar, Plan, account, authorize, introduce, open, set_target};
use crate::conversation::Script;
use crate::rng::Rng;

#[derive(Default)]
pub struct Vds {
    job: String,
}

impl Grammar for Vds {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let agent = &plan.agent;
        introduce(script, plan, &account(plan));
        let subscribe = format!(
            r#"{{"id":1,"method":"mining.subscribe","params":["{agent}",null,"vds.pool.example","13032"]}}"#
        );
        let subscribed = r#"{"id":1,"result":[null,"27fff23b"],"error":null}"#;
        let authorize = authorize(plan);
        let first = [set_target(plan), self.job(plan, rng)];
        open(script, plan, [&subscribe, subscribed, &authorize], first);
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.job = rng.hex(2);
        let job = &self.job;
        let [previous, merkle, reserved, state, utxo] = [(); 5].map(|()| rng.hex(32));
        format!(
            r#"{{"id":null,"method":"mining.notify","params":["{job}","00000020","{previous}","{merkle}","{reserved}","4e4f3b5a0b020100","74cad75c","0205021d","{state}","{utxo}",true]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, job) = (account(plan), &self.job);
        let (nonce, solution) = (rng.hex(28), rng.hex(100));
        format!(
            r#"{{"id":{id},"method":"mining.submit","params":["{user}","{job}","74cad75c","{nonce}","64{solution}"]}}"#
        )
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_target(plan))
    }
}
