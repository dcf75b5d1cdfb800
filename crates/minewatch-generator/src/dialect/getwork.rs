//! `getwork` over HTTP: Bitcoin mining before Stratum. The whole block header goes back and forth.

use super::{Grammar, Plan, account, introduce, reversed, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// Hashes per unit of difficulty (SHA-256d).
const UNIT: f64 = 4_294_967_296.0;

#[derive(Default)]
pub struct GetWork {
    /// Version, previous block and Merkle root: what names the work.
    fixed: String,
}

/// Padding of an 80-byte header to two blocks of SHA-256, in the byte order of `getwork`.
const PADDING: &str = "000000800000000000000000000000000000000000000000000000000000000000000000000000000000000080020000";

impl Grammar for GetWork {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &account(plan));
        script.conversation.facts.password = Some("x".into());
        let poll = self.poll().unwrap_or_default();
        script
            .line(Miner, &poll)
            .tag(Tag::Login)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn poll(&mut self) -> Option<String> {
        Some(r#"{"method":"getwork","params":[],"id":0}"#.into())
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.fixed = format!("00000002{}{}", rng.hex(32), rng.hex(32));
        let (fixed, midstate) = (&self.fixed, rng.hex(32));
        let target = reversed(&target(plan.difficulty * UNIT));
        format!(
            r#"{{"result":{{"midstate":"{midstate}","data":"{fixed}65f1a2c01703421900000000{PADDING}","hash1":"00000000000000000000000000000000000000000000000000000000000000000000008000000000000000000000000000000000000000000000000000010000","target":"{target}"}},"error":null,"id":0}}"#
        )
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (fixed, nonce) = (&self.fixed, rng.hex(4));
        format!(
            r#"{{"method":"getwork","params":["{fixed}65f1a2c017034219{nonce}{PADDING}"],"id":{id}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"result":true,"error":null,"id":{id}}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"result":false,"error":null,"id":{id}}}"#)
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty * UNIT
    }

    fn refuse(&mut self) -> String {
        r#"{"result":null,"error":{"code":-1,"message":"bad worker"},"id":0}"#.into()
    }
}
