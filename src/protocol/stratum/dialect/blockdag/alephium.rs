//! Alephium: the pool speaks first, and each notification contains one job per chain.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::{Json, JsonObject};
use super::super::super::framing::message::RpcMessage;
use super::super::super::text::{is_hex, strip_0x};
use super::super::grammar::{Grammar, View, bare_answer, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Alephium, message, answer: bare_answer };

/// Most jobs read from one notification.
///
/// The network has 16 chains, one for each ordered pair of its four groups. The limit leaves room
/// for more.
const MAX_CHAINS: usize = 64;

fn message<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    match message.method.as_str() {
        "mining.notify" => notify(message.args()),
        "mining.submit" => submit(message.named()),
        "alph_submithashrate" => {
            let digits = text_at(message.args(), 0)?;
            let rate = u128::from_str_radix(strip_0x(&digits), 16).ok()?;
            Some(Act::Hashrate(rate as f64))
        }
        _ => None,
    }
}

fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let mut ids = Vec::new();
    for job in args.iter().take(MAX_CHAINS) {
        let job = job.object()?;
        if !job.text("headerBlob").is_some_and(|blob| is_hex(&blob)) || !job.has("fromGroup") {
            return None;
        }
        ids.push(job.scalar("jobId")?);
    }
    let id = ids.pop()?;
    Some(Act::Job(Job { siblings: ids, ..Job::strict(id, Measure::InForce) }))
}

fn submit<'a>(params: &JsonObject<'a>) -> Option<Act<'a>> {
    let strict = params.text("nonce").is_some_and(|nonce| nonce.len() == 48 && is_hex(&nonce));
    let job = params.scalar("jobId")?;
    Some(Act::Submit(Submit { strict, ..Submit::strict(job, params.text("worker")) }))
}
