//! Nimiq before its proof of stake: `message` names the kind, and only refusals are told.

use super::{Grammar, Plan, introduce};
use crate::codec::base64;
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// Expected hashes at difficulty 1, whose target is 2^240.
const UNIT: f64 = 65_536.0;

#[derive(Default)]
pub struct Nimiq;

impl Grammar for Nimiq {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let Plan { wallet, worker, agent, .. } = plan;
        let (device, genesis) = (rng.next_u64() as u32, base64(&rng.bytes(32)));
        let settings = self.retarget(plan).unwrap_or_default();
        script
            .line(
                Miner,
                &format!(
                    r#"{{"message":"register","mode":"nano","address":"{wallet}","deviceId":{device},"deviceName":"{worker}","userAgent":"{agent}","genesisHash":"{genesis}"}}"#
                ),
            )
            .tag(Tag::Login)
            .line(Pool, r#"{"message":"registered"}"#)
            .line(Pool, &settings)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, _: &Plan, rng: &mut Rng) -> String {
        let (body, accounts, block) =
            (base64(&rng.bytes(32)), base64(&rng.bytes(32)), base64(&rng.bytes(146)));
        format!(
            r#"{{"message":"new-block","bodyHash":"{body}","accountsHash":"{accounts}","previousBlock":"{block}"}}"#
        )
    }

    fn submit(&mut self, _: u64, _: &Plan, rng: &mut Rng) -> String {
        format!(r#"{{"message":"share","block":"{}"}}"#, base64(&rng.bytes(300)))
    }

    fn accept(&mut self, _: u64) -> String {
        String::new()
    }

    fn reject(&mut self, _: u64) -> String {
        r#"{"message":"invalid-share","reason":"too low difficulty"}"#.into()
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty * UNIT
    }

    fn refuse(&mut self) -> String {
        r#"{"message":"error","reason":"invalid address"}"#.into()
    }

    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        // A share's target in the compact form of block headers (`nBits`), with three digits.
        let target = (65_536.0 / plan.difficulty.max(1.0)) as u32;
        let compact = 0x1f00_0000 | target.clamp(1, 0x7f_ffff);
        Some(format!(
            r#"{{"message":"settings","address":"NQ39 GDF7 XXXP 5LVD E1M0 LG59 2RH4 C8YK PL6C","extraData":"cG9vbC5leGFtcGxl","targetCompact":{compact},"nonce":1}}"#
        ))
    }
}
