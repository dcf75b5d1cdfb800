//! The sensor against the generator: every dialect in every disguise, on every link and in every
//! cut, and what only looks like mining. What the two do not agree on is listed, with the reason.

use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;

use minewatch_generator::capture::{Order, Segmentation, record};
use minewatch_generator::dialect::{Dialect, Framing};
use minewatch_generator::disguise::Disguise;
use minewatch_generator::link::Link;
use minewatch_generator::network::Network;
use minewatch_generator::rng::Rng;
use minewatch_generator::truth::{File, Stream};
use minewatch_generator::{look_alike, matrix};
use serde_json::Value;

use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        every_dialect_is_found_in_every_disguise,
        disguises_do_not_hide_more_together_than_one_by_one,
        what_only_looks_like_mining_stays_silent_and_probing_is_called_so,
        the_estimated_hashrate_is_the_one_that_the_shares_were_drawn_with,
    ]
}

/// Where sensor and truth may differ.
struct Exception {
    /// Folder and name of the capture; `*` stands for any of either.
    capture: (&'static str, &'static str),
    /// What differs.
    fields: &'static [&'static str],
    reason: &'static str,
}

const fn except(
    dialect: &'static str,
    disguise: &'static str,
    fields: &'static [&'static str],
    reason: &'static str,
) -> Exception {
    Exception { capture: (dialect, disguise), fields, reason }
}

const EXCEPTIONS: &[Exception] = &[
    // What cannot be known.
    except("*", "tls", &["silent"], "TLS hides the messages; their sizes are no evidence"),
    except("stratum-v2-noise", "*", &["login", "wallet", "worker", "agent"], "Noise hides them"),
    except("stratum-v2-noise", "*", &["shares"], "counted by sizes, which other messages blur"),
    except("stratum-v2-noise", "midstream", &["silent"], "only the handshake tells"),
    except("stratum-v2-noise", "client-only", &["silent"], "only the handshake tells"),
    except("stratum-v2-noise", "server-only", &["silent"], "only the handshake tells"),
    except("monerod", "client-only", &["verdict"], "each request is an attempt of its own"),
    except("equihash", "null-ids", &["shares"], "a bare consent does not say to which request"),
    except("*", "server-only", &["coin", "dialect"], "the miner tells the coin, the pool does not"),
    except("eth-stratum-2", "midstream", &["coin"], "neither jobs nor shares name it"),
    except("starcoin", "midstream", &["coin"], "three coins have this algorithm"),
    except("starcoin", "null-ids", &["shares"], "a bare refusal does not say to which request"),
    except("verus", "client-only", &["coin"], "only jobs tell Verus from Komodo"),
    except("verus", "login-refused", &["coin"], "four coins have such addresses"),
    except("meowcoin", "login-refused", &["coin"], "three coins have such addresses"),
    except("xelis", "midstream", &["login"], "the first share comes before a job"),
    except("aleo", "midstream", &["silent"], "only the first frame has an address"),
    except("aleo", "server-only", &["silent"], "only the first frame has an address"),
    except("duino", "midstream", &["shares"], "it is recognised by the next request for a job"),
    except("duino", "login-refused", &["agent"], "a share names the program"),
    except("*", "login-refused", &["dialect"], "greetings of several dialects are the same"),
    except("*", "login-refused", &["verdict"], "the pool had already answered a subscription"),
    // Solo mining with a node: requests on connections of their own.
    except("monerod", "*", &["coin"], "the connection with shares names nobody"),
    except("monerod", "server-only", &["silent"], "wallets and explorers fetch templates, too"),
    except("getblocktemplate", "*", &["coin"], "all coins of Bitcoin's family ask like that"),
];

impl Exception {
    fn covers(&self, file: &str, field: &str) -> bool {
        let name = file.trim_end_matches(".pcap");
        let Some((folder, name)) = name.split_once('/') else { return false };
        let fits = |pattern: &str, text: &str| match pattern.strip_prefix('*') {
            Some(end) => text.ends_with(end),
            None => pattern == text,
        };
        fits(self.capture.0, folder) && fits(self.capture.1, name) && self.fields.contains(&field)
    }
}

/// The last record of every incident in a capture.
fn incidents(path: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_minewatch"))
        .args(["replay", "--format", "native", "--summary", "none", "--threads", "1"])
        .arg(path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{path:?}: {}", String::from_utf8_lossy(&output.stderr));
    let mut last: Vec<Value> = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        match last.iter_mut().find(|known| known["incident"] == record["incident"]) {
            Some(known) => *known = record,
            None => last.push(record),
        }
    }
    last
}

/// How far a verdict is up the ladder.
fn rung(verdict: Option<&str>) -> Option<usize> {
    ["contact", "attempt", "session", "mining", "active"]
        .iter()
        .position(|one| Some(*one) == verdict)
}

/// What differs between the truth and the sensor's signals: (field, what and how).
fn differences(truth: &File, found: &[Value]) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let mut note = |field, expected: &dyn Debug, got: &dyn Debug| {
        all.push((field, format!("{expected:?}, not {got:?}")));
    };
    let [incident] = found else {
        // A silent sensor differs in everything.
        let field = if found.is_empty() { "silent" } else { "incidents" };
        note(field, &truth.verdict, &found.len());
        return all;
    };
    let mining = &incident["mining"];
    let streams = &truth.streams;
    let verdict = incident["verdict"].as_str();
    // Half a conversation, or its end, may prove less, if the record says that it is no more.
    let partial = mining["one_way"] == true || mining["midstream"] == true;
    let excused = partial
        && verdict != Some("contact")
        && rung(verdict).map(|rung| rung + 2) >= rung(truth.verdict);
    if verdict != truth.verdict && !excused {
        note("verdict", &truth.verdict, &verdict);
    }
    let disguises = truth.recipe.as_ref().map_or(&[][..], |recipe| &recipe.disguises);
    let half = disguises.iter().any(|name| name == "client-only" || name == "server-only");
    if half != (mining["one_way"] == true) {
        note("one_way", &half, &mining["one_way"]);
    }
    if incident["host"]["ip"].as_str() != Some(&truth.mining_clients[0]) {
        note("host", &truth.mining_clients, &incident["host"]["ip"]);
    }
    let pool = &incident["pool"];
    let address = pool["ip"].as_str().and_then(|ip| ip.parse::<IpAddr>().ok()).map(|ip| {
        SocketAddr::new(ip, pool["port"].as_u64().unwrap_or_default() as u16).to_string()
    });
    let named = pool["domain"].as_str().map(|domain| format!("{domain}:{}", pool["port"]));
    let far = |stream: &Stream| Some(stream.tunnel.clone().unwrap_or(stream.server.clone()));
    if !streams.iter().map(far).any(|far| far == address || far == named) {
        note("pool", &streams.iter().map(far).collect::<Vec<_>>(), pool);
    }
    let told = |field: fn(&Stream) -> Option<&str>| streams.iter().find_map(field);
    for (field, expected) in [
        ("dialect", told(|stream| stream.dialect)),
        ("coin", told(|stream| stream.coin)),
        ("login", told(|stream| stream.login.as_deref())),
        ("wallet", told(|stream| stream.wallet.as_deref())),
        ("worker", told(|stream| stream.worker.as_deref())),
        ("agent", told(|stream| stream.agent.as_deref())),
    ] {
        if mining[field].as_str() != expected {
            note(field, &expected, &mining[field]);
        }
    }
    let count = |field: fn(&Stream) -> usize| streams.iter().map(field).sum::<usize>() as u64;
    let shares = [
        ("submitted", count(|stream| stream.submits)),
        ("accepted", count(|stream| stream.submits_ok)),
        ("rejected", count(|stream| stream.submits_error)),
        ("unanswered", count(|stream| stream.submits_unanswered)),
    ];
    if shares.iter().any(|(name, expected)| mining["shares"][name] != *expected) {
        note("shares", &shares, &mining["shares"]);
    }
    let carriers: Vec<_> = mining["carriers"].as_array().into_iter().flatten().collect();
    if carriers != streams[0].carriers {
        note("carriers", &streams[0].carriers, &carriers);
    }
    all
}

fn every_dialect_is_found_in_every_disguise() {
    let folder = tempfile::tempdir().unwrap();
    let orders = [matrix::disguises(1), matrix::links(1)].concat();
    let truths = matrix::write(folder.path(), &orders).unwrap();
    assert!(truths.len() > 900);
    let mut used = vec![false; EXCEPTIONS.len()];
    let mut wrong = Vec::new();
    for truth in &truths {
        let found = incidents(&folder.path().join(&truth.file));
        for (field, how) in differences(truth, &found) {
            let covers = |exception: &Exception| exception.covers(&truth.file, field);
            match EXCEPTIONS.iter().position(covers) {
                Some(index) => used[index] = true,
                None => wrong.push(format!("{}: {field}: {how}", truth.file)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused = EXCEPTIONS.iter().zip(used).filter(|(_, used)| !used);
    let unused: Vec<_> = unused.map(|(one, _)| (one.capture, one.reason)).collect();
    assert!(unused.is_empty(), "no longer needed: {unused:#?}");
}

/// Disguises together, with any link and cut: those that hide nothing that the truth tells.
fn disguises_do_not_hide_more_together_than_one_by_one() {
    let mut rng = Rng::new(2026);
    let folder = tempfile::tempdir().unwrap();
    let hides = |disguise: &Disguise| {
        matches!(
            disguise,
            Disguise::Tls
                | Disguise::NullIds
                | Disguise::NoAgent
                | Disguise::LoginRefused
                | Disguise::Reconnect
                | Disguise::Midstream
                | Disguise::ClientOnly
                | Disguise::ServerOnly
                | Disguise::LostSegment
        )
    };
    // Nothing but text and HTTP: the others have exceptions of their own.
    let told =
        |dialect: &Dialect| dialect.framing() != Framing::Binary && *dialect != Dialect::Monerod;
    let dialects: Vec<Dialect> = Dialect::all().iter().copied().filter(told).collect();
    for number in 0..150 {
        let dialect = dialects[rng.below(dialects.len())];
        let fits = |one: &Disguise| one.fits(dialect) && !hides(one);
        let mut left: Vec<Disguise> = Disguise::all().iter().copied().filter(fits).collect();
        let count = 2 + rng.below(3);
        let disguises = (0..count).map(|_| left.swap_remove(rng.below(left.len()))).collect();
        let order = Order {
            disguises,
            link: Link::all()[rng.below(Link::all().len())],
            network: Network::all()[rng.below(Network::all().len())],
            segmentation: Segmentation::all()[rng.below(Segmentation::all().len())],
            shares: 6,
            ..Order::new(dialect, number)
        };
        let capture = record(&order, "combined.pcap").unwrap();
        let path = folder.path().join("combined.pcap");
        matrix::write_one(&path, &capture).unwrap();
        let mut wrong = differences(&capture.truth, &incidents(&path));
        wrong.retain(|(field, _)| dialect != Dialect::GetBlockTemplate || *field != "coin");
        assert!(wrong.is_empty(), "{order:?}: {wrong:?}");
    }
}

fn what_only_looks_like_mining_stays_silent_and_probing_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    for (name, capture) in look_alike::all() {
        let path = folder.path().join(name).with_extension("pcap");
        matrix::write_one(&path, &capture).unwrap();
        let found = incidents(&path);
        let verdicts: Vec<_> = found.iter().filter_map(|one| one["verdict"].as_str()).collect();
        match capture.truth.verdict {
            None => assert!(verdicts.is_empty(), "{name}: {found:#?}"),
            Some(verdict) => {
                assert!(verdicts.contains(&verdict), "{name}: {verdicts:?}");
                // The attempts may be told one by one, but nobody has mined.
                assert!(!verdicts.iter().any(|one| ["mining", "active"].contains(one)), "{name}");
            }
        }
    }
}

fn the_estimated_hashrate_is_the_one_that_the_shares_were_drawn_with() {
    let folder = tempfile::tempdir().unwrap();
    // Cycles are no hashes; jobs without a blob, a node's connections and Noise tell too little.
    let told = |dialect: &Dialect| {
        !matches!(
            dialect,
            Dialect::Grin
                | Dialect::Nimiq
                | Dialect::MoneroSelfSelect
                | Dialect::Monerod
                | Dialect::P2Pool
                | Dialect::StratumV2Noise
                // Their unit of difficulty is not known.
                | Dialect::Handshake
                | Dialect::Epic
                | Dialect::Ton
                | Dialect::Aleo
        )
    };
    for &dialect in Dialect::all().iter().filter(|dialect| told(dialect)) {
        let order = Order { shares: 300, ..Order::new(dialect, 5) };
        let capture = record(&order, "long.pcap").unwrap();
        let path = folder.path().join("long.pcap");
        matrix::write_one(&path, &capture).unwrap();
        let mining = &incidents(&path)[0]["mining"];
        let truth = capture.truth.streams[0].hashrate_hs.unwrap();
        let ratio = mining["hashrate_hs"].as_f64().unwrap_or_default() / truth;
        // Three standard deviations of 300 exponential gaps, and a few rejects.
        assert!((0.8..1.2).contains(&ratio), "{dialect:?}: {ratio}");
    }
}
