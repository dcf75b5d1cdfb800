//! Iron Fish: messages have `body` instead of `params`, and notifications replace answers.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Greeting, Job, Login, Measure, Submit};
use super::super::super::framing::message::{Id, RequestOutcome, RpcMessage};
use super::super::super::identity::coin;
use super::super::super::text::is_hex;
use super::super::grammar::{Grammar, View, bare_answer, non_empty};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::IronFish, message, answer: bare_answer };

/// Minimum length of a block header, in hexadecimal digits.
const MIN_HEADER: usize = 200;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    if !message.fields.has("body") && view.dialect != Dialect::IronFish {
        return None;
    }
    let body = message.named();
    Some(match message.method.as_str() {
        "mining.subscribe" => Act::Login(Box::new(Login {
            user: Some(body.text("publicAddress")?),
            worker: non_empty(body.text("name")),
            agent: non_empty(body.text("agent")),
            certain: true,
            likely: Dialect::IronFish,
            ..Login::default()
        })),
        "mining.set_target" => {
            Act::Difficulty(Measure::of_hashes(coin::hashes_below(&body.text("target")?)))
        }
        "mining.notify" => {
            let header = body.text("header")?;
            if header.len() < MIN_HEADER || !is_hex(&header) {
                return None;
            }
            Act::Job(Job::strict(body.scalar("miningRequestId")?, Measure::InForce))
        }
        "mining.submit" => Act::Submit(Submit {
            job: body.scalar("miningRequestId")?,
            strict: body
                .text("randomness")
                .is_some_and(|nonce| nonce.len() == 16 && is_hex(&nonce)),
            user: None,
            hash_count: None,
            nonce: None,
        }),
        "mining.submitted" => {
            let outcome = if body.get("result")?.boolean() == Some(true) {
                RequestOutcome::Granted
            } else {
                RequestOutcome::Refused(body.text("message").unwrap_or_default().into())
            };
            Act::Answer { to: Id::of(body.get("id")), outcome }
        }
        "mining.disconnect" => Act::SendAway(body.text("message").unwrap_or_default()),
        "mining.subscribed" | "mining.wait_for_work" | "mining.status" => {
            Act::Greeting(Greeting::default())
        }
        "mining.get_status" => Act::Idle,
        _ => return None,
    })
}
