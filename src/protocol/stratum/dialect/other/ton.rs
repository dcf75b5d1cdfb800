//! TON: `mining.set_target` is the job, and a share repeats its expiry.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Greeting, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::grammar::{Grammar, View, bare_answer, hex_at, scalar_at, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Ton, message, answer: bare_answer };

/// Length of an address of the network, in Base64 digits.
const ADDRESS: usize = 48;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.set_target" => set_target(args),
        "mining.submit" => submit(args),
        // `["expire", time]`: the job stays, and is named by its new expiry.
        "mining.notify" if text_at(args, 0)? == "expire" && view.dialect == Dialect::Ton => {
            Some(Act::Greeting(Greeting::default()))
        }
        _ => None,
    }
}

/// `[seed, expiry, giver, pool]`
fn set_target<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let address = |n| text_at(args, n).is_some_and(|text| text.len() == ADDRESS);
    let strict = args.len() >= 4
        && hex_at(args, 0, 32)
        && args.get(1)?.integer().is_some()
        && address(2)
        && address(3);
    strict.then_some(Act::Job(Job::strict(scalar_at(args, 1)?, Measure::Unknown)))
}

/// `[expiry, random, seed, …]`
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = matches!(args.len(), 3..=5)
        && args.first()?.integer().is_some()
        && hex_at(args, 1, 64)
        && hex_at(args, 2, 32);
    strict.then_some(Act::Submit(Submit::strict(scalar_at(args, 0)?, None)))
}
