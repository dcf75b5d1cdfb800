//! Nimiq before it moved to proof of stake: WebSocket messages whose `message` member names the
//! kind.

use std::borrow::Cow;

use crate::model::event::mining::{Checksum, Dialect};

use super::super::super::act::{Act, Greeting, Job, Login, Measure, Proof, Submit};
use super::super::super::framing::message::{Id, RequestOutcome, RpcMessage};
use super::super::super::identity::wallet;
use super::super::grammar::{Grammar, View, bare_answer};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Nimiq, message, answer: bare_answer };

/// Minimum length of a share's block, in Base64 digits: the header alone has 146 bytes.
const MIN_BLOCK: usize = 195;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let fields = &message.fields;
    let kind = fields.text("message")?;
    if kind == "register" {
        let address = fields.text("address")?;
        let valid = wallet::identify(&address).is_some_and(|w| w.checksum == Checksum::Valid);
        let certain = valid || (fields.has("genesisHash") && fields.has("deviceId"));
        return Some(Act::Login(Box::new(Login {
            user: Some(address),
            worker: fields.scalar("deviceName"),
            agent: fields.text("userAgent"),
            certain,
            likely: Dialect::Nimiq,
            ..Login::default()
        })));
    }
    // The kinds are common words: until the dialect is known, the other members must prove it.
    let has = |names: &[&str]| names.iter().all(|name| fields.has(name));
    let told = match kind.as_ref() {
        "settings" => has(&["targetCompact", "extraData", "address"]),
        "new-block" => has(&["bodyHash", "accountsHash", "previousBlock"]),
        "share" => fields.text("block").is_some_and(|block| block.len() >= MIN_BLOCK),
        _ => false,
    };
    if view.dialect != Dialect::Nimiq && !told {
        return None;
    }
    Some(match kind.as_ref() {
        "registered" | "balance" => Act::Greeting(Greeting::default()),
        "settings" | "new-block" => Act::Job(Job {
            proof: if told { Proof::Strict } else { Proof::Loose },
            ..Job::strict(Cow::Borrowed(""), Measure::Unknown)
        }),
        // The pool reports only refusals.
        "share" => Act::Submit(Submit {
            job: Cow::Borrowed(""),
            strict: true,
            user: None,
            hash_count: None,
            nonce: None,
        }),
        "invalid-share" | "error" => Act::Answer {
            to: Id::None,
            outcome: RequestOutcome::Refused(fields.text("reason").unwrap_or_default().into()),
        },
        "payout" => Act::Idle,
        _ => return None,
    })
}
