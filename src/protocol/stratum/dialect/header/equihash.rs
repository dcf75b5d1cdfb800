//! Equihash as in ZIP 301 (Zcash and others), and VerusHash, which uses the same messages.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::is_hex;
use super::super::grammar::{
    Grammar, View, bare_answer, bool_at, hex_at, long_hex_at, non_empty, scalar_at, text_at,
};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Equihash, message, answer: bare_answer };

/// Minimum length of a solution, in hexadecimal digits, including its length prefix. Equihash
/// (125,4) has the shortest solutions.
const MIN_SOLUTION: usize = 100;

/// Longest name of an algorithm, in characters. A solution has hundreds of digits.
const MAX_NAME: usize = 32;

fn is_hex_longer(text: &str, length: usize) -> bool {
    text.len() > length && is_hex(text)
}

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
    let begins = hex_at(args, 1, 8) && (2..5).all(|n| hex_at(args, n, 64));
    let words = |from: usize| hex_at(args, from, 8) && hex_at(args, from + 1, 8);
    let algorithm = if words(5) && bool_at(args, 7) {
        match non_empty(text_at(args, 8)) {
            // VerusHash brings the beginning of the solution instead of a name.
            Some(text) if is_hex_longer(&text, MAX_NAME) => Some(Cow::Borrowed("verushash")),
            name => name,
        }
    } else if hex_at(args, 5, 16) && words(6) && (8..10).all(|n| hex_at(args, n, 64)) {
        // VDS: a number and two roots more.
        Some(Cow::Borrowed("equihash 96,5"))
    } else {
        return None;
    };
    let id = scalar_at(args, 0).filter(|_| begins)?;
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
