//! Conflux: hashes begin with `0x`, and answers are text in a list.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::identity::coin;
use super::super::super::text::{is_hex, strip_0x};
use super::super::grammar::{Grammar, View, bare_answer, hex_0x_at, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Conflux, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.notify" => notify(args),
        "mining.submit" => submit(args),
        _ => None,
    }
}

fn number_0x(args: &[Json<'_>], index: usize) -> bool {
    text_at(args, index).is_some_and(|text| {
        text.strip_prefix("0x").is_some_and(|digits| is_hex(digits) && digits.len() <= 64)
    })
}

/// `[job_id, (height,) hash, boundary]`
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let last = args.len().checked_sub(1).filter(|last| matches!(last, 2 | 3))?;
    let prefixed = text_at(args, 0)?.starts_with("0x");
    let has_height = args.get(1).is_some_and(|height| height.integer().is_some());
    let strict = prefixed
        && hex_0x_at(args, 0, 64)
        && hex_0x_at(args, last - 1, 64)
        && number_0x(args, last)
        && (last == 2 || has_height);
    let boundary = text_at(args, last).filter(|_| strict)?;
    let measure = Measure::of_hashes(coin::hashes_below(strip_0x(&boundary)));
    Some(Act::Job(Job::strict(text_at(args, 0)?, measure)))
}

/// `[worker, job_id, nonce, hash]`
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict =
        args.len() == 4 && hex_0x_at(args, 1, 64) && number_0x(args, 2) && hex_0x_at(args, 3, 64);
    let job = text_at(args, 1).filter(|_| strict)?;
    Some(Act::Submit(Submit::strict(job, text_at(args, 0))))
}
