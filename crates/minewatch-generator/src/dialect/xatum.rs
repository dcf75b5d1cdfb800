//! Xatum: lines of a verb, `~` and an object. A refusal is a success with other words.

use super::{Grammar, Plan, introduce};
use crate::codec::base64;
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// Bytes that are hashed.
const BLOB: usize = 112;

#[derive(Default)]
pub struct Xatum;

impl Grammar for Xatum {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let Plan { wallet, worker, agent, .. } = plan;
        script
            .line(
                Miner,
                &format!(
                    r#"shake~{{"addr":"{wallet}","work":"{worker}","agent":"{agent}","algos":["xel/1"]}}"#
                ),
            )
            .tag(Tag::Login)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        let (difficulty, blob) = (plan.difficulty, base64(&rng.bytes(BLOB)));
        format!(r#"job~{{"diff":{difficulty},"blob":"{blob}"}}"#)
    }

    fn submit(&mut self, _: u64, _: &Plan, rng: &mut Rng) -> String {
        let (data, hash) = (base64(&rng.bytes(BLOB)), rng.hex(32));
        format!(r#"submit~{{"data":"{data}","hash":"{hash}"}}"#)
    }

    fn accept(&mut self, _: u64) -> String {
        r#"success~{"msg":"ok"}"#.into()
    }

    fn reject(&mut self, _: u64) -> String {
        r#"success~{"msg":"stale"}"#.into()
    }

    fn refuse(&mut self) -> String {
        r#"error~{"msg":"invalid address"}"#.into()
    }
}
