//! Duino-Coin: texts with commas, and a request before each job.

use super::{Grammar, Plan, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Duino {
    user: String,
}

impl Grammar for Duino {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        self.user.clone_from(&plan.wallet);
        introduce(script, plan, &plan.wallet);
        let facts = &mut script.conversation.facts;
        (facts.wallet, facts.worker) = (None, None);
        facts.agent_in_requests = true;
        let request = self.poll().unwrap_or_default();
        script
            .say(Pool, "4.3")
            .say(Miner, request)
            .tag(Tag::Login)
            .say(Pool, self.bytes(&self.work(plan, rng)))
            .tag(Tag::Job(plan.difficulty));
    }

    fn poll(&mut self) -> Option<String> {
        Some(format!("JOB,{},MEDIUM,None", self.user))
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.work(plan, rng)
    }

    fn submit(&mut self, _: u64, plan: &Plan, rng: &mut Rng) -> String {
        let (result, agent, worker) = (rng.below(750_000), &plan.agent, &plan.worker);
        format!("{result},182345.12,{agent},{worker},,2345")
    }

    fn accept(&mut self, _: u64) -> String {
        "GOOD".into()
    }

    fn reject(&mut self, _: u64) -> String {
        "BAD,Incorrect result".into()
    }

    fn refuse(&mut self) -> String {
        "BAD,This user doesn't exist".into()
    }

    /// A result is one of a hundred numbers for each unit of difficulty.
    fn hashes(&self, plan: &Plan) -> f64 {
        50.0 * plan.difficulty
    }

    fn bytes(&self, text: &str) -> Vec<u8> {
        // The miner's texts have no line feed.
        let server = text.starts_with("GOOD") || text.starts_with("BAD") || !text.contains(",,");
        let feed = if server && !text.starts_with("JOB") { "\n" } else { "" };
        format!("{text}{feed}").into_bytes()
    }
}

impl Duino {
    fn work(&self, plan: &Plan, rng: &mut Rng) -> String {
        format!("{},{},{}", rng.hex(20), rng.hex(20), plan.difficulty)
    }
}
