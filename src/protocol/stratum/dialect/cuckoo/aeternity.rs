//! Aeternity: ZIP 301's messages, with a Cuckoo cycle as the share.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::is_hex;
use super::super::grammar::{Grammar, View, bare_answer, bool_at, hex_at, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Aeternity, message, answer: bare_answer };

/// Number of edges in a cycle.
const CYCLE: usize = 42;

fn message<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        // `[job_id, header, clean]`
        "mining.notify" if args.len() == 3 && hex_at(args, 1, 64) && bool_at(args, 2) => {
            Some(Act::Job(Job::strict(text_at(args, 0)?, Measure::InForce)))
        }
        "mining.submit" => submit(args),
        _ => None,
    }
}

/// `[user, job_id, nonce, cycle]`
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let cycle = args.get(3)?.items()?;
    let strict = cycle.len() == CYCLE && text_at(args, 2).is_some_and(|nonce| is_hex(&nonce));
    let job = text_at(args, 1).filter(|_| strict)?;
    Some(Act::Submit(Submit::strict(job, text_at(args, 0))))
}
