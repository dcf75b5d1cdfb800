//! Epic Cash: Grin's calls with three algorithms; a share is an object named by its algorithm.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::{Json, JsonObject};
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::is_hex;
use super::super::grammar::{Grammar, View, non_empty};

pub(in super::super) const GRAMMAR: Grammar = Grammar { dialect: Dialect::Epic, message, answer };

/// Minimum length of a header without its proof, in hexadecimal digits. Epic's has about 480.
const MIN_PRE_POW: usize = 200;

/// Names of the proofs: one for each algorithm.
const PROOFS: [&str; 4] = ["RandomX", "ProgPow", "Cuckoo", "Cuckaroo"];

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    match message.method.as_str() {
        "job" => job(message.named()),
        "submit" => submit(message.named()),
        "getjobtemplate" if message.named().has("algorithm") => {
            Some(Act::AskWork { standing: false })
        }
        "keepalive" | "status" if view.dialect == Dialect::Epic => Some(Act::Idle),
        _ => None,
    }
}

fn answer<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    job(message.result_object()?)
}

/// `{algorithm, difficulty: [[algorithm, difficulty], …], epochs, height, job_id, pre_pow}`
fn job<'a>(job: &JsonObject<'a>) -> Option<Act<'a>> {
    job.text("pre_pow").filter(|text| text.len() >= MIN_PRE_POW && is_hex(text))?;
    let difficulties = job.get("difficulty").and_then(Json::items);
    if difficulties.is_none() && !job.has("epochs") {
        return None;
    }
    let algorithm = non_empty(job.text("algorithm"));
    let own = |pair: &Json<'a>| {
        let pair = pair.items()?;
        let name = pair.first()?.text()?;
        let fits = algorithm.as_ref().is_none_or(|algorithm| *algorithm == name);
        pair.get(1)?.number().filter(|_| fits)
    };
    let difficulty = difficulties.unwrap_or_default().iter().find_map(own);
    Some(Act::Job(Job {
        algorithm,
        ..Job::strict(job.scalar("job_id")?, Measure::of_difficulty(difficulty))
    }))
}

/// `{height, job_id, nonce, pow: {RandomX: […]}}`
fn submit<'a>(params: &JsonObject<'a>) -> Option<Act<'a>> {
    let proof = params.get("pow").and_then(Json::object)?;
    let strict = PROOFS.iter().any(|name| proof.has(name)) && params.integer("nonce").is_some();
    let job = params.scalar("job_id").unwrap_or(Cow::Borrowed(""));
    strict.then_some(Act::Submit(Submit::strict(job, None)))
}
