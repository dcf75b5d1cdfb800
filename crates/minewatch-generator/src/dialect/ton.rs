//! TON over WebSocket: `mining.set_target` is the job, and its expiry names it.

use super::{Grammar, Plan, granted, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

const GIVER: &str = "EQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAM9c";

#[derive(Default)]
pub struct Ton {
    jobs: u64,
    seed: String,
}

impl Ton {
    fn expiry(&self) -> u64 {
        1_790_000_000 + 60 * self.jobs
    }
}

impl Grammar for Ton {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        // The second argument is a password in other dialects.
        script.conversation.facts.password = Some(plan.worker.clone());
        let Plan { wallet, worker, agent, .. } = plan;
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":1,"method":"mining.subscribe","params":["{agent}",null,null,null]}}"#
                ),
            )
            .line(Pool, r#"{"id":1,"result":[null,"00000000ffff"],"error":null}"#)
            .line(
                Miner,
                &format!(
                    r#"{{"id":2,"method":"mining.authorize","params":["{wallet}","{worker}"]}}"#
                ),
            )
            .tag(Tag::Login)
            .line(Pool, &granted(2))
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        self.jobs += 1;
        self.seed = rng.hex(16);
        let (seed, expiry) = (&self.seed, self.expiry());
        format!(
            r#"{{"id":null,"method":"mining.set_target","params":["{seed}","{expiry}","{GIVER}","{GIVER}"]}}"#
        )
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (expiry, random, seed) = (self.expiry(), rng.hex(32), &self.seed);
        format!(
            r#"{{"id":{id},"method":"mining.submit","params":["{expiry}","{random}","{seed}",null]}}"#
        )
    }
}
