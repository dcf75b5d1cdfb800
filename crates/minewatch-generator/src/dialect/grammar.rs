//! What every dialect has to say, and what it may.

use super::{granted, refused};
use crate::conversation::Script;
use crate::plan::Plan;
use crate::rng::Rng;

/// How a dialect says things. Texts are lines without their line feed.
pub(crate) trait Grammar {
    /// Everything up to and including the first job.
    fn hello(&mut self, script: &mut Script, plan: &Plan, rng: &mut Rng);
    /// New work.
    fn job(&mut self, plan: &Plan, rng: &mut Rng) -> String;
    /// A share for the newest work, as request `id`.
    fn submit(&mut self, id: u64, plan: &Plan, rng: &mut Rng) -> String;
    /// Consent to a share; empty if the pool does not tell.
    fn accept(&mut self, id: u64) -> String {
        granted(id)
    }
    fn reject(&mut self, id: u64) -> String {
        refused(id, "Job not found")
    }
    /// Expected hashes of one share.
    fn hashes(&self, plan: &Plan) -> f64 {
        plan.difficulty
    }
    /// The pool's answer to a login that it does not like: request 2, after a subscription.
    fn refuse(&mut self) -> String {
        refused(2, "Unauthorized worker")
    }

    /// What the pool says before the next job when the difficulty has changed; `None` if the job
    /// itself tells.
    fn retarget(&mut self, plan: &Plan) -> Option<String> {
        let _ = plan;
        None
    }
    /// What the miner sends now and then beside shares, and the answer to it if there is one.
    fn chatter(&mut self, id: u64, rng: &mut Rng) -> Option<(String, Option<String>)> {
        let _ = (id, rng);
        None
    }
    /// How the miner asks for each job.
    fn poll(&mut self) -> Option<String> {
        None
    }
    /// What the miner answers to a job, and what the pool says to that.
    fn after_job(&mut self, id: u64, rng: &mut Rng) -> Option<(String, String)> {
        let _ = (id, rng);
        None
    }
    /// What a pool says that speaks first.
    fn greeting(&self, plan: &Plan) -> String {
        let _ = plan;
        r#"{"id":null,"method":"client.show_message","params":["Welcome to pool.example"]}"#.into()
    }
    fn redirect(&self, host: &str, port: u16) -> String {
        format!(r#"{{"id":null,"method":"client.reconnect","params":["{host}","{port}"]}}"#)
    }
    /// A text as it goes over the wire: a line. Binary dialects write hexadecimal.
    fn bytes(&self, text: &str) -> Vec<u8> {
        format!("{text}\n").into_bytes()
    }
}

/// Bytes of hexadecimal digits, for binary dialects; blanks between them are for the reader.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}
