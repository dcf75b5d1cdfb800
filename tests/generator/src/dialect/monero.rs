//! XMRig's dialect: login, job, submit, keepalived.

use super::{Grammar, Plan, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Truth};
use crate::rng::Rng;

/// A session with a node pool.
pub struct Monero {
    session: String,
    job_id: String,
    height: u64,
}

impl Monero {
    pub fn new(_: &Plan, rng: &mut Rng) -> Self {
        let session = format!("{}-{}", rng.hex(4), rng.hex(6));
        Monero { session, job_id: String::new(), height: 3_412_344 }
    }

    fn work(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.height += 1;
        self.job_id = rng.hex(14);
        let (previous, rest, seed) = (rng.hex(32), rng.hex(32), rng.hex(32));
        // Versions 16, a timestamp, the previous block, four nonce bytes, the tree hash, the count.
        let blob = format!("1010d2d6c8a806{previous}00000000{rest}01");
        let Monero { job_id, height, .. } = self;
        let target = target(plan.difficulty);
        format!(
            r#"{{"blob":"{blob}","job_id":"{job_id}","target":"{target}","algo":"rx/0","height":{height},"seed_hash":"{seed}"}}"#
        )
    }
}

impl Grammar for Monero {
    fn hello(&mut self, script: &mut Script, truth: &mut Truth, plan: &Plan, rng: &mut Rng) -> u64 {
        introduce(truth, plan, &plan.wallet);
        let Plan { wallet, worker, agent, .. } = plan;
        script.line(
            Miner,
            &format!(
                r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{wallet}","pass":"{worker}","agent":"{agent}","algo":["rx/0","cn/r","argon2/chukwa"]}}}}"#
            ),
        );
        let (work, session) = (self.work(plan, rng), &self.session);
        script.line(
            Pool,
            &format!(
                r#"{{"id":1,"jsonrpc":"2.0","error":null,"result":{{"id":"{session}","job":{work},"extensions":["algo","nicehash","keepalive"],"status":"OK"}}}}"#
            ),
        );
        1
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        format!(r#"{{"jsonrpc":"2.0","method":"job","params":{}}}"#, self.work(plan, rng))
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (nonce, result) = (rng.hex(4), rng.hex(32));
        let Monero { session, job_id, .. } = self;
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"{session}","job_id":"{job_id}","nonce":"{nonce}","result":"{result}","algo":"rx/0"}}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{{"status":"OK"}}}}"#)
    }

    fn reject(&mut self, id: u64) -> String {
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","error":{{"code":-1,"message":"Low difficulty share"}}}}"#
        )
    }

    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty
    }

    fn chatter(&mut self, id: u64, _: &mut Rng) -> Option<String> {
        let session = &self.session;
        Some(format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"keepalived","params":{{"id":"{session}"}}}}"#
        ))
    }
}

/// The four-byte target of a difficulty, little endian.
fn target(difficulty: f64) -> String {
    let target = (f64::from(u32::MAX) / difficulty.max(1.0)) as u32;
    target.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
