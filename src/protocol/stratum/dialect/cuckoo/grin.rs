//! Grin and MWC: ids are strings, answers repeat the method, and shares are Cuckoo cycles.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::{Json, JsonObject};
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::is_hex;
use super::super::grammar::{Grammar, View};

pub(in super::super) const GRAMMAR: Grammar = Grammar { dialect: Dialect::Grin, message, answer };

/// Minimum length of a header without its proof, in hexadecimal digits. Grin's has about 480.
const MIN_PRE_POW: usize = 200;

/// Minimum edges of a cycle in any Cuckoo variant. Grin's cycles have 42.
const MIN_CYCLE: usize = 8;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    match message.method.as_str() {
        "job" => job(message.named()),
        "submit" => submit(message.named()),
        "getjobtemplate" | "keepalive" | "status" if view.dialect == Dialect::Grin => {
            Some(Act::Idle)
        }
        _ => None,
    }
}

fn answer<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    job(message.result_object()?)
}

fn job<'a>(job: &JsonObject<'a>) -> Option<Act<'a>> {
    let header = job.text("pre_pow")?;
    if header.len() < MIN_PRE_POW || !is_hex(&header) {
        return None;
    }
    let measure = Measure::of_difficulty(job.number("difficulty"));
    Some(Act::Job(Job::strict(job.scalar("job_id")?, measure)))
}

fn submit<'a>(params: &JsonObject<'a>) -> Option<Act<'a>> {
    let cycle = params.get("pow").and_then(Json::items)?;
    let strict = cycle.len() >= MIN_CYCLE && cycle.iter().all(|edge| edge.integer().is_some());
    let job = params.scalar("job_id").unwrap_or(Cow::Borrowed(""));
    strict.then_some(Act::Submit(Submit::strict(job, None)))
}
