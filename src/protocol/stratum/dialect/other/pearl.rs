//! Pearl: `mining.*` with objects, and shares that carry a proof of a matrix product.

use crate::model::event::mining::Dialect;

use super::super::super::act::Act;
use super::super::super::framing::json::JsonObject;
use super::super::super::framing::message::RpcMessage;
use super::super::grammar::{Grammar, View, bare_answer};
use super::super::named::NamedArguments;

pub(in super::super) const GRAMMAR: Grammar =
    Grammar { dialect: Dialect::Pearl, message, answer: bare_answer };

/// Minimum length of a proof, in Base64 digits: one 256-bit hash.
const MIN_PROOF: usize = 43;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let params = message.named();
    let arguments = NamedArguments(params);
    match message.method.as_str() {
        // `{job_id, header, height, target, cert_version}`: only the last member is Pearl's own.
        "mining.notify" if params.has("cert_version") || view.dialect == Dialect::Pearl => {
            arguments.read_job().map(Act::Job)
        }
        // `{job_id, plain_proof, hs}`
        "mining.submit" if has_proof(params) => Some(Act::Submit(arguments.submit())),
        _ => None,
    }
}

fn has_proof(params: &JsonObject<'_>) -> bool {
    params.text("plain_proof").is_some_and(|proof| proof.len() >= MIN_PROOF)
}
