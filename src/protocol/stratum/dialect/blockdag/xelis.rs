//! XELIS: `mining.*` with a timestamp and a header hash in the job.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::is_hex;
use super::super::grammar::{Grammar, View, bare_answer, bool_at, hex_at, scalar_at, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Xelis, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.notify" => notify(args),
        // The three arguments of many dialects: only the job shows whose they are.
        "mining.submit" if view.dialect == Dialect::Xelis => submit(args),
        _ => None,
    }
}

/// `[job_id, timestamp, header, algorithm, clean]`
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let algorithm = text_at(args, 3)?;
    let strict = args.len() == 5
        && text_at(args, 1).is_some_and(|time| time.len() <= 16 && is_hex(&time))
        && hex_at(args, 2, 64)
        && algorithm.starts_with("xel")
        && bool_at(args, 4);
    let id = scalar_at(args, 0).filter(|_| strict)?;
    Some(Act::Job(Job { algorithm: Some(algorithm), ..Job::strict(id, Measure::InForce) }))
}

/// `[worker, job_id, nonce]`
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let nonce = text_at(args, 2)?;
    let strict = args.len() == 3 && nonce.len() <= 16 && is_hex(&nonce);
    let job = scalar_at(args, 1).filter(|_| strict)?;
    Some(Act::Submit(Submit::strict(job, None)))
}
