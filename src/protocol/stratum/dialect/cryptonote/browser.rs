//! Mining in web pages: the messages of Coinhive, its clones, and webminerpool.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Greeting, Login, Submit};
use super::super::super::framing::json::JsonObject;
use super::super::super::framing::message::{Id, RequestOutcome, RpcMessage};
use super::super::super::text::{is_hex, is_hex_of};
use super::super::grammar::{Grammar, View, bare_answer, non_empty};
use super::monero;

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Browser, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let fields = &message.fields;
    if let Some(kind) = fields.text("type") {
        return coinhive(&kind, message.named(), view.dialect == Dialect::Browser);
    }
    webminerpool(&fields.text("identifier")?, fields, view.dialect == Dialect::Browser)
}

/// `{"type": …, "params": {…}}`
fn coinhive<'a>(kind: &str, params: &JsonObject<'a>, known: bool) -> Option<Act<'a>> {
    match kind {
        "auth" => Some(Act::Login(Box::new(Login {
            user: Some(non_empty(params.text("site_key"))?),
            worker: non_empty(params.text("user")),
            certain: params.has("version") || params.has("goal"),
            likely: Dialect::Browser,
            ..Login::default()
        }))),
        "job" => monero::job(params),
        "submit" => share(params),
        "authed" | "banned" if known => Some(Act::Greeting(Greeting::default())),
        "hash_accepted" if known => {
            Some(Act::Answer { to: Id::None, outcome: RequestOutcome::Granted })
        }
        "error" if known => Some(refused(params)),
        _ => None,
    }
}

/// `{"identifier": …, …}`
fn webminerpool<'a>(kind: &str, fields: &JsonObject<'a>, known: bool) -> Option<Act<'a>> {
    match kind {
        "handshake" => Some(Act::Login(Box::new(Login {
            user: Some(fields.text("login").or_else(|| fields.text("loginid"))?),
            password: fields.text("password"),
            worker: non_empty(fields.text("userid")),
            certain: fields.has("version") && (fields.has("pool") || fields.has("loginid")),
            likely: Dialect::Browser,
            ..Login::default()
        }))),
        "job" => monero::job(fields),
        "solved" => share(fields),
        "hashsolved" if known => {
            Some(Act::Answer { to: Id::None, outcome: RequestOutcome::Granted })
        }
        "error" | "banned" if known => Some(refused(fields)),
        _ => None,
    }
}

fn share<'a>(params: &JsonObject<'a>) -> Option<Act<'a>> {
    let nonce = params.text("nonce")?;
    let strict = matches!(nonce.len(), 8 | 16)
        && is_hex(&nonce)
        && params.text("result").is_some_and(|result| is_hex_of(&result, 64));
    let job = params.scalar("job_id").unwrap_or(Cow::Borrowed(""));
    strict.then_some(Act::Submit(Submit::strict(job, None)))
}

fn refused<'a>(params: &JsonObject<'a>) -> Act<'a> {
    let reason = params.text("error").or_else(|| params.text("param")).unwrap_or_default();
    Act::Answer { to: Id::None, outcome: RequestOutcome::Refused(reason.into()) }
}
