//! Tari: CryptoNote's calls, but shares have a numeric nonce and a `hash`.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::is_hex_of;
use super::super::grammar::{Grammar, View};
use super::monero;

pub(in super::super) const GRAMMAR: Grammar = Grammar { dialect: Dialect::Tari, message, answer };

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let params = message.named();
    match message.method.as_str() {
        "submit" => {
            let strict = params.integer("nonce").is_some()
                && params.text("hash").is_some_and(|hash| is_hex_of(&hash, 64));
            let job = params.scalar("job_id").filter(|_| strict)?;
            Some(Act::Submit(Submit::strict(job, None)))
        }
        // Jobs look like Monero's: only the login or an earlier share identifies the dialect.
        "job" if view.dialect == Dialect::Tari => monero::job(params),
        _ => None,
    }
}

fn answer<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let job = message.result_object()?.get("job").and_then(Json::object)?;
    if view.dialect == Dialect::Tari { monero::job(&job) } else { None }
}
