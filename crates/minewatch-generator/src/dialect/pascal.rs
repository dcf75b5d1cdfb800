//! PascalCoin: the node speaks first, nobody logs in; one object in a list.

use super::{Grammar, Plan, introduce, target};
use crate::conversation::Speaker::Pool;
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Pascal {
    block: u64,
}

impl Grammar for Pascal {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, "");
        let facts = &mut script.conversation.facts;
        (facts.login, facts.wallet, facts.worker, facts.agent) = (None, None, None, None);
        script.line(Pool, &self.job(plan, rng)).tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.block += 1;
        let (block, boundary) = (64_150 + self.block, target(plan.difficulty));
        let (first, third) = (rng.hex(90), rng.hex(68));
        format!(
            r#"{{"id":null,"method":"miner-notify","params":[{{"block":{block},"version":1,"part1":"{first}","payload_start":"545354","part3":"{third}","target":830844264,"target_pow":"{boundary}","timestamp":1487357643}}]}}"#
        )
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (payload, nonce) = (rng.hex(6), rng.next_u64() as u32);
        format!(
            r#"{{"id":{id},"method":"miner-submit","params":[{{"payload":"{payload}","timestamp":1487357700,"nonce":{nonce}}}]}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        let block = 64_150 + self.block;
        format!(r#"{{"id":{id},"result":{{"block":{block},"version":1}}}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"error":"Error: payload","result":null}}"#)
    }

    fn refuse(&mut self) -> String {
        String::new()
    }
}
