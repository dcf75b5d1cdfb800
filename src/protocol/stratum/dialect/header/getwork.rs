//! `getwork`: Bitcoin mining over HTTP before Stratum.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::message::RpcMessage;
use super::super::super::identity::coin;
use super::super::super::text::{is_hex, is_hex_of};
use super::super::grammar::{Grammar, View, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::GetWork, message, answer };

/// Length of the padded block header, in hexadecimal digits.
const DATA: usize = 256;

/// Length of the header's fixed part, in hexadecimal digits: version, previous block and Merkle
/// root. It stays the same while a miner changes time and nonce.
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

/// The fixed part of a header, which names its work.
fn name(data: &str) -> Cow<'static, str> {
    Cow::Owned(data.get(..FIXED).unwrap_or(data).to_ascii_lowercase())
}

/// Reverses the order of the bytes, each written as two digits.
fn reversed(digits: &str) -> String {
    digits.as_bytes().chunks(2).rev().flatten().map(|byte| char::from(*byte)).collect()
}
