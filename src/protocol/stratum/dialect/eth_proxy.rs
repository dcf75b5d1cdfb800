//! `eth_submitLogin`, `eth_getWork`, `eth_submitWork`: Ethereum's work calls over a plain stream
//! (eth-proxy, "stratum1") or HTTP. New work is pushed in the form of an answer.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::coin;
use super::super::message::Message;
use super::super::text::strip_0x;
use super::{
    Act, Grammar, Job, Login, Measure, Proof, Submit, View, hex_0x_at, non_empty, text_at,
};

pub const GRAMMAR: Grammar = Grammar { dialect: Dialect::EthProxy, message, answer };

fn message<'a>(message: &Message<'a>, view: &View<'_>) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "eth_submitlogin" | "eth_login" => Some(Act::Login(Box::new(Login {
            user: text_at(&args, 0),
            password: text_at(&args, 1),
            worker: non_empty(message.fields.text("worker")),
            certain: true,
            ..Login::default()
        }))),
        "eth_getwork" => Some(Act::AskWork { standing: false }),
        "eth_submitwork" => {
            let strict =
                hex_0x_at(&args, 0, 16) && hex_0x_at(&args, 1, 64) && hex_0x_at(&args, 2, 64);
            Some(Act::Submit(Submit {
                job: text_at(&args, 1).map_or(Cow::Borrowed(""), header),
                strict,
                user: None,
            }))
        }
        "eth_submithashrate" => {
            let digits = text_at(&args, 0)?;
            let rate = u128::from_str_radix(strip_0x(&digits), 16).ok()?;
            Some(Act::Hashrate(rate as f64))
        }
        // A ping of some miners; by itself it is what any node's status page asks.
        "eth_mining" => (view.dialect == Dialect::EthProxy).then_some(Act::Idle),
        // Work calls as a subscription (WebSocket).
        "eth_subscribe" if text_at(&args, 0).as_deref() == Some("newWork") => {
            Some(Act::Login(Box::new(Login {
                user: text_at(&args, 1),
                password: text_at(&args, 2),
                agent: non_empty(text_at(&args, 3)),
                certain: true,
                ..Login::default()
            })))
        }
        "eth_subscription" => work(message, &message.named().get("result")?.items()?),
        _ => None,
    }
}

fn answer<'a>(message: &Message<'a>, _: &View<'_>) -> Option<Act<'a>> {
    work(message, &message.result()?.items()?)
}

/// Work: header, seed and boundary, each of 256 bits, and perhaps the height.
fn work<'a>(message: &Message<'a>, args: &[super::Json<'a>]) -> Option<Act<'a>> {
    let shape = matches!(args.len(), 3..=6) && (0..3).all(|n| hex_0x_at(args, n, 64));
    if !shape {
        return None;
    }
    let height =
        text_at(args, 3).and_then(|height| u64::from_str_radix(strip_0x(&height), 16).ok());
    Some(Act::Job(Job {
        id: text_at(args, 0).map(header)?,
        measure: Measure::of_hashes(
            text_at(args, 2).and_then(|target| coin::hashes_below(&target)),
        ),
        algorithm: non_empty(message.fields.text("algo")),
        // Some pools send something else there.
        height: height.filter(|height| *height < 1 << 40),
        proof: Proof::Strict,
    }))
}

/// A header hash names its work; miners write it with or without `0x` and in either case.
fn header(text: Cow<'_, str>) -> Cow<'_, str> {
    Cow::Owned(strip_0x(&text).to_ascii_lowercase())
}
