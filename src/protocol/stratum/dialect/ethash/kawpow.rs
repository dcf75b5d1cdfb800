//! KawPow (Ravencoin and others): each job contains its target.

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Measure, Submit};
use super::super::super::framing::json::Json;
use super::super::super::framing::message::RpcMessage;
use super::super::super::identity::coin;
use super::super::super::text::strip_0x;
use super::super::grammar::{Grammar, View, bare_answer, bool_at, hex_0x_at, scalar_at, text_at};

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::KawPow, message, answer: bare_answer };

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let args = message.args();
    match message.method.as_str() {
        "mining.notify" => notify(args),
        // The plain variant of EthereumStratum 1 submits the same five arguments.
        "mining.submit" if view.dialect != Dialect::EthStratum1 => submit(args),
        _ => None,
    }
}

/// `[job_id, header, seed, target, clean, height, bits]`
fn notify<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = args.len() >= 7
        && (1..4).all(|n| hex_0x_at(args, n, 64))
        && bool_at(args, 4)
        && args.get(5).is_some_and(|height| height.integer().is_some())
        && hex_0x_at(args, 6, 8);
    let target = text_at(args, 3).filter(|_| strict)?;
    let measure = Measure::of_hashes(coin::hashes_below(strip_0x(&target)));
    Some(Act::Job(Job::strict(scalar_at(args, 0)?, measure)))
}

/// `[user, job_id, nonce, header, mix]`
fn submit<'a>(args: &[Json<'a>]) -> Option<Act<'a>> {
    let strict = args.len() == 5
        && hex_0x_at(args, 2, 16)
        && hex_0x_at(args, 3, 64)
        && hex_0x_at(args, 4, 64);
    let job = scalar_at(args, 1).filter(|_| strict)?;
    Some(Act::Submit(Submit::strict(job, text_at(args, 0))))
}
