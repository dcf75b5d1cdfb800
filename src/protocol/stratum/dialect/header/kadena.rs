//! Kadena: a job is a whole block header, and a share is a nonce.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::is_hex;
use super::super::grammar::{Grammar, View, bare_answer, bool_at, scalar_at, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Kadena, message, answer: bare_answer };

/// Length of a block header, in hexadecimal digits: 286 bytes (chainweb, `BlockHeader`).
const HEADER: usize = 572;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.notify" => notify(args),
        "mining.submit" if view.dialect == Dialect::Kadena => submit(args),
        _ => None,
    }
}

/// `[job_id, header, clean]`
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let header = text_at(args, 1)?;
    let strict = args.len() == 3 && header.len() == HEADER && is_hex(&header) && bool_at(args, 2);
    strict.then_some(Act::Job(Job::strict(scalar_at(args, 0)?, Measure::InForce)))
}

/// `[user, job_id, nonce]`: the nonce without the bytes that the pool set.
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let nonce = text_at(args, 2)?;
    let strict = args.len() == 3 && nonce.len() <= 16 && is_hex(&nonce);
    let job = scalar_at(args, 1).filter(|_| strict)?;
    Some(Act::Submit(Submit::strict(job, text_at(args, 0))))
}
