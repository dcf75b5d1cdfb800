//! `getblocktemplate` over HTTP (BIP 22): mining with one's own node.

use super::{Grammar, Plan, introduce, target};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// Hashes per unit of difficulty (SHA-256d).
const UNIT: f64 = 4_294_967_296.0;

#[derive(Default)]
pub struct GetBlockTemplate {
    long_poll: String,
    height: u64,
}

impl Grammar for GetBlockTemplate {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let facts = &mut script.conversation.facts;
        // The user of the node, not a wallet.
        (facts.wallet, facts.worker) = (None, None);
        facts.password = Some("x".into());
        let poll = self.poll().unwrap_or_default();
        script
            .line(Miner, &poll)
            .tag(Tag::Login)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn poll(&mut self) -> Option<String> {
        let id = match self.long_poll.as_str() {
            "" => String::new(),
            id => format!(r#","longpollid":"{id}""#),
        };
        Some(format!(
            r#"{{"id":0,"method":"getblocktemplate","params":[{{"capabilities":["coinbasetxn","workid","longpoll"],"rules":["segwit"]{id}}}]}}"#
        ))
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.height += 1;
        let previous = rng.hex(32);
        self.long_poll = format!("{previous}{}", self.height);
        let (id, height) = (&self.long_poll, 887_100 + self.height);
        let target = target(plan.difficulty * UNIT);
        format!(
            r#"{{"result":{{"capabilities":["proposal"],"version":536870912,"rules":["csv","segwit"],"previousblockhash":"{previous}","transactions":[],"coinbaseaux":{{}},"coinbasevalue":312500000,"longpollid":"{id}","target":"{target}","mintime":1710334000,"mutable":["time","transactions","prevblock"],"noncerange":"00000000ffffffff","sigoplimit":80000,"sizelimit":4000000,"curtime":1710334400,"bits":"17034219","height":{height}}},"error":null,"id":0}}"#
        )
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        // Header, one transaction: the coinbase.
        let (header, coinbase) = (rng.hex(76), rng.hex(160));
        format!(r#"{{"id":{id},"method":"submitblock","params":["00000020{header}01{coinbase}"]}}"#)
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"result":null,"error":null,"id":{id}}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(r#"{{"result":"high-hash","error":null,"id":{id}}}"#)
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty * UNIT
    }

    fn refuse(&mut self) -> String {
        r#"{"result":null,"error":{"code":-9,"message":"Bitcoin is not connected!"},"id":0}"#.into()
    }
}
