//! Kadena: a whole block header in the job, the end of a nonce in the share.

use super::{Grammar, Plan, account, granted, introduce, set_target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Kadena {
    job: String,
}

impl Grammar for Kadena {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        introduce(script, plan, &user);
        let agent = &plan.agent;
        script
            .line(Miner, &format!(r#"{{"id":1,"method":"mining.subscribe","params":["{agent}"]}}"#))
            .line(Pool, r#"{"id":1,"result":[null,"0123456a",5],"error":null}"#)
            .line(
                Miner,
                &format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","x"]}}"#),
            )
            .tag(Tag::Login)
            .line(Pool, &granted(2))
            .line(Pool, &self.retarget(plan).unwrap_or_default())
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
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
