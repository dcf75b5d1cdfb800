//! Defines a grammar, and functions that check the arguments of a message.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::act::Act;
use super::super::framing::json::Json;
use super::super::framing::message::RpcMessage;
use super::super::text::{is_hex, is_hex_of, strip_0x};

/// The part of a conversation's state that grammars may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub dialect: Dialect,
    /// The miner's agent names a known mining program.
    pub miner_agent: bool,
}

/// Reads the messages of one dialect.
pub(crate) struct Grammar {
    /// The dialect that a message accepted by this grammar proves. [`Dialect::Unknown`] for
    /// messages that several dialects share.
    pub dialect: Dialect,
    /// Reads a message that is not an answer. `None`: the message is not of this dialect.
    pub message: for<'a> fn(&RpcMessage<'a>, &View) -> Option<Act<'a>>,
    /// Reads the act that an answer carries besides its outcome. `None`: it carries none.
    pub answer: for<'a> fn(&RpcMessage<'a>, &View) -> Option<Act<'a>>,
}

/// Returns `None`: the `answer` function of dialects whose answers carry only an outcome.
pub(super) fn bare_answer<'a>(_: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    None
}

/// Whether argument `index` is a string of exactly `digits` hexadecimal digits.
pub(super) fn hex_at(args: &[Json<'_>], index: usize, digits: usize) -> bool {
    text_at(args, index).is_some_and(|text| is_hex_of(&text, digits))
}

/// Whether argument `index` is a string of exactly `digits` hexadecimal digits, with or without
/// `0x` in front.
pub(super) fn hex_0x_at(args: &[Json<'_>], index: usize, digits: usize) -> bool {
    text_at(args, index).is_some_and(|text| is_hex_of(strip_0x(&text), digits))
}

/// Whether argument `index` is a string of at least `least` hexadecimal digits.
pub(super) fn long_hex_at(args: &[Json<'_>], index: usize, least: usize) -> bool {
    text_at(args, index).is_some_and(|text| text.len() >= least && is_hex(&text))
}

/// The text of argument `index`, if it is a string.
pub(super) fn text_at<'a>(args: &[Json<'a>], index: usize) -> Option<Cow<'a, str>> {
    args.get(index)?.text()
}

/// Argument `index` as text, if it is a string, a number or a boolean.
pub(super) fn scalar_at<'a>(args: &[Json<'a>], index: usize) -> Option<Cow<'a, str>> {
    args.get(index)?.scalar()
}

/// Whether argument `index` is a boolean.
pub(super) fn bool_at(args: &[Json<'_>], index: usize) -> bool {
    args.get(index).is_some_and(|value| value.boolean().is_some())
}

/// The strings among the elements of an array; empty if `value` is not an array.
pub(super) fn texts(value: Option<Json<'_>>) -> Vec<Cow<'_, str>> {
    let items = value.and_then(Json::items).unwrap_or_default();
    items.into_iter().filter_map(Json::text).collect()
}

/// `text` unless it is blank.
pub(super) fn non_empty(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.trim().is_empty())
}
