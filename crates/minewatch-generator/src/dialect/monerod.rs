//! XMRig against a Monero node: templates by `getblocktemplate`, each request on a connection of
//! its own.

use super::{Grammar, Plan, introduce, monero};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Monerod {
    wallet: String,
    nonce: String,
    height: u64,
}

impl Grammar for Monerod {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        script.conversation.facts.worker = None; // a node does not ask
        (self.wallet, self.nonce) = (plan.wallet.clone(), rng.hex(8));
        self.height = 3_412_344;
        let poll = self.poll().unwrap_or_default();
        script
            .line(Miner, &poll)
            .tag(Tag::Login)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn poll(&mut self) -> Option<String> {
        let Monerod { wallet, nonce, .. } = self;
        Some(format!(
            r#"{{"id":1,"jsonrpc":"2.0","method":"getblocktemplate","params":{{"wallet_address":"{wallet}","extra_nonce":"{nonce}"}}}}"#
        ))
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.height += 1;
        let (hashing, template) = (monero::blob(rng), rng.hex(110));
        let (previous, seed, height) = (rng.hex(32), rng.hex(32), self.height);
        let difficulty = plan.difficulty;
        format!(
            r#"{{"id":1,"jsonrpc":"2.0","result":{{"blockhashing_blob":"{hashing}","blocktemplate_blob":"101052677688{template}","difficulty":{difficulty},"difficulty_top64":0,"expected_reward":600000000000,"height":{height},"prev_hash":"{previous}","reserved_offset":130,"seed_hash":"{seed}","status":"OK","untrusted":false}}}}"#
        )
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let block = rng.hex(116);
        format!(r#"{{"id":{id},"jsonrpc":"2.0","method":"submitblock","params":["{block}"]}}"#)
    }

    fn accept(&mut self, id: u64) -> String {
        monero::accept(id)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","error":{{"code":-7,"message":"Block not accepted"}}}}"#
        )
    }

    fn refuse(&mut self) -> String {
        r#"{"id":1,"jsonrpc":"2.0","error":{"code":-4,"message":"Failed to parse wallet address"}}"#
            .into()
    }

    fn chatter(&mut self, _: u64, rng: &mut Rng) -> Option<(String, Option<String>)> {
        let (hash, height) = (rng.hex(32), self.height);
        let answer =
            format!(r#"{{"hash":"{hash}","height":{height},"status":"OK","untrusted":false}}"#);
        Some(("GET /getheight".into(), Some(answer)))
    }
}
