//! Aleo's binary protocol (zkwork): `length u32 | type u8 | payload`; shares get no answer.

use super::grammar::unhex;
use super::{Grammar, Plan, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Aleo {
    job: u64,
}

/// A frame in hexadecimal.
fn frame(kind: u8, payload: &str) -> String {
    let length = 1 + unhex(payload).len() as u32;
    format!("{}{kind:02x}{payload}", hex(&length.to_le_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Grammar for Aleo {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        script.conversation.facts.agent = None;
        let (worker, wallet) = (plan.worker.as_bytes(), plan.wallet.as_bytes());
        let connect = format!("0100010206{:02x}{}{}", worker.len(), hex(worker), hex(wallet));
        let accepted = format!("01{}4d000000{}", rng.hex(32), hex(&[b'q'; 200]));
        script
            .say(Miner, unhex(&frame(0x80, &connect)))
            .tag(Tag::Login)
            .say(Pool, unhex(&frame(0x00, &accepted)))
            .say(Pool, unhex(&self.job(plan, rng)))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job += 1;
        let (job, target) = (self.job.to_le_bytes(), (plan.difficulty as u64).to_le_bytes());
        frame(0x01, &format!("{}{}{}", hex(&job), hex(&target), rng.hex(32)))
    }

    fn submit(&mut self, _: u64, _: &Plan, rng: &mut Rng) -> String {
        frame(0x81, &format!("4d000000{}{}", hex(&self.job.to_le_bytes()), rng.hex(60)))
    }

    fn accept(&mut self, _: u64) -> String {
        String::new()
    }

    fn reject(&mut self, _: u64) -> String {
        String::new()
    }

    fn refuse(&mut self) -> String {
        frame(0x00, &format!("00{}", "00".repeat(32)))
    }

    fn chatter(&mut self, _: u64, _: &mut Rng) -> Option<(String, Option<String>)> {
        Some((frame(0x83, ""), Some(frame(0x03, ""))))
    }

    fn bytes(&self, text: &str) -> Vec<u8> {
        unhex(text)
    }
}
