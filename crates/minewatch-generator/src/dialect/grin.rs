//! Grin: string ids, answers that repeat the method, proofs of 42 numbers.

use super::{Grammar, Plan, account, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

#[derive(Default)]
pub struct Grin {
    job: u64,
}

impl Grammar for Grin {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        let work = self.work(plan, rng);
        hello(script, plan, "null", &work);
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        let work = self.work(plan, rng);
        job(&work)
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let proof: Vec<String> = (0..42).map(|_| rng.below(1 << 29).to_string()).collect();
        let (job, nonce, proof) = (self.job, rng.next_u64(), proof.join(","));
        format!(
            r#"{{"id":"{id}","jsonrpc":"2.0","method":"submit","params":{{"edge_bits":32,"height":2901234,"job_id":{job},"nonce":{nonce},"pow":[{proof}]}}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        accept(id)
    }

    fn reject(&mut self, id: u64) -> String {
        reject(id)
    }

    fn refuse(&mut self) -> String {
        refuse()
    }
}

impl Grin {
    fn work(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.job += 1;
        let (difficulty, job, header) = (plan.difficulty, self.job, rng.hex(241));
        format!(
            r#"{{"difficulty":{difficulty},"height":2901234,"job_id":{job},"pre_pow":"{header}"}}"#
        )
    }
}

/// Login and request for a first job; `wanted` are the parameters of that request.
pub(super) fn hello(script: &mut Script, plan: &Plan, wanted: &str, work: &str) {
    let user = account(plan);
    introduce(script, plan, &user);
    script.conversation.facts.wallet = None; // an account with the pool
    let agent = &plan.agent;
    let login = format!(
        r#"{{"id":"0","jsonrpc":"2.0","method":"login","params":{{"login":"{user}","pass":"x","agent":"{agent}"}}}}"#
    );
    let ask =
        format!(r#"{{"id":"1","jsonrpc":"2.0","method":"getjobtemplate","params":{wanted}}}"#);
    let job = format!(
        r#"{{"id":"1","jsonrpc":"2.0","method":"getjobtemplate","result":{work},"error":null}}"#
    );
    script
        .line(Miner, &login)
        .tag(Tag::Login)
        .line(Pool, r#"{"id":"0","jsonrpc":"2.0","method":"login","result":"ok","error":null}"#)
        .line(Miner, &ask)
        .line(Pool, &job)
        .tag(Tag::Job(plan.difficulty));
}

pub(super) fn job(work: &str) -> String {
    format!(r#"{{"id":"Stratum","jsonrpc":"2.0","method":"job","params":{work}}}"#)
}

pub(super) fn accept(id: u64) -> String {
    format!(r#"{{"id":"{id}","jsonrpc":"2.0","method":"submit","result":"ok","error":null}}"#)
}

pub(super) fn reject(id: u64) -> String {
    format!(
        r#"{{"id":"{id}","jsonrpc":"2.0","method":"submit","result":null,"error":{{"code":-32501,"message":"Share rejected due to low difficulty"}}}}"#
    )
}

pub(super) fn refuse() -> String {
    r#"{"id":"0","jsonrpc":"2.0","method":"login","result":null,"error":{"code":-32500,"message":"login first"}}"#
        .into()
}
