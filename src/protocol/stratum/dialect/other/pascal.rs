//! PascalCoin: the node speaks first, and jobs and shares are one object in a list.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::{Json, JsonObject};
use super::super::super::framing::message::RpcMessage;
use super::super::super::identity::coin;
use super::super::super::text::{is_hex, is_hex_of};
use super::super::grammar::{Grammar, View, bare_answer};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Pascal, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let first = message.args().first().and_then(|value| value.object());
    let params = first.as_ref().unwrap_or_else(|| message.named());
    match message.method.as_str() {
        "miner-notify" => notify(params),
        "miner-submit" => submit(params),
        _ => None,
    }
}

/// `{block, version, part1, payload_start, part3, target, target_pow, timestamp}`
fn notify<'a>(job: &JsonObject<'a>) -> Option<Act<'a>> {
    let hex = |name: &str| job.text(name).is_some_and(|text| is_hex(&text));
    let target = job.text("target_pow").filter(|target| is_hex_of(target, 64))?;
    let strict = hex("part1") && hex("part3") && job.get("block").and_then(Json::integer).is_some();
    let measure = Measure::of_hashes(coin::hashes_below(&target));
    strict.then(|| Act::Job(Job::strict(Cow::Borrowed(""), measure)))
}

/// `{payload, timestamp, nonce}`
fn submit<'a>(share: &JsonObject<'a>) -> Option<Act<'a>> {
    let strict = share.text("payload").is_some_and(|payload| is_hex(&payload))
        && share.integer("timestamp").is_some()
        && share.integer("nonce").is_some();
    strict.then(|| Act::Submit(Submit::strict(Cow::Borrowed(""), None)))
}
