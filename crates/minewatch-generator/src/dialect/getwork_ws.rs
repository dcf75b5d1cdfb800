//! Work of a XELIS node over WebSocket: the path names the wallet, nobody logs in.

use super::{Grammar, Plan, introduce};
use crate::conversation::Speaker::Pool;
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// Bytes of a miner's work.
const WORK: usize = 112;

#[derive(Default)]
pub struct GetWorkWs {
    height: u64,
}

impl Grammar for GetWorkWs {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, "");
        script.conversation.facts.login = None;
        script.conversation.facts.agent = None;
        script.line(Pool, &self.job(plan, rng)).tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.height += 1;
        let (height, difficulty, work) = (1_200_000 + self.height, plan.difficulty, rng.hex(WORK));
        format!(
            r#"{{"new_job":{{"algorithm":"xel/v2","miner_work":"{work}","height":{height},"topoheight":{height},"difficulty":"{difficulty}"}}}}"#
        )
    }

    fn submit(&mut self, _: u64, _: &Plan, rng: &mut Rng) -> String {
        format!(r#"{{"block_template":"{}"}}"#, rng.hex(WORK))
    }

    fn accept(&mut self, _: u64) -> String {
        r#""block_accepted""#.into()
    }

    fn reject(&mut self, _: u64) -> String {
        r#"{"block_rejected":"stale"}"#.into()
    }

    fn refuse(&mut self) -> String {
        String::new()
    }
}
