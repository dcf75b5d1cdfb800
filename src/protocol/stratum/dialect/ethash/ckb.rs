//! Nervos CKB: work calls with named arguments, and `mining.*` with a header and a parent hash.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Login, Measure, Submit};
use super::super::super::framing::json::{Json, JsonObject};
use super::super::super::framing::message::RpcMessage;
use super::super::super::identity::coin;
use super::super::super::text::{is_hex, is_hex_of, strip_0x};
use super::super::grammar::{Grammar, View, bool_at, hex_0x_at, scalar_at, text_at};
use super::super::named::NamedArguments;

pub(in super::super) const GRAMMAR: Grammar = Grammar { dialect: Dialect::Ckb, message, answer };

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let (args, params) = (message.args(), message.named());
    let known = view.dialect == Dialect::Ckb;
    Some(match message.method.as_str() {
        "ckb_submitlogin" => Act::Login(Box::new(match NamedArguments(params).login() {
            Some(login) => Login { certain: true, ..login },
            None => Login {
                user: text_at(args, 0),
                password: text_at(args, 1),
                certain: true,
                ..Login::default()
            },
        })),
        "ckb_getwork" => Act::AskWork { standing: false },
        "ckb_submitwork" => {
            let hash = params.text("pow_hash").or_else(|| text_at(args, 0))?;
            Act::Submit(Submit {
                strict: is_hex_of(strip_0x(&hash), 64),
                ..Submit::strict(name(hash), None)
            })
        }
        "ckb_submithashrate" => {
            let rate = text_at(args, 0).or_else(|| message.params?.text())?;
            Act::Hashrate(u128::from_str_radix(strip_0x(&rate), 16).ok()? as f64)
        }
        "mining.notify" => notify(args)?,
        // `[user, job_id, nonce2]`
        "mining.submit" if known && args.len() == 3 => {
            let nonce = text_at(args, 2)?;
            let strict = is_hex(strip_0x(&nonce)) && nonce.len() <= 34;
            Act::Submit(Submit { strict, ..Submit::strict(scalar_at(args, 1)?, text_at(args, 0)) })
        }
        _ => return None,
    })
}

/// `[job_id, header_hash, height, parent_hash, clean]`
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = args.len() == 5
        && hex_0x_at(args, 1, 64)
        && args.get(2)?.integer().is_some()
        && hex_0x_at(args, 3, 64)
        && bool_at(args, 4);
    strict.then_some(Act::Job(Job::strict(scalar_at(args, 0)?, Measure::InForce)))
}

/// Work comes as an answer, even if nobody asked: `{pow_hash, target (, height)}`.
fn answer<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    work(message.result_object()?)
}

fn work<'a>(result: &JsonObject<'a>) -> Option<Act<'a>> {
    let (hash, target) = (result.text("pow_hash")?, result.text("target")?);
    let strict = is_hex_of(strip_0x(&hash), 64) && is_hex_of(strip_0x(&target), 64);
    let measure = Measure::of_hashes(coin::hashes_below(&target));
    strict.then(|| Act::Job(Job::strict(name(hash), measure)))
}

/// The hash that names the work, without `0x` and in lower case.
fn name(hash: Cow<'_, str>) -> Cow<'_, str> {
    Cow::Owned(strip_0x(&hash).to_ascii_lowercase())
}
