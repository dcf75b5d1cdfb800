//! KawPow (Ravencoin): seven-part notify that carries the target.

use super::{Grammar, Plan, account, introduce, set_target, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct KawPow {
    job: String,
    header: String,
    /// Jobs so far; each is of a new block.
    jobs: u64,
}

impl Grammar for KawPow {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
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
            .tag(Tag::Login)
            .line(Pool, r#"{"id":1,"result":[null,"64290b"],"error":null}"#)
            .line(Pool, &format!(r#"{{"id":null,"method":"mining.set_target","params":["{boundary}"]}}"#))
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty))
            .line(Pool, r#"{"id":2,"result":true,"error":null}"#);
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.jobs += 1;
        self.job = rng.hex(2);
        self.header = rng.hex(32);
        let KawPow { job, header, jobs } = self;
        let height = 3_301_233 + *jobs;
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

    fn refuse(&mut self) -> String {
        r#"{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}"#.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        Some(set_target(plan))
    }
}
