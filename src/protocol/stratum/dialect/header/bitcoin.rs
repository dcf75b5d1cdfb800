//! Bitcoin's `mining.notify` and `mining.submit`, used by all coins with Bitcoin's block header.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Greeting, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::is_hex;
use super::super::grammar::{
    Grammar, View, bare_answer, bool_at, hex_at, long_hex_at, scalar_at, text_at,
};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Bitcoin, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.notify" => notify(args),
        "mining.submit" => submit(args),
        "mining.set_version_mask" => hex_at(args, 0, 8)
            .then(|| Act::Greeting(Greeting { version_rolling: true, ..Greeting::default() })),
        _ => None,
    }
}

/// `[job_id, prevhash, coinb1, coinb2, [merkle…], version, nbits, ntime, clean]`
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = args.len() >= 9
        && hex_at(args, 1, 64)
        && long_hex_at(args, 2, 2)
        && text_at(args, 3).is_some_and(|text| text.is_empty() || is_hex(&text))
        && args.get(4).is_some_and(|branch| branch.is_array())
        && (5..8).all(|n| hex_at(args, n, 8))
        && bool_at(args, 8);
    if !strict {
        return None;
    }
    Some(Act::Job(Job::strict(scalar_at(args, 0)?, Measure::InForce)))
}

/// `[user, job_id, extranonce2, ntime, nonce (, version_bits)]`
///
/// Some firmware sends `ntime` and `nonce` as numbers.
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let word =
        |n: usize| hex_at(args, n, 8) || args.get(n).is_some_and(|value| value.integer().is_some());
    let strict = matches!(args.len(), 5 | 6)
        && text_at(args, 2)
            .is_some_and(|nonce| nonce.len() <= 32 && (nonce.is_empty() || is_hex(&nonce)))
        && word(3)
        && word(4)
        && (args.len() == 5 || word(5));
    if !strict {
        return None;
    }
    Some(Act::Submit(Submit {
        job: scalar_at(args, 1).unwrap_or(Cow::Borrowed("")),
        strict,
        user: text_at(args, 0),
        hash_count: None,
        nonce: None,
    }))
}
