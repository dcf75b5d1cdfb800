//! Beam: arguments are members at the top level instead of `params`, and answers have the method
//! `result`.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Greeting, Job, Login, Measure, Submit};
use super::super::super::framing::message::{RequestOutcome, RpcMessage};
use super::super::super::text::{is_hex, is_hex_of};
use super::super::grammar::{Grammar, View, bare_answer};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Beam, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let fields = &message.fields;
    let name = || fields.scalar("id").unwrap_or(Cow::Borrowed(""));
    match message.method.as_str() {
        "login" => Some(Act::Login(Box::new(Login {
            user: Some(fields.text("api_key")?),
            likely: Dialect::Beam,
            ..Login::default()
        }))),
        "job" if fields.text("input").is_some_and(|input| is_hex_of(&input, 64)) => {
            let measure = Measure::of_difficulty(Some(fields.number("difficulty")?));
            Some(Act::Job(Job::strict(name(), measure)))
        }
        "solution" => {
            let strict = fields.text("nonce").is_some_and(|nonce| is_hex_of(&nonce, 16))
                && fields
                    .text("output")
                    .is_some_and(|output| output.len() >= 64 && is_hex(&output));
            strict.then(|| Act::Submit(Submit::strict(name(), None)))
        }
        "result" if view.dialect == Dialect::Beam => {
            let outcome = match fields.number("code")? {
                code if code >= 0.0 => RequestOutcome::Granted,
                _ => RequestOutcome::Refused(fields.text("description").unwrap_or_default().into()),
            };
            Some(Act::Answer { to: message.id, outcome })
        }
        "cancel" if view.dialect == Dialect::Beam => Some(Act::Greeting(Greeting::default())),
        _ => None,
    }
}
