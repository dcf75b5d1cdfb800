//! Ergo (Autolykos): jobs in Bitcoin's layout, with empty arguments and a bound `b`.
//!
//! The target of a share is `b` times the difficulty.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::identity::coin::plausible;
use super::super::super::text::is_hex;
use super::super::grammar::{Grammar, View, bare_answer, hex_at, scalar_at, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Ergo, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.notify" => notify(args),
        // Shares have the same five arguments as Bitcoin's.
        "mining.submit" if view.dialect == Dialect::Ergo => submit(args),
        _ => None,
    }
}

/// `[job_id, height, message, "", "", version, b, "", clean]`
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let bound = text_at(args, 6)?;
    let strict = args.len() >= 7
        && args.get(1)?.integer().is_some()
        && hex_at(args, 2, 64)
        && text_at(args, 3).is_some_and(|part| part.is_empty())
        && bound.len() > 16
        && bound.bytes().all(|b| b.is_ascii_digit());
    let bound: f64 = bound.parse().ok().filter(|_| strict)?;
    let measure = plausible(f64::powi(2.0, 256) / bound);
    let measure = measure.map_or(Measure::Unknown, Measure::HashesAtOne);
    Some(Act::Job(Job::strict(scalar_at(args, 0)?, measure)))
}

/// `[user, job_id, extranonce2, ntime, nonce]`; the last argument contains the whole nonce.
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = args.len() >= 3
        && [2, 4].iter().any(|n| text_at(args, *n).is_some_and(|nonce| is_hex(&nonce)));
    let job = scalar_at(args, 1)?;
    Some(Act::Submit(Submit { strict, ..Submit::strict(job, text_at(args, 0)) }))
}
