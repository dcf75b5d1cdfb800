//! Handshake: Bitcoin's calls with five roots in a job and a mask in a share.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::is_hex;
use super::super::grammar::{Grammar, View, bare_answer, hex_at, scalar_at, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Handshake, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    match message.method.as_str() {
        "mining.notify" => notify(message.args()),
        "mining.submit" => submit(message.args()),
        _ => None,
    }
}

/// `[job_id, previous, merkle, witness, tree, reserved, version, bits, time (, clean)]`
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = matches!(args.len(), 9 | 10)
        && (1..6).all(|n| hex_at(args, n, 64))
        && (6..9).all(|n| hex_at(args, n, 8));
    strict.then_some(Act::Job(Job::strict(scalar_at(args, 0)?, Measure::InForce)))
}

/// `[user, job_id, extranonce2, time, nonce, mask]`
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = args.len() == 6
        && text_at(args, 2).is_some_and(|nonce| nonce.len() <= 48 && is_hex(&nonce))
        && hex_at(args, 3, 8)
        && hex_at(args, 4, 8)
        && hex_at(args, 5, 64);
    let job = scalar_at(args, 1).filter(|_| strict)?;
    Some(Act::Submit(Submit::strict(job, text_at(args, 0))))
}
