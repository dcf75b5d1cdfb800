//! KawPow (Ravencoin): seven-part notify that carries the target.

use super::{Grammar, Plan, account, introduce, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Truth};
use crate::rng::Rng;

#[derive(Default)]
pub struct KawPow {
    job: String,
    header: String,
    height: u64,
}

impl Grammar for KawPow {
    fn hello(&mut self, script: &mut Script, truth: &mut Truth, plan: &Plan, rng: &mut Rng) -> u64 {
        let user = account(plan);
        introduce(truth, plan, &user);
        self.height = 3_301_233;
        let (agent, boundary) = (&plan.agent, target(plan.difficulty));
        script
            .line(
                Miner,
                &format!(r#"{{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["{agent}"]}}"#),
            )
            .line(
                Miner,
                &format!(r#"{{"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["{user}","x"]}}"#),
            )
            .line(Pool, r#"{"id":1,"result":[null,"64290b"],"error":null}"#)
            .line(Pool, &format!(r#"{{"id":null,"method":"mining.set_target","params":["{boundary}"]}}"#))
            .line(Pool, &self.job(plan, rng))
            .line(Pool, r#"{"id":2,"result":true,"error":null}"#);
        1
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.height += 1;
        self.job = rng.hex(2);
        self.header = rng.hex(32);
        let KawPow { job, header, height } = self;
        let (seed, boundary) = (rng.hex(32), target(plan.difficulty));
        format!(
            r#"{{"id":null,"method":"mining.notify","params":["{job}","{header}","{seed}","{boundary}",true,{height},"1b00c3d1"]}}"#
        )
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (user, nonce, mix) = (account(plan), rng.hex(5), rng.hex(32));
        let KawPow { job, header, .. } = self;
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"mining.submit","params":["{user}","{job}","0x64290b{nonce}","0x{header}","0x{mix}"]}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"result":true,"error":null}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"result":null,"error":[20,"low difficulty share",null]}}"#)
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty
    }
}
