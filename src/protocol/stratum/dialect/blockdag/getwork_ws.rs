//! Work of a node over WebSocket, as XELIS and DERO deliver it: the path names the wallet.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::{Json, JsonObject};
use super::super::super::framing::message::{Id, RequestOutcome, RpcMessage};
use super::super::super::text::is_hex;
use super::super::grammar::{Grammar, View, bare_answer, non_empty};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::GetWorkWs, message, answer: bare_answer };

/// Minimum length of a miner's work, in hexadecimal digits: DERO's miniblock has 48 bytes.
const MIN_WORK: usize = 96;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let fields = &message.fields;
    let known = view.dialect == Dialect::GetWorkWs;
    if let Some(job) = fields.get("new_job").and_then(Json::object) {
        return xelis_job(&job);
    }
    if fields.has("blockhashing_blob") {
        return dero_job(fields);
    }
    if let Some(work) = fields.text("block_template").or_else(|| fields.text("mbl_blob")) {
        let strict = work.len() >= MIN_WORK && is_hex(&work);
        let job = fields.scalar("jobid").unwrap_or(Cow::Borrowed(""));
        return strict.then(|| Act::Submit(Submit::strict(job, None)));
    }
    if let Some(reason) = fields.get("block_rejected").filter(|_| known) {
        let reason = reason.text().unwrap_or_default().into_owned();
        return Some(Act::Answer { to: Id::None, outcome: RequestOutcome::Refused(reason) });
    }
    (known && message.method == "block_accepted")
        .then_some(Act::Answer { to: Id::None, outcome: RequestOutcome::Granted })
}

/// `{"new_job": {algorithm, miner_work, height, difficulty, …}}`
fn xelis_job<'a>(job: &JsonObject<'a>) -> Option<Act<'a>> {
    let work = job.text("miner_work").or_else(|| job.text("template"))?;
    let strict = work.len() >= MIN_WORK && is_hex(&work);
    let measure = Measure::of_difficulty(Some(job.number("difficulty").filter(|_| strict)?));
    let algorithm = non_empty(job.text("algorithm"));
    Some(Act::Job(Job { algorithm, ..Job::strict(Cow::Borrowed(""), measure) }))
}

/// `{jobid, blockhashing_blob, difficulty, height, prev_hash, …}`
fn dero_job<'a>(job: &JsonObject<'a>) -> Option<Act<'a>> {
    let work = job.text("blockhashing_blob")?;
    let strict = work.len() >= MIN_WORK && is_hex(&work);
    let measure = Measure::of_difficulty(Some(job.number("difficulty").filter(|_| strict)?));
    Some(Act::Job(Job::strict(job.scalar("jobid")?, measure)))
}
