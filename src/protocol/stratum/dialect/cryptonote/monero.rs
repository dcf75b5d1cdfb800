//! CryptoNote's login/job/submit dialect, used by XMRig and most mining malware.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Greeting, Job, Login, Measure, Submit};
use super::super::super::framing::json::{Json, JsonObject};
use super::super::super::framing::message::RpcMessage;
use super::super::super::identity::coin;
use super::super::super::text::{is_hex, is_hex_of};
use super::super::grammar::{Grammar, View, non_empty, texts};
use super::super::named::NamedArguments;

pub(in super::super) const GRAMMAR: Grammar = Grammar { dialect: Dialect::Monero, message, answer };

/// Minimum length of a hashing blob, in hexadecimal digits.
///
/// Monero's blob (header, previous block and Merkle root) has 76 bytes, so 152 digits. Other
/// CryptoNote coins and merge-mined forms have similar lengths.
const MIN_BLOB: usize = 64;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    match message.method.as_str() {
        "login" => login(message.named()),
        "submit" => submit(message.named(), view),
        "job" => job(message.named()),
        // Self-select: the miner proposes a template, and the pool must accept it.
        "block_template" => {
            (view.dialect == Dialect::Monero).then_some(Act::AskWork { standing: false })
        }
        "keepalived" | "keepalive" | "getjob" => {
            // These words are too common to identify the dialect: it must be known already.
            (view.dialect == Dialect::Monero).then_some(Act::Idle)
        }
        _ => None,
    }
}

fn answer<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let result = message.result_object()?;
    if let Some(object) = result.get("job").and_then(Json::object) {
        return job(&object);
    }
    // `getjob` answers with the job itself.
    if result.has("blob") {
        return job(result);
    }
    // XMRig's AutoClient: the algorithm named here decides the dialect of later messages.
    if result.has("extra_nonce") {
        return Some(Act::Greeting(Greeting {
            algorithm: result.text("algo"),
            ..Greeting::default()
        }));
    }
    None
}

fn login<'a>(params: &JsonObject<'a>) -> Option<Act<'a>> {
    let user = params.text("login").or_else(|| NamedArguments(params).login()?.user)?;
    let agent = non_empty(params.text("agent"));
    let likely = match agent.as_deref().map(str::to_ascii_lowercase) {
        Some(agent) if agent.starts_with("grin") => Dialect::Grin,
        Some(agent) if agent.starts_with("epic") => Dialect::Epic,
        Some(agent) if agent.starts_with("minotari") => Dialect::Tari,
        _ => Dialect::Monero,
    };
    Some(Act::Login(Box::new(Login {
        user: Some(user),
        password: params.scalar("pass"),
        rig_id: non_empty(params.text("rigid")),
        agent,
        algorithms: texts(params.get("algo")),
        donation: params.has("url"),
        likely,
        ..Login::default()
    })))
}

fn submit<'a>(params: &JsonObject<'a>, view: &View) -> Option<Act<'a>> {
    let nonce = params.text("nonce").unwrap_or_default();
    let result = params.text("result").unwrap_or_default();
    let strict = matches!(nonce.len(), 8 | 16) && is_hex(&nonce) && is_hex_of(&result, 64);
    let job = params.scalar("job_id");
    // Tari submits a `hash` instead of a `result`.
    if params.has("hash") && !params.has("result") {
        return None;
    }
    if !(strict && job.is_some()) && view.dialect != Dialect::Monero {
        return None;
    }
    Some(Act::Submit(Submit {
        job: job.unwrap_or(Cow::Borrowed("")),
        strict,
        user: None,
        hash_count: params.number("hashcount_total"),
        nonce: counter(&nonce),
    }))
}

/// Decodes a nonce of 4 bytes, little-endian; `None` for any other length.
fn counter(nonce: &str) -> Option<u32> {
    (nonce.len() == 8).then(|| u32::from_str_radix(nonce, 16).ok()).flatten().map(u32::swap_bytes)
}

/// Reads a job object: `target`, `job_id`, and `blob` unless the miner builds the block itself.
pub(super) fn job<'a>(job: &JsonObject<'a>) -> Option<Act<'a>> {
    let target = job.text("target")?;
    let id = job.scalar("job_id")?;
    let work = match job.text("blob") {
        Some(blob) => blob.len() >= MIN_BLOB && blob.len().is_multiple_of(2) && is_hex(&blob),
        // XMRig's self-select mode: the miner takes the template from its own node.
        None => job.has("pool_wallet") && job.has("extra_nonce"),
    };
    let strict = work && is_hex(&target) && matches!(target.len(), 2..=16 | 64);
    if !strict {
        return None;
    }
    let difficulty = if target.len() == 64 {
        coin::hashes_below(&target)
    } else {
        coin::cryptonote_difficulty(&padded(&target))
    };
    Some(Act::Job(Job {
        algorithm: non_empty(job.text("algo")),
        ..Job::strict(id, Measure::of_difficulty(difficulty))
    }))
}

/// Pads a target with zeros on the right: up to 8 digits to 4 bytes, more to 8 bytes, as XMRig
/// does.
fn padded(target: &str) -> String {
    let width = if target.len() <= 8 { 8 } else { 16 };
    format!("{target:0<width$}")
}
