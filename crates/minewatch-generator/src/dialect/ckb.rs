//! Nervos CKB: work calls with named arguments; new work is an answer that nobody asked for.

use super::{Grammar, Plan, introduce, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Ckb {
    hash: String,
}

impl Grammar for Ckb {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let Plan { wallet, worker, agent, .. } = plan;
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":1,"method":"ckb_submitLogin","params":{{"login":"{wallet}","agent":"{agent}","worker":"{worker}"}}}}"#
                ),
            )
            .tag(Tag::Login)
            .line(Pool, r#"{"id":1,"result":{"nonce_pre":"0xbdb0c4","nonce_bytes":5}}"#)
            .line(Miner, r#"{"id":2,"method":"ckb_getWork","params":null}"#);
        let work = self.work(plan, rng);
        script.line(Pool, &format!(r#"{{"id":2,"result":{work}}}"#)).tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        format!(r#"{{"id":0,"result":{}}}"#, self.work(plan, rng))
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (hash, nonce) = (&self.hash, rng.next_u64());
        format!(
            r#"{{"id":{id},"method":"ckb_submitWork","params":{{"pow_hash":"0x{hash}","nonce":"{nonce}"}}}}"#
        )
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"error":{{"code":"101","message":"low diff"}}}}"#)
    }

    fn refuse(&mut self) -> String {
        r#"{"id":1,"error":{"code":"100","message":"invalid address"}}"#.into()
    }
}

impl Ckb {
    fn work(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.hash = rng.hex(32);
        let (hash, boundary) = (&self.hash, target(plan.difficulty));
        format!(r#"{{"height":100,"pow_hash":"0x{hash}","target":"0x{boundary}"}}"#)
    }
}
