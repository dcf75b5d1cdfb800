//! Xatum: lines of a verb, `~`, and an object. The reader of lines appends `~` to the method.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Greeting, Job, Login, Measure, Submit};
use super::super::super::framing::json::JsonObject;
use super::super::super::framing::message::{Id, RequestOutcome, RpcMessage};
use super::super::super::text::is_hex_of;
use super::super::grammar::{Grammar, View, bare_answer, non_empty, texts};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Xatum, message, answer: bare_answer };

/// Minimum length of a job's or a share's data, in Base64 digits: XELIS hashes 112 bytes.
const MIN_DATA: usize = 100;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let fields = &message.fields;
    let known = view.dialect == Dialect::Xatum;
    Some(match message.method.as_str() {
        // `{addr, work, agent, algos}`
        "shake~" => Act::Login(Box::new(Login {
            user: Some(fields.text("addr")?),
            worker: non_empty(fields.text("work")),
            agent: non_empty(fields.text("agent")),
            algorithms: texts(fields.get("algos")),
            certain: fields.has("algos"),
            likely: Dialect::Xatum,
            ..Login::default()
        })),
        // `{diff, blob}`
        "job~" if has_data(fields, "blob") => {
            let measure = Measure::of_difficulty(Some(fields.number("diff")?));
            let algorithm = non_empty(fields.text("algo"));
            Act::Job(Job { algorithm, ..Job::strict(Cow::Borrowed(""), measure) })
        }
        // `{data, hash}`
        "submit~" => {
            let hash = fields.text("hash").is_some_and(|hash| is_hex_of(&hash, 64));
            let strict = hash && has_data(fields, "data");
            strict.then(|| Act::Submit(Submit::strict(Cow::Borrowed(""), None)))?
        }
        // The pool calls a share that it refuses a success, too: only the words tell.
        "success~" if known => {
            let words = fields.text("msg").unwrap_or_default();
            let granted = words.is_empty() || words.eq_ignore_ascii_case("ok");
            let refused = || RequestOutcome::Refused(words.clone().into_owned());
            let outcome = if granted { RequestOutcome::Granted } else { refused() };
            Act::Answer { to: Id::None, outcome }
        }
        "error~" if known => {
            let words = fields.text("msg").unwrap_or_default().into_owned();
            Act::Answer { to: Id::None, outcome: RequestOutcome::Refused(words) }
        }
        "print~" if known => Act::Greeting(Greeting::default()),
        "ping~" | "pong~" => Act::Idle,
        _ => return None,
    })
}

fn has_data(fields: &JsonObject<'_>, name: &str) -> bool {
    fields.text(name).is_some_and(|data| data.len() >= MIN_DATA)
}
