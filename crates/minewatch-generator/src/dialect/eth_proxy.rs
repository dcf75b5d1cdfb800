//! eth-proxy: `eth_submitLogin`, `eth_getWork`, work pushed in the shape of a reply.

use super::{Grammar, Plan, account, introduce, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct EthProxy {
    /// Hashes per second, as the miner reports them.
    hashrate: u64,
    header: String,
}

impl EthProxy {
    pub fn work(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.header = rng.hex(32);
        let (header, seed, boundary) = (&self.header, rng.hex(32), target(plan.difficulty));
        format!(r#"["0x{header}","0x{seed}","0x{boundary}","0x105f2a1"]"#)
    }
}

impl Grammar for EthProxy {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let user = account(plan);
        self.hashrate = plan.hashrate as u64;
        let worker = &plan.worker;
        introduce(script, plan, &user);
        script.conversation.facts.agent = None; // this dialect does not tell
        script
            .line(
                Miner,
                &format!(
                    r#"{{"worker": "{worker}", "jsonrpc": "2.0", "params": ["{user}", "x"], "id": 2, "method": "eth_submitLogin"}}"#
                ),
            )
            .tag(Tag::Login)
            .line(Pool, r#"{"jsonrpc":"2.0","id":2,"result":true}"#)
            .line(
                Miner,
                r#"{"worker": "", "jsonrpc": "2.0", "params": [], "id": 3, "method": "eth_getWork"}"#,
            );
        let work = self.work(plan, rng);
        script
            .line(Pool, &format!(r#"{{"jsonrpc":"2.0","id":3,"result":{work}}}"#))
            .tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":0,"result":{}}}"#, self.work(plan, rng))
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (nonce, header, mix) = (rng.hex(8), &self.header, rng.hex(32));
        format!(
            r#"{{"id":{id},"worker":"rig1","jsonrpc":"2.0","method":"eth_submitWork","params":["0x{nonce}","0x{header}","0x{mix}"]}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"jsonrpc":"2.0","result":true}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","result":false,"error":{{"code":23,"message":"Invalid share"}}}}"#
        )
    }

    fn refuse(&mut self) -> String {
        r#"{"jsonrpc":"2.0","id":2,"result":false,"error":{"code":-1,"message":"Invalid login"}}"#
            .into()
    }

    fn chatter(&mut self, id: u64, rng: &mut Rng) -> Option<(String, Option<String>)> {
        let token = rng.hex(32);
        let request = format!(
            r#"{{"id":{id},"worker":"rig1","jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x{:x}","0x{token}"]}}"#,
            self.hashrate
        );
        Some((request, Some(format!(r#"{{"id":{id},"jsonrpc":"2.0","result":true}}"#))))
    }
}
