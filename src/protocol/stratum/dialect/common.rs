//! Messages that all dialects with `mining.*` methods share.
//!
//! This grammar comes last: it also reads jobs and shares whose format no dialect recognises.

use std::borrow::Cow;

use crate::model::event::mining::Dialect;

use super::super::act::{Act, Greeting, Hello, Job, Login, Measure, Proof, Submit};
use super::super::framing::json::{Json, JsonObject};
use super::super::framing::message::RpcMessage;
use super::super::identity::{agent, coin, login};
use super::grammar::{Grammar, View, non_empty, scalar_at, text_at};

pub(super) const GRAMMAR: Grammar = Grammar { dialect: Dialect::Unknown, message, answer };

fn message<'a>(message: &RpcMessage<'a>, view: &View) -> Option<Act<'a>> {
    let args = message.args();
    Some(match message.method.as_str() {
        "mining.subscribe" => subscribe(args),
        "mining.configure" | "mining.capabilities" => Act::Hello(Hello {
            agent: args.get(1).and_then(|map| map.object()?.text("info.sw-version")),
            likely: Dialect::Bitcoin,
        }),
        "mining.authorize" => Act::Login(Box::new(Login {
            user: text_at(args, 0),
            password: scalar_at(args, 1),
            worker: non_empty(message.fields.text("worker")),
            certain: true,
            ..Login::default()
        })),
        "mining.submit" => Act::Submit(Submit {
            job: scalar_at(args, 1).unwrap_or(Cow::Borrowed("")),
            // The method's name is proof enough; all known forms have at least three arguments.
            strict: args.len() >= 3,
            user: text_at(args, 0),
            hash_count: None,
            nonce: None,
        }),
        "mining.extranonce.subscribe"
        | "mining.suggest_difficulty"
        | "mining.suggest_target"
        | "mining.get_transactions"
        | "mining.multi_version"
        | "mining.ping"
        | "mining.pong" => Act::Idle,
        "mining.set_difficulty" => Act::Difficulty(difficulty(args)?),
        "mining.set_target" => {
            let target = text_at(args, 0).or_else(|| message.named().text("target"))?;
            Act::Difficulty(Measure::of_hashes(coin::hashes_below(&target)))
        }
        "mining.notify" => Act::Job(Job {
            proof: Proof::Loose,
            ..Job::strict(scalar_at(args, 0).unwrap_or(Cow::Borrowed("")), Measure::InForce)
        }),
        "mining.set_extranonce" | "set_extranonce" | "mining.set_version_mask" => {
            Act::Greeting(Greeting::default())
        }
        "client.show_message" | "client.get_algo" | "client.get_stats"
            if view.dialect != Dialect::Unknown =>
        {
            Act::Greeting(Greeting::default())
        }
        "client.get_version" if view.dialect != Dialect::Unknown => Act::AskVersion,
        "client.reconnect" | "mining.reconnect" => redirect(args),
        _ => return None,
    })
}

/// `[difficulty]`: a number or text.
fn difficulty(args: &[Json<'_>]) -> Option<Measure> {
    Some(Measure::of_difficulty(args.first()?.number()))
}

/// `[host, port (, wait)]`, with the port as text or number; `[]` means the same host.
fn redirect<'a>(args: &[Json<'a>]) -> Act<'a> {
    let port = args.get(1).and_then(|port| port.integer());
    Act::Redirect {
        host: text_at(args, 0).unwrap_or(Cow::Borrowed("")),
        port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
    }
}

/// `[]`, `[agent]`, `[agent, session | protocol]`, `[agent, session, host, port]`,
/// `[host, port, agent]`, …
fn subscribe<'a>(args: &[Json<'a>]) -> Act<'a> {
    // Conflux logs in with this message: `[wallet.worker, password]`.
    if let Some(user) = text_at(args, 0)
        && login::identify(&user, "").wallet.is_some()
    {
        return Act::Login(Box::new(Login {
            user: Some(user),
            password: text_at(args, 1),
            certain: true,
            ..Login::default()
        }));
    }
    let agent = args.iter().take(3).find_map(|arg| {
        arg.text().filter(|text| text.contains(['/', ' ']) || agent::is_miner(text))
    });
    let agent = agent.or_else(|| non_empty(text_at(args, 0)));
    let named =
        |part: &str| agent.as_ref().is_some_and(|agent| agent.to_ascii_lowercase().contains(part));
    let protocol = text_at(args, 1).unwrap_or_default();
    let likely = if protocol.starts_with("EthereumStratum/1") {
        Dialect::EthStratum1
    } else if ["equihash", "ewbf", "nheq", "miniz", "funakoshi"].into_iter().any(named) {
        Dialect::Equihash
    } else if named("kawpow") {
        Dialect::KawPow
    } else {
        Dialect::Bitcoin
    };
    Act::Hello(Hello { agent: agent.filter(|agent| !agent.starts_with("EthereumStratum")), likely })
}

/// Reads the answer to `mining.subscribe`, which names the protocol in EthereumStratum 1, and the
/// answer to `mining.configure`.
fn answer<'a>(message: &RpcMessage<'a>, _: &View) -> Option<Act<'a>> {
    let rolling = |result: &JsonObject<'_>| result.get("version-rolling")?.boolean();
    if message.result_object().and_then(rolling) == Some(true) {
        return Some(Act::Greeting(Greeting { version_rolling: true, ..Greeting::default() }));
    }
    let items = message.result_items()?;
    let protocol = items.first()?.items()?.get(2)?.text()?;
    protocol
        .starts_with("EthereumStratum/1")
        .then(|| Act::Greeting(Greeting { likely: Dialect::EthStratum1, ..Greeting::default() }))
}
