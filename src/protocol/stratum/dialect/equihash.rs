//! Equihash as in ZIP 301 (Zcash and others), and VerusHash, which uses the same messages.

use crate::model::event::mining::Dialect;

use super::super::act::{Act, Job, Measure, Submit};
use super::super::framing::json::Json;
use super::super::framing::message::RpcMessage;
use super::super::text::is_hex;
use super::grammar::{
    Grammar, View, bare_answer, bool_at, hex_at, long_hex_at, non_empty, scalar_at, text_at,
};

pub(super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Equihash, message, answer: bare_answer };

/// Minimum length of a solution, in hexadecimal digits, including its length prefix. Equihash
/// (125,4) has the shortest solutions.
const MIN_SOLUTION: usize = 100;

fn message<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.notify" => notify(args),
        "mining.submit" => submit(args),
        _ => None,
    }
}

/// `[job_id, version, prevhash, merkleroot, reserved, time, bits, clean (, algorithm, personal)]`
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = args.len() >= 8
        && hex_at(args, 1, 8)
        && (2..5).all(|n| hex_at(args, n, 64))
        && hex_at(args, 5, 8)
        && hex_at(args, 6, 8)
        && bool_at(args, 7);
    let id = scalar_at(args, 0).filter(|_| strict)?;
    let algorithm = non_empty(text_at(args, 8));
    Some(Act::Job(Job { algorithm, ..Job::strict(id, Measure::InForce) }))
}

/// `[worker, job_id, time, nonce2, solution]`
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = args.len() >= 5
        && hex_at(args, 2, 8)
        && text_at(args, 3).is_some_and(|nonce| is_hex(&nonce))
        && long_hex_at(args, 4, MIN_SOLUTION);
    let job = scalar_at(args, 1).filter(|_| strict)?;
    Some(Act::Submit(Submit::strict(job, text_at(args, 0))))
}
