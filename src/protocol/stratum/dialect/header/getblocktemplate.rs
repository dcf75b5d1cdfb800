//! Block templates from a node: Bitcoin's BIP 22 and monerod's daemon calls.
//!
//! Solo miners use them, and p2pool uses them with its node. Wallets and explorers also ask nodes
//! for templates, so one template does not prove mining: a second one, a long poll or a submitted
//! block does.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::super::act::{Act, Job, Login, Measure, Proof, Submit};
use super::super::super::framing::json::{Json, JsonObject};
use super::super::super::framing::message::{RequestOutcome, RpcMessage};
use super::super::super::identity::coin;
use super::super::super::text::{is_hex, is_hex_of};
use super::super::grammar::{Grammar, View, text_at};

pub(crate) const GRAMMAR: Grammar = Grammar { dialect: Dialect::GetBlockTemplate, message, answer };

/// Minimum length of a block, in hexadecimal digits: the header alone.
const MIN_BLOCK: usize = 160;

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    match message.method.as_str() {
        "getblocktemplate" | "get_block_template" => {
            if message.params.is_some_and(Json::is_object) {
                return wallet(message.named().text("wallet_address")?);
            }
            ask(message.args(), view)
        }
        "merge_mining_get_aux_block" => wallet(message.named().text("address")?),
        "get_miner_data" => Some(Act::AskWork { standing: false }),
        "submitblock" | "submit_block" => {
            let block = text_at(message.args(), 0)?;
            let strict = block.len() >= MIN_BLOCK && is_hex(&block);
            strict.then(share)
        }
        "merge_mining_submit_solution" => Some(share()),
        // monerod's REST call /start_mining.
        "" if message.fields.has("threads_count") => wallet(message.fields.text("miner_address")?),
        _ => None,
    }
}

fn share<'a>() -> Act<'a> {
    Act::Submit(Submit::strict(Cow::Borrowed(""), None))
}

fn wallet(address: Cow<'_, str>) -> Option<Act<'_>> {
    Some(Act::Login(Box::new(Login { user: Some(address), certain: true, ..Login::default() })))
}

/// `[{"capabilities": […], "rules": […], "longpollid": …}]`
fn ask<'a>(args: &[Json<'a>], view: &View) -> Option<Act<'a>> {
    let request = args.first().and_then(|request| request.object()).unwrap_or_default();
    if request.text("mode").is_some_and(|mode| mode != "template") {
        return Some(Act::Idle);
    }
    let standing = request.has("longpollid");
    // A request typed by hand has at most `rules`.
    if standing || request.has("capabilities") || view.miner_agent {
        return Some(Act::AskWork { standing });
    }
    Some(Act::Idle)
}

fn answer<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let result = message.result_object()?;
    bitcoin(result).or_else(|| monero(result, view)).map(Act::Job)
}

/// Corrects the outcome of an answer to `submitblock`: null means accepted, and text is the reason
/// of a refusal (BIP 22).
pub(crate) fn outcome(message: &RpcMessage<'_>, outcome: RequestOutcome) -> RequestOutcome {
    match (message.fields.get("result"), &outcome) {
        (Some(result), RequestOutcome::Refused(reason))
            if result.is_null() && reason.is_empty() =>
        {
            RequestOutcome::Granted
        }
        (Some(result), RequestOutcome::Granted) if result.is_string() => {
            RequestOutcome::Refused(result.text().unwrap_or_default().into())
        }
        _ => outcome,
    }
}

fn bitcoin<'a>(result: &JsonObject<'a>) -> Option<Job<'a>> {
    let shape = result.text("previousblockhash").is_some_and(|hash| is_hex_of(&hash, 64))
        && result.text("bits").is_some_and(|bits| is_hex_of(&bits, 8))
        && (result.has("coinbasevalue") || result.has("coinbasetxn"));
    let target = result.text("target").filter(|_| shape)?;
    Some(Job {
        proof: Proof::Template,
        ..Job::strict(Cow::Borrowed(""), Measure::of_hashes(coin::hashes_below(&target)))
    })
}

fn monero<'a>(result: &JsonObject<'a>, view: &View) -> Option<Job<'a>> {
    let template = result.text("blocktemplate_blob").is_some_and(|blob| is_hex(&blob));
    // `tx_backlog` is not required: the daemon writes no empty lists, so it is absent while no
    // transaction waits.
    let miner_data = result.has("already_generated_coins") && result.has("seed_hash");
    let aux = result.text("aux_blob").is_some();
    let previous = result.text("prev_hash").or_else(|| result.text("prev_id"));
    let shape =
        aux || ((template || miner_data) && previous.is_some_and(|hash| is_hex_of(&hash, 64)));
    let measure = Measure::of_difficulty(difficulty(result));
    shape.then(|| Job {
        // A mining program asks monerod for a template only to mine on it.
        proof: if view.miner_agent { Proof::Strict } else { Proof::Template },
        ..Job::strict(Cow::Borrowed(""), measure)
    })
}

/// Reads a difficulty: a number in a template, `"0x…"` in miner data, where it may exceed 64 bits.
fn difficulty(result: &JsonObject<'_>) -> Option<f64> {
    let text = result.scalar("difficulty")?;
    match text.strip_prefix("0x") {
        Some(digits) => u128::from_str_radix(digits, 16).ok().map(|number| number as f64),
        None => text.parse().ok(),
    }
}
