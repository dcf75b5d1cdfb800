//! EthereumStratum 1.0.0 (NiceHash) and 2.0.0, and ethminer's plain variant of 1.0.0.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Greeting, Hello, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::identity::coin;
use super::super::super::text::{is_hex, is_hex_of, strip_0x};
use super::super::grammar::{Grammar, View, bare_answer, bool_at, hex_0x_at, scalar_at, text_at};

pub(in super::super) const GRAMMAR_1: Grammar =
    Grammar { dialect: Dialect::EthStratum1, message: message_1, answer: bare_answer };

pub(in super::super) const GRAMMAR_2: Grammar =
    Grammar { dialect: Dialect::EthStratum2, message: message_2, answer: answer_2 };

fn message_1<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.notify" => notify_1(args),
        "mining.submit" => submit_1(args),
        _ => None,
    }
}

/// `[job_id, seed, header, clean]`
///
/// The plain variant has `[job_id, header, seed, boundary (, clean)]`.
fn notify_1<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let hashes = hex_0x_at(args, 1, 64) && hex_0x_at(args, 2, 64);
    let measure = if args.len() == 4 && bool_at(args, 3) {
        Measure::InForce
    } else if args.len() == 4 || (args.len() == 5 && bool_at(args, 4)) {
        let boundary = text_at(args, 3).filter(|text| is_hex_of(strip_0x(text), 64))?;
        Measure::of_hashes(coin::hashes_below(&boundary))
    } else {
        return None;
    };
    if !hashes {
        return None;
    }
    Some(Act::Job(Job::strict(text_at(args, 0)?, measure)))
}

/// `[user, job_id, nonce, header, mix]`, as in the plain variant.
///
/// Shares of NiceHash's variant, `[user, job_id, nonce]`, look like those of many dialects.
fn submit_1<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let nonce = text_at(args, 2)?;
    let strict = args.len() == 5
        && is_hex_of(strip_0x(&nonce), 16)
        && hex_0x_at(args, 3, 64)
        && hex_0x_at(args, 4, 64);
    let job = text_at(args, 1)?;
    strict.then(|| Act::Submit(Submit::strict(job, text_at(args, 0))))
}

fn message_2<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let args = message.args();
    let known = view.dialect == Dialect::EthStratum2;
    Some(match message.method.as_str() {
        "mining.hello" => {
            Act::Hello(Hello { agent: message.named().text("agent"), likely: Dialect::EthStratum2 })
        }
        "mining.set" => {
            let params = message.named();
            match params.text("target").and_then(|target| coin::hashes_below(&target)) {
                Some(hashes) => Act::Difficulty(Measure::Hashes(hashes)),
                None => Act::Greeting(Greeting {
                    algorithm: params.text("algo"),
                    ..Greeting::default()
                }),
            }
        }
        "mining.notify" if args.len() == 4 && hex_0x_at(args, 2, 64) => {
            let height = text_at(args, 1)?;
            let last = scalar_at(args, 3)?;
            if height.len() > 12 || !is_hex(&height) || !matches!(last.as_ref(), "0" | "1") {
                return None;
            }
            Act::Job(Job::strict(text_at(args, 0)?, Measure::InForce))
        }
        // `[job_id, nonce, worker token]`
        "mining.submit" if known && args.len() == 3 => Act::Submit(Submit {
            job: text_at(args, 0).unwrap_or(Cow::Borrowed("")),
            strict: text_at(args, 1).is_some_and(|nonce| nonce.len() <= 16 && is_hex(&nonce)),
            user: None,
            hash_count: None,
            nonce: None,
        }),
        // `{host, port}`, with the port in hexadecimal, as all numbers in this version.
        "mining.reconnect" if args.is_empty() => {
            let params = message.named();
            let port = params.text("port").and_then(|port| u16::from_str_radix(&port, 16).ok());
            Act::Redirect {
                host: params.text("host").unwrap_or(Cow::Borrowed("")),
                port: port.unwrap_or(0),
            }
        }
        "mining.hashrate" => {
            let digits = text_at(args, 0)?;
            Act::Hashrate(u64::from_str_radix(strip_0x(&digits), 16).ok()? as f64)
        }
        "mining.noop" | "mining.bye" if known => Act::Idle,
        "mining.subscribe" if known => Act::Hello(Hello::default()),
        _ => return None,
    })
}

/// Reads the answer to `mining.hello`.
fn answer_2<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let proto = message.result_object()?.text("proto")?;
    proto.starts_with("EthereumStratum/2").then(|| Act::Greeting(Greeting::default()))
}
