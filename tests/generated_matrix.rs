//! Every dialect in every disguise, on every link and in every cut, and what only looks like
//! mining: replayed from outside and compared with the generator's truth.

mod real;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use minewatch_generator::truth::{File, Stream};
use minewatch_generator::{capture, look_alike, matrix};
use serde_json::Value;

/// What no sensor can tell, from whatever bytes it sees.
struct Limit {
    /// Parts of `dialect/disguise`; an empty one fits all.
    dialect: &'static str,
    disguise: &'static str,
    excused: &'static [What],
    /// Printed with `--nocapture`, for whoever asks.
    reason: &'static str,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// That there is an alert at all.
    Found,
    Verdict,
    Dialect,
    Coin,
    Shares,
    Identity,
}

use What::{Coin, Dialect, Found, Identity, Shares, Verdict};

const LIMITS: &[Limit] = &[
    Limit {
        dialect: "",
        disguise: "tls",
        excused: &[Found],
        reason: "TLS hides everything but names and sizes, and these pools are in no list",
    },
    Limit {
        dialect: "stratum-v2-noise",
        disguise: "",
        excused: &[Identity, Shares],
        reason: "Noise shows sizes only: a receipt may stand for several shares",
    },
    Limit {
        dialect: "stratum-v2-noise",
        disguise: "midstream",
        excused: &[Found],
        reason: "without the handshake's sizes, random bytes remain",
    },
    Limit {
        dialect: "stratum-v2-noise",
        disguise: "client-only",
        excused: &[Found],
        reason: "the miner's half of the handshake is 64 random bytes",
    },
    Limit {
        dialect: "stratum-v2-noise",
        disguise: "server-only",
        excused: &[Found],
        reason: "the pool's half of the handshake is 234 random bytes",
    },
    Limit {
        dialect: "monerod",
        disguise: "client-only",
        excused: &[Verdict],
        reason: "each request has its own connection: each is an attempt without an answer",
    },
    Limit {
        dialect: "monerod",
        disguise: "server-only",
        excused: &[Found],
        reason: "a template in a connection of its own is what wallets and explorers fetch",
    },
    Limit {
        dialect: "tari",
        disguise: "server-only",
        excused: &[Dialect, Coin],
        reason: "Tari's jobs look like Monero's",
    },
    Limit {
        dialect: "monero-hybrid",
        disguise: "server-only",
        excused: &[Coin],
        reason: "the login alone tells that Monero is paid out for KawPow",
    },
    Limit {
        dialect: "monero-hybrid",
        disguise: "midstream",
        excused: &[Identity],
        reason: "shares write the login in another way: wallet and worker in one",
    },
    Limit {
        dialect: "",
        disguise: "login-refused",
        excused: &[Dialect, Coin],
        reason: "dialects that share their login differ in the work, which a refusal ends before",
    },
    Limit {
        dialect: "conflux",
        disguise: "client-only",
        excused: &[Dialect, Coin],
        reason: "jobs and targets tell Conflux's shares from Ethereum's plain variant",
    },
    Limit {
        dialect: "equihash",
        disguise: "null-ids",
        excused: &[Shares],
        reason: "without ids, a bare consent to a share looks like one to another request",
    },
];

fn excused(name: &str, what: What) -> bool {
    let (dialect, disguise) = name.split_once('/').unwrap_or(("", name));
    let limit = LIMITS.iter().find(|limit| {
        (limit.dialect.is_empty() || limit.dialect == dialect)
            && (limit.disguise.is_empty() || limit.disguise == disguise)
            && limit.excused.contains(&what)
    });
    if let Some(limit) = limit {
        println!("{name}: {what:?} excused: {}", limit.reason);
    }
    limit.is_some()
}

const LADDER: [&str; 5] = ["contact", "attempt", "session", "mining", "active"];

fn rung(verdict: &str) -> usize {
    LADDER.iter().position(|name| *name == verdict).unwrap_or(0)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The last record of each incident.
fn last_words(alerts: Vec<Value>) -> Vec<Value> {
    let mut last: Vec<Value> = Vec::new();
    for alert in alerts {
        match last.iter_mut().find(|known| known["incident"] == alert["incident"]) {
            Some(known) => *known = alert,
            None => last.push(alert),
        }
    }
    last
}

fn replay(path: &Path) -> Vec<Value> {
    let replayed = real::replay(path, &["--format", "native", "--threads", "1"]);
    assert_eq!(replayed.code, 0, "{}: {}", path.display(), replayed.told);
    last_words(replayed.alerts())
}

fn ip(endpoint: &str) -> String {
    endpoint.parse::<SocketAddr>().map_or_else(|_| endpoint.to_owned(), |at| at.ip().to_string())
}

/// What is wrong with the alerts about a mining capture.
fn differences(name: &str, truth: &File, alerts: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let miners: BTreeSet<String> = truth.streams.iter().map(|s| ip(&s.client)).collect();
    for alert in alerts.iter().filter(|alert| !miners.contains(text(&alert["host"], "ip"))) {
        wrong.push(format!("{name}: {} is no miner", alert["host"]["ip"]));
    }
    for miner in miners {
        let streams: Vec<&Stream> =
            truth.streams.iter().filter(|stream| ip(&stream.client) == miner).collect();
        let about: Vec<&Value> =
            alerts.iter().filter(|alert| text(&alert["host"], "ip") == miner).collect();
        let best = about.iter().max_by_key(|alert| rung(text(alert, "verdict")));
        let Some(best) = best.filter(|best| best["mining"].is_object()) else {
            if !excused(name, Found) {
                wrong.push(format!("{name}: no alert names {miner}"));
            }
            continue;
        };
        compare(name, truth, &streams, best, &mut wrong);
        let keys = ["submitted", "accepted", "rejected", "unanswered"];
        let told = keys.map(|key| {
            about.iter().filter_map(|alert| alert["mining"]["shares"][key].as_u64()).sum::<u64>()
        });
        let count = |of: fn(&Stream) -> usize| streams.iter().map(|s| of(s) as u64).sum::<u64>();
        let expected = [
            count(|s| s.submits),
            count(|s| s.submits_ok),
            count(|s| s.submits_error),
            count(|s| s.submits_unanswered),
        ];
        if told != expected && !excused(name, Shares) {
            wrong.push(format!("{name}: shares {expected:?}, told {told:?}"));
        }
    }
    wrong
}

fn compare(name: &str, truth: &File, streams: &[&Stream], best: &Value, wrong: &mut Vec<String>) {
    let (mining, pool) = (&best["mining"], &best["pool"]);
    let (told, expected) = (text(best, "verdict"), truth.verdict.unwrap_or_default());
    let partial = mining["one_way"] == true || mining["midstream"] == true;
    // A pool that answers a subscription and refuses the login has spoken the protocol.
    let refused = expected == "attempt" && told == "session" && mining["refused"].is_string();
    let in_reach = partial && told != "contact" && rung(told) + 2 >= rung(expected);
    if told != expected && !refused && !in_reach && !excused(name, Verdict) {
        wrong.push(format!("{name}: {expected}, told {told}"));
    }
    let hidden = name.ends_with("client-only") || name.ends_with("server-only");
    if hidden && mining["one_way"] != true {
        wrong.push(format!("{name}: the missing direction goes untold"));
    }
    let far: Vec<&str> = streams.iter().map(|s| s.tunnel.as_deref().unwrap_or(&s.server)).collect();
    let address = text(pool, "ip")
        .parse()
        .ok()
        .map(|ip| SocketAddr::new(ip, pool["port"].as_u64().unwrap_or(0) as u16).to_string());
    let named = format!("{}:{}", text(pool, "domain"), pool["port"]);
    if !far.iter().any(|far| *far == named || Some(*far) == address.as_deref()) {
        wrong.push(format!("{name}: the pool is {far:?}, told {named} {address:?}"));
    }
    let mut equal = |what, key: &str, of: fn(&Stream) -> Option<&str>| {
        let known: BTreeSet<&str> = streams.iter().filter_map(|stream| of(stream)).collect();
        let told = mining[key].as_str();
        let right = told.map_or(known.is_empty(), |told| known.contains(told));
        // A coin is a conclusion: none is no error.
        let silent = what == Coin && told.is_none();
        if !right && !silent && !excused(name, what) {
            wrong.push(format!("{name}: {key} {known:?}, told {told:?}"));
        }
    };
    equal(Dialect, "dialect", |s| s.dialect);
    equal(Coin, "coin", |s| s.coin);
    equal(Identity, "login", |s| s.login.as_deref());
    equal(Identity, "wallet", |s| s.wallet.as_deref());
    equal(Identity, "worker", |s| s.worker.as_deref());
    equal(Identity, "agent", |s| s.agent.as_deref());
}

/// Runs `check` on every item, on as many threads as there are processors; all complaints, sorted.
fn all<T: Sync>(items: &[T], check: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = check(item);
                    wrong.lock().expect("not poisoned").extend(found);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().expect("not poisoned");
    wrong.sort();
    wrong
}

fn written(folder: &Path, name: &str, capture: &capture::Capture) -> PathBuf {
    let path = folder.join(name.replace('/', "+")).with_extension("pcap");
    matrix::write_one(&path, capture).expect("written");
    path
}

#[test]
fn every_dialect_is_found_in_every_disguise_link_and_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let orders = [matrix::disguises(1), matrix::links(1), matrix::golden()].concat();
    let wrong = all(&orders, |(name, order)| {
        let capture = capture::record(order, name).expect("an order that makes sense");
        let path = written(folder.path(), name, &capture);
        let alerts = replay(&path);
        std::fs::remove_file(path).expect("removed");
        // The golden captures, and those of links and cuts, are named otherwise.
        let plain = format!("{}/plain", order.dialect.name());
        let limits = if order.disguises.is_empty() { &plain } else { name };
        let wrong = differences(limits, &capture.truth, &alerts);
        wrong.iter().map(|what| format!("[{name}] {what}")).collect()
    });
    assert!(wrong.is_empty(), "{} findings differ:\n{}", wrong.len(), wrong.join("\n"));
    println!("{} captures", orders.len());
}

#[test]
fn what_only_looks_like_mining_is_silent_and_a_prober_is_called_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = all(&look_alike::all(), |(name, capture)| {
        let alerts = replay(&written(folder.path(), name, capture));
        let mut wrong: Vec<String> = alerts
            .iter()
            .filter(|alert| !["contact", "probe"].contains(&text(alert, "verdict")))
            .map(|alert| format!("{name}: {}", alert["summary"]))
            .collect();
        let probe = alerts.iter().any(|alert| alert["verdict"] == "probe");
        if probe != (capture.truth.verdict == Some("probe")) {
            wrong.push(format!("{name}: {} alerts, probe: {probe}", alerts.len()));
        }
        wrong
    });
    assert!(wrong.is_empty(), "{} look-alikes:\n{}", wrong.len(), wrong.join("\n"));
}
