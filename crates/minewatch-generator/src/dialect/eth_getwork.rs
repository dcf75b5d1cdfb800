//! Ethereum's work over HTTP: `eth_getWork` again and again, the wallet in the request's path.

use super::eth_proxy::EthProxy;
use super::{Grammar, Plan, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct EthGetWork {
    inner: EthProxy,
}

impl Grammar for EthGetWork {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, "");
        script.conversation.facts.login = None;
        let poll = self.poll().unwrap_or_default();
        script
            .line(Miner, &poll)
            .tag(Tag::Login)
            .line(Pool, &self.job(plan, rng))
            .tag(Tag::Job(plan.difficulty));
    }

    fn poll(&mut self) -> Option<String> {
        Some(r#"{"id":1,"jsonrpc":"2.0","method":"eth_getWork","params":[]}"#.into())
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        let work = self.inner.work(plan, rng);
        format!(r#"{{"id":1,"jsonrpc":"2.0","result":{work}}}"#)
    }

    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String {
        self.inner.submit(id, plan, rng)
    }

    fn accept(&mut self, id: u64) -> String {
        self.inner.accept(id)
    }

    fn reject(&mut self, id: u64) -> String {
        self.inner.reject(id)
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        self.inner.hashes(plan)
    }

    fn refuse(&mut self) -> String {
        self.inner.refuse()
    }
}
