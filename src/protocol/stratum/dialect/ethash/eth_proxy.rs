//! Ethereum's work calls over a plain stream (eth-proxy, "stratum1") or HTTP.
//!
//! The calls are `eth_submitLogin`, `eth_getWork` and `eth_submitWork`. Pools push new work in the
//! form of an answer.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Login, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::identity::coin;
use super::super::super::text::{is_hex, is_hex_of, strip_0x};
use super::super::grammar::{Grammar, View, hex_0x_at, non_empty, text_at};
use super::super::named::NamedArguments;

/// Minimum expected hashes per share, where nothing else shows that this is mining.
///
/// A graphics card computes a thousand times as many in a second. A list of blocks or transactions
/// (`eth_getFilterChanges`) looks like work if its third hash has enough leading zeros: once in
/// 65,536 times.
const LEAST_HASHES: f64 = 65_536.0;

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::EthProxy, message: own_call, answer: own_answer };

/// Relatives: calls that a fork has renamed, for example to `aqua_getWork`, and calls with the name
/// of the job in front of their arguments. They show neither coin nor algorithm.
pub(in super::super) const RELATIVES: Grammar =
    Grammar { dialect: Dialect::WorkCalls, message: relative_call, answer: relative_answer };

fn own_call<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let call = message.method.strip_prefix("eth_")?;
    read_call(message, call, message.args(), view)
}

fn relative_call<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let (coin, call) = message.method.split_once('_')?;
    if !(2..=8).contains(&coin.len()) || !coin.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let args = message.args();
    match (call, args) {
        ("submitlogin", []) => {
            let login = NamedArguments(message.named()).login()?;
            Some(Act::Login(Box::new(Login { certain: true, ..login })))
        }
        // `[job, nonce, header]`
        ("submitwork", [job, nonce, rest @ ..]) if !is_nonce(*job) && is_nonce(*nonce) => {
            let strict = hex_0x_at(rest, 0, 64);
            Some(Act::Submit(Submit { strict, ..Submit::strict(job.scalar()?, None) }))
        }
        ("subscription", []) => {
            let result = message.named().get("result")?.items()?;
            let (job, work) = result.split_first()?;
            named_work(*job, work)
        }
        _ if coin != "eth" => read_call(message, call, args, view),
        _ => None,
    }
}

/// `[job, header, seed, boundary, …]`
fn named_work<'a>(job: Json<'a>, args: &[Json<'a>]) -> Option<Act<'a>> {
    let target = text_at(args, 2).filter(|text| is_hex_of(strip_0x(text), 64))?;
    let hashes = coin::hashes_below(&target);
    let strict = hex_0x_at(args, 0, 64)
        && hex_0x_at(args, 1, 64)
        && !is_hex_of(strip_0x(&job.scalar()?), 64)
        && hashes.is_some_and(|hashes| hashes >= LEAST_HASHES);
    strict.then_some(Act::Job(Job::strict(job.scalar()?, Measure::of_hashes(hashes))))
}

fn is_nonce(value: Json<'_>) -> bool {
    value.text().is_some_and(|text| {
        let digits = strip_0x(&text);
        digits.len() != text.len() && (1..=16).contains(&digits.len()) && is_hex(digits)
    })
}

fn read_call<'a>(
    message: &RpcMessage<'a>,
    call: &str,
    args: &[Json<'a>],
    view: &View,
) -> Option<Act<'a>> {
    let known = matches!(view.dialect, Dialect::EthProxy | Dialect::WorkCalls);
    match call {
        "submitlogin" => Some(Act::Login(Box::new(Login {
            user: text_at(args, 0),
            password: text_at(args, 1),
            // Many miners write the protocol's name there instead of a machine's.
            worker: non_empty(message.fields.text("worker")).filter(|name| name != "eth1.0"),
            certain: true,
            ..Login::default()
        }))),
        "getwork" => Some(Act::AskWork { standing: false }),
        "submitwork" => {
            let nonce = text_at(args, 0).unwrap_or_default();
            let nonce = strip_0x(&nonce);
            let strict = (1..=16).contains(&nonce.len())
                && is_hex(nonce)
                && hex_0x_at(args, 1, 64)
                && hex_0x_at(args, 2, 64);
            Some(Act::Submit(Submit {
                job: text_at(args, 1).map_or(Cow::Borrowed(""), header),
                strict,
                user: None,
                hash_count: None,
                nonce: None,
            }))
        }
        "submithashrate" => {
            let digits = text_at(args, 0)?;
            let rate = u128::from_str_radix(strip_0x(&digits), 16).ok()?;
            Some(Act::Hashrate(rate as f64))
        }
        // Some miners use this call as a ping. Alone it proves nothing: status pages of nodes use
        // it too.
        "mining" => known.then_some(Act::Idle),
        // Work calls as a subscription (WebSocket).
        "subscribe" if text_at(args, 0).as_deref() == Some("newWork") => {
            Some(Act::Login(Box::new(Login {
                user: text_at(args, 1),
                password: text_at(args, 2),
                agent: non_empty(text_at(args, 3)),
                certain: true,
                ..Login::default()
            })))
        }
        "subscription" => work(message, &message.named().get("result")?.items()?, view),
        _ => None,
    }
}

fn relative_answer<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    (view.dialect == Dialect::WorkCalls).then(|| own_answer(message, view)).flatten()
}

fn own_answer<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    work(message, message.result_items()?, view)
}

/// Reads work: `[header, seed, boundary, …]`, with up to three more elements such as the height.
///
/// Header and seed have 256 bits. Some pools omit the boundary's leading zeros.
fn work<'a>(message: &RpcMessage<'a>, args: &[Json<'a>], view: &View) -> Option<Act<'a>> {
    let target = text_at(args, 2)?;
    let target = target.strip_prefix("0x").filter(|digits| is_hex(digits) && digits.len() <= 64);
    if !matches!(args.len(), 3..=6) || !hex_0x_at(args, 0, 64) || !hex_0x_at(args, 1, 64) {
        return None;
    }
    let hashes = coin::hashes_below(target?);
    let known = matches!(view.dialect, Dialect::EthProxy | Dialect::WorkCalls);
    if !known && hashes.is_none_or(|hashes| hashes < LEAST_HASHES) {
        return None;
    }
    Some(Act::Job(Job {
        algorithm: non_empty(message.fields.text("algo")),
        ..Job::strict(text_at(args, 0).map(header)?, Measure::of_hashes(hashes))
    }))
}

/// Normalises a header hash, which names its work: removes `0x` and converts to lower case.
///
/// Miners write it with or without `0x`, in either case.
fn header(text: Cow<'_, str>) -> Cow<'_, str> {
    Cow::Owned(strip_0x(&text).to_ascii_lowercase())
}
