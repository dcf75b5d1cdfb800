//! Kaspa: jobs contain the header's hash as four numbers or as text.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::{is_hex, is_hex_of, strip_0x};
use super::super::grammar::{Grammar, View, bare_answer, scalar_at, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Kaspa, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.notify" => notify(args),
        "mining.submit" => submit(args, view),
        _ => None,
    }
}

/// `[job_id, [four 64-bit words], timestamp]`, or `[job_id, hash and timestamp in 80 digits]`.
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let words = args.get(1).and_then(|hash| hash.items());
    let strict = match words {
        Some(words) => words.len() == 4 && words.iter().all(|word| word.integer().is_some()),
        None => text_at(args, 1).is_some_and(|hash| is_hex_of(&hash, 80)),
    };
    let id = scalar_at(args, 0).filter(|_| strict && args.len() <= 3)?;
    Some(Act::Job(Job::strict(id, Measure::InForce)))
}

/// `[user, job_id, nonce]`; the nonce may begin with `0x`.
fn submit<'a>(args: &[Json<'a>], view: &View) -> Option<Act<'a>> {
    let nonce = text_at(args, 2)?;
    let digits = strip_0x(&nonce);
    // Three arguments prove no dialect: only the job shows whose they are.
    let known = view.dialect == Dialect::Kaspa;
    let strict = matches!(args.len(), 3 | 4) && known && digits.len() <= 16 && is_hex(digits);
    let job = scalar_at(args, 1).filter(|_| strict)?;
    Some(Act::Submit(Submit::strict(job, text_at(args, 0))))
}
