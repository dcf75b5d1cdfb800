//! XMRig's dialect: login, job, submit, keepalived.

use super::{Grammar, Plan, introduce};
use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Script, Tag};
use crate::rng::Rng;

/// A session with a node pool.
pub struct Monero {
    session: String,
    work: Work,
}

impl Monero {
    pub fn new(rng: &mut Rng) -> Self {
        Monero { session: session(rng), work: Work::default() }
    }

    /// A session of another coin, whose jobs name `algorithm`.
    pub fn with_algorithm(rng: &mut Rng, algorithm: &'static str) -> Self {
        Monero { session: session(rng), work: Work { algorithm, ..Work::default() } }
    }
}

impl Grammar for Monero {
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng) {
        introduce(script, plan, &plan.wallet);
        let Plan { wallet, worker, agent, .. } = plan;
        script.conversation.facts.password = Some(worker.clone());
        script
            .line(
                Miner,
                &format!(
                    r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{wallet}","pass":"{worker}","agent":"{agent}","algo":["rx/0","cn/r","argon2/chukwa"]}}}}"#
                ),
            )
            .tag(Tag::Login);
        let (work, session) = (self.work.next(plan, rng), &self.session);
        script.line(Pool, &welcome(session, &work)).tag(Tag::Job(plan.difficulty));
    }

    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        format!(r#"{{"jsonrpc":"2.0","method":"job","params":{}}}"#, self.work.next(plan, rng))
    }

    fn submit(&mut self, id: u64, _: &Plan, rng: &mut Rng) -> String {
        let (nonce, result) = (rng.hex(4), rng.hex(32));
        let (session, job_id) = (&self.session, &self.work.job_id);
        let algorithm = self.work.algorithm;
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"{session}","job_id":"{job_id}","nonce":"{nonce}","result":"{result}","algo":"{algorithm}"}}}}"#
        )
    }

    fn accept(&mut self, id: u64) -> String {
        accept(id)
    }

    fn reject(&mut self, id: u64) -> String {
        reject(id)
    }

    fn refuse(&mut self) -> String {
        REFUSAL.into()
    }

    fn chatter(&mut self, id: u64, _: &mut Rng) -> Option<(String, Option<String>)> {
        let session = &self.session;
        // p2pool never answers these.
        let request = format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"keepalived","params":{{"id":"{session}"}}}}"#
        );
        Some((request, None))
    }
}

pub const REFUSAL: &str =
    r#"{"id":1,"jsonrpc":"2.0","error":{"code":-1,"message":"Invalid payment address provided"}}"#;

/// The name that the pool gives a session.
pub fn session(rng: &mut Rng) -> String {
    format!("{}-{}", rng.hex(4), rng.hex(6))
}

/// The pool's answer to a login.
pub fn welcome(session: &str, work: &str) -> String {
    format!(
        r#"{{"id":1,"jsonrpc":"2.0","error":null,"result":{{"id":"{session}","job":{work},"extensions":["algo","nicehash","keepalive"],"status":"OK"}}}}"#
    )
}

pub fn accept(id: u64) -> String {
    format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{{"status":"OK"}}}}"#)
}

pub fn reject(id: u64) -> String {
    format!(
        r#"{{"id":{id},"jsonrpc":"2.0","error":{{"code":-1,"message":"Low difficulty share"}}}}"#
    )
}

/// Job after job.
pub struct Work {
    pub job_id: String,
    blocks: u64,
    algorithm: &'static str,
}

impl Default for Work {
    fn default() -> Self {
        Work { job_id: String::new(), blocks: 0, algorithm: "rx/0" }
    }
}

impl Work {
    /// Height of the chain when the first job was made.
    const HEIGHT: u64 = 3_412_344;

    pub fn height(&self) -> u64 {
        Work::HEIGHT + self.blocks
    }

    /// A new job object.
    pub fn next(&mut self, plan: &Plan, rng: &mut Rng) -> String {
        self.blocks += 1;
        self.job_id = rng.hex(14);
        let blob = blob(rng);
        let seed = rng.hex(32);
        let (job_id, height, target) = (&self.job_id, self.height(), target(plan.difficulty));
        let algorithm = self.algorithm;
        format!(
            r#"{{"blob":"{blob}","job_id":"{job_id}","target":"{target}","algo":"{algorithm}","height":{height},"seed_hash":"{seed}"}}"#
        )
    }
}

/// A hashing blob of 76 bytes: versions 16, a timestamp, the previous block, four nonce bytes, the
/// tree hash, the count.
pub fn blob(rng: &mut Rng) -> String {
    let (previous, rest) = (rng.hex(32), rng.hex(32));
    format!("1010d2d6c8a806{previous}00000000{rest}01")
}

/// Little-endian target of a difficulty: of four bytes where those are exact enough.
pub fn target(difficulty: f64) -> String {
    /// Above it four bytes would be off by more than a thousandth.
    const MAX_SHORT: f64 = 4e6;
    if difficulty > MAX_SHORT {
        return long_target(difficulty);
    }
    let target = (f64::from(u32::MAX) / difficulty.max(1.0)) as u32;
    target.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Little-endian target of eight bytes.
pub fn long_target(difficulty: f64) -> String {
    let target = (u64::MAX as f64 / difficulty.max(1.0)) as u64;
    target.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
