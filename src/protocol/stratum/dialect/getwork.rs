//! `getwork`: Bitcoin mining over HTTP before Stratum.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::act::{Act, Job, Measure, Submit};
use super::super::framing::message::RpcMessage;
use super::super::identity::coin;
use super::super::text::{is_hex, is_hex_of};
use super::grammar::{Grammar, View, text_at};

pub(super) const GRAMMAR: Grammar = Grammar { dialect: Dialect::GetWork, message, answer };

/// Digits of the padded block header.
const DATA: usize = 256;

/// Digits of it that stay the same while a miner rolls time and nonce: version, previous block
/// and Merkle root.
const FIXED: usize = 136;

fn message<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    if message.method != "getwork" {
        return None;
    }
    let Some(data) = text_at(message.args(), 0) else {
        return Some(Act::AskWork { standing: false });
    };
    let strict = is_hex(&data) && data.len() >= FIXED;
    Some(Act::Submit(Submit { strict, ..Submit::strict(name(&data), None) }))
}

fn answer<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let result = message.result_object()?;
    let data = result.text("data")?;
    let target = result.text("target")?;
    if data.len() < DATA || !is_hex(&data) || !is_hex_of(&target, 64) {
        return None;
    }
    let measure = Measure::of_hashes(coin::hashes_below(&reversed(&target)));
    Some(Act::Job(Job::strict(name(&data), measure)))
}

/// The part of a header that names its work.
fn name(data: &str) -> Cow<'static, str> {
    Cow::Owned(data.get(..FIXED).unwrap_or(data).to_ascii_lowercase())
}

/// The bytes of a number in the other order.
fn reversed(digits: &str) -> String {
    digits.as_bytes().chunks(2).rev().flatten().map(|byte| char::from(*byte)).collect()
}
