//! Alerts of every kind, hostile ones above all, are valid in every format and fit into a line.

use std::net::IpAddr;

use minewatch::model::event::mining::Dialect;
use minewatch::model::record::{
    Body, Carrier, Checksum, Evidence, EvidenceKind, FlowTuple, Head, Host, HostName,
    IncidentState, Mining, MiningIncident, Peer, Pool, Record, Severity, Shares, Stage, Verdict,
    WalletState,
};
use minewatch::model::{MacAddr, Timestamp};
use minewatch::output::encoder::{eve, native};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::support::json_lines::{eve_validators, faults, validator};
use crate::support::trial::{Checked, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        every_alert_is_valid_in_every_format,
        every_alert_is_valid_by_the_schemas_of_eve,
        every_verdict_and_class_has_a_signature_of_its_own,
    ]
}

const CLASSES: [Option<&str>; 6] =
    [None, Some("pool"), Some("proxy"), Some("browser"), Some("malware"), Some("policy")];
const SEVERITIES: [Severity; 4] =
    [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
const STATES: [IncidentState; 3] =
    [IncidentState::Opened, IncidentState::Updated, IncidentState::Closed];
const KINDS: [EvidenceKind; 14] = [
    EvidenceKind::DnsQuery,
    EvidenceKind::DnsAnswer,
    EvidenceKind::TlsSni,
    EvidenceKind::TlsCertificate,
    EvidenceKind::QuicSni,
    EvidenceKind::HttpHost,
    EvidenceKind::HttpUrl,
    EvidenceKind::PoolAddress,
    EvidenceKind::TunnelTarget,
    EvidenceKind::Login,
    EvidenceKind::LoginReply,
    EvidenceKind::Job,
    EvidenceKind::Share,
    EvidenceKind::Probe,
];
const CARRIERS: [Carrier; 7] = [
    Carrier::Socks4,
    Carrier::Socks5,
    Carrier::HttpConnect,
    Carrier::ProxyProtocol,
    Carrier::Http,
    Carrier::WebSocket,
    Carrier::Noise,
];
const DIALECTS: [Dialect; 36] = [
    Dialect::Monero,
    Dialect::Bitcoin,
    Dialect::EthProxy,
    Dialect::EthStratum1,
    Dialect::EthStratum2,
    Dialect::Equihash,
    Dialect::KawPow,
    Dialect::Kaspa,
    Dialect::IronFish,
    Dialect::Alephium,
    Dialect::Conflux,
    Dialect::Grin,
    Dialect::Tari,
    Dialect::Aeternity,
    Dialect::Nimiq,
    Dialect::Ergo,
    Dialect::Beam,
    Dialect::Xelis,
    Dialect::Xatum,
    Dialect::GetWorkWs,
    Dialect::Pearl,
    Dialect::Ckb,
    Dialect::Kadena,
    Dialect::Handshake,
    Dialect::Pascal,
    Dialect::Epic,
    Dialect::Ton,
    Dialect::Aleo,
    Dialect::Duino,
    Dialect::WorkCalls,
    Dialect::StratumV2,
    Dialect::GetWork,
    Dialect::GetBlockTemplate,
    Dialect::Browser,
    Dialect::P2Pool,
    Dialect::Unknown,
];

/// Alerts that are tried in each format.
const CASES: u32 = 200;

/// Text as an attacker would have it.
fn hostile() -> BoxedStrategy<String> {
    let piece =
        select(vec!["\"", "\\", "\u{0}", "\u{1b}[2J", "\u{9b}", "\u{202e}", "💰", "x", "</"]);
    prop_oneof![
        4 => "[a-z0-9.]{0,40}",
        2 => any::<String>(),
        1 => (piece, 1usize..100_000).prop_map(|(piece, bytes)| piece.repeat(bytes / piece.len())),
    ]
    .boxed()
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_nanos)
}

fn figure() -> impl Strategy<Value = Option<f64>> {
    option::of(any::<f64>())
}

fn host() -> impl Strategy<Value = Host> {
    let name = (hostile(), select(vec!["dhcp", "netbios", "mdns"]), time())
        .prop_map(|(name, source, seen)| HostName { name, source: source.into(), seen });
    let mac = option::of(any::<[u8; 6]>().prop_map(MacAddr));
    (any::<IpAddr>(), mac, option::of(0u16..4096), vec(name, 0..20), any::<bool>())
        .prop_map(|(ip, mac, vlan, names, inside)| Host { ip, mac, vlan, names, inside })
}

fn pool() -> impl Strategy<Value = Pool> {
    (
        option::of(hostile()),
        option::of(hostile()),
        any::<Option<IpAddr>>(),
        any::<Option<u16>>(),
        select(vec![None, Some("tcp"), Some("udp")]),
        select(CLASSES.to_vec()),
    )
        .prop_map(|(name, domain, ip, port, transport, class)| Pool {
            name,
            domain,
            ip,
            port,
            transport: transport.map(Into::into),
            class: class.map(Into::into),
        })
}

fn mining() -> impl Strategy<Value = Mining> {
    let texts = vec(option::of(hostile()), 7);
    let counts = any::<[u64; 6]>();
    let flags = any::<[bool; 4]>();
    let figures = vec(figure(), 4);
    let checksum = select(vec![Checksum::Valid, Checksum::Invalid, Checksum::Absent]);
    (
        select(DIALECTS.to_vec()),
        texts,
        counts,
        flags,
        figures,
        option::of(checksum),
        vec(select(CARRIERS.to_vec()), 0..20),
    )
        .prop_map(|(dialect, texts, counts, flags, figures, wallet_checksum, carriers)| {
            let text = |at: usize| texts[at].clone();
            Mining {
                dialect: dialect.name().into(),
                coin: text(0),
                coins: text(0).into_iter().collect(),
                coin_reason: Some("wallet".into()),
                algorithm: text(1),
                agent: text(2),
                wallet: text(3),
                wallet_checksum,
                wallet_state: flags[0].then_some(WalletState::Hidden),
                wallet_hidden: flags[0],
                worker: text(4),
                login: text(5),
                carriers,
                jobs: counts[0],
                shares: Shares {
                    submitted: counts[1],
                    accepted: counts[2],
                    rejected: counts[3],
                    unanswered: counts[4],
                },
                difficulty: figures[0],
                hashrate_hs: figures[1],
                hashrate_error: figures[2],
                hashrate_reported_hs: figures[3],
                connections: counts[5],
                refused: text(6),
                donation: flags[1],
                one_way: flags[2],
                midstream: flags[3],
            }
        })
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let community_id = option::of("1:[a-zA-Z0-9+/]{27}=");
    (select(KINDS.to_vec()), time(), hostile(), option::of(hostile()), hostile(), community_id)
        .prop_map(|(kind, time, detail, indicator, source, community_id)| Evidence {
            kind,
            time,
            detail,
            indicator,
            source,
            community_id,
        })
}

fn flow() -> impl Strategy<Value = FlowTuple> {
    let ends = (any::<IpAddr>(), any::<u16>(), any::<IpAddr>(), any::<u16>());
    let proto = select(vec!["tcp", "udp", "ip"]);
    (ends, proto, option::of("1:[a-zA-Z0-9+/]{27}="), any::<u64>(), vec(0u16..4096, 0..20))
        .prop_map(|((src_ip, src_port, dest_ip, dest_port), proto, community_id, flow_id, vlan)| {
            let proto = proto.into();
            FlowTuple { src_ip, src_port, dest_ip, dest_port, proto, community_id, flow_id, vlan }
        })
}

fn peer() -> impl Strategy<Value = Peer> {
    (any::<IpAddr>(), any::<u16>(), vec(hostile(), 0..20), any::<bool>())
        .prop_map(|(ip, port, names, inside)| Peer { ip, port, names, inside })
}

fn record() -> impl Strategy<Value = Record> {
    let judgement = (
        select(STATES.to_vec()),
        select(Verdict::ALL.to_vec()),
        select(SEVERITIES.to_vec()),
        0u8..=100,
        select(vec![None, Some(Stage::Contact), Some(Stage::Mining), Some(Stage::Spread)]),
    );
    let techniques = select(vec!["T1496", "T1496.001", "T1571", "T1090"]);
    let texts = (hostile(), hostile(), hostile(), option::of(hostile()), option::of(hostile()));
    let times = (time(), time(), time());
    let what = (host(), peer(), pool(), option::of(mining()), flow(), vec(techniques, 0..4));
    (judgement, texts, times, what, vec(evidence(), 0..60), any::<u32>()).prop_map(
        |(judgement, texts, times, what, evidence, omitted)| {
            let (host, peer, pool, mining, flow, attack) = what;
            let head = Head {
                id: texts.0,
                incident: texts.1,
                time: times.0,
                state: judgement.0,
                severity: judgement.2,
                confidence: judgement.3,
                sensor: texts.3,
                stage: judgement.4,
                campaign: texts.4,
                host,
                peer,
                evidence,
                evidence_omitted: omitted.into(),
                first_seen: times.1,
                last_seen: times.2,
                attack: attack.into_iter().map(Into::into).collect(),
                summary: texts.2,
                flow,
            };
            let verdict = judgement.1;
            Record { head, body: Body::Mining(MiningIncident { verdict, pool, mining }) }
        },
    )
}

/// What the schema of EVE does not say and its readers still need.
fn eve_faults(line: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    let value: Value = serde_json::from_str(line).unwrap();
    let metadata = value["alert"]["metadata"].as_object().unwrap();
    let texts = |value: &Value| {
        value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string))
    };
    check(line.starts_with("{\"timestamp\":\""), "the time stamp is not first");
    check(value["timestamp"].as_str().unwrap().len() == 31, "not six digits and an offset");
    check(value["flow_id"].as_u64().unwrap() < 1 << 53, "more than JavaScript can count");
    check(metadata.values().all(texts), "metadata that is no list of strings");
    check(metadata.len() + value.as_object().unwrap().len() <= 100, "too many keys for Arkime");
    check(
        !metadata.contains_key("mitre_technique_id") || metadata.contains_key("mitre_tactic_id"),
        "tactic",
    );
    faults
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    fn every_alert_is_valid_in_every_format(record in record()) {
        thread_local! {
            static NATIVE: Vec<(String, jsonschema::Validator)> = vec![(
                "native".to_owned(),
                validator(include_str!("../../../docs/native.schema.json")),
            )];
        }
        let line = native::line(&record).unwrap();
        let found = NATIVE.with(|validators| faults(&line, validators));
        prop_assert!(found.is_empty(), "{found:?}\n{line}");
        let line = eve::line(&record).unwrap();
        let mut found = faults(&line, &[]);
        found.extend(eve_faults(&line));
        prop_assert!(found.is_empty(), "{found:?}\n{line}");
    }
}

fn every_alert_is_valid_by_the_schemas_of_eve() -> Checked {
    let schemas = eve_validators()?;
    let config = ProptestConfig { cases: CASES, ..ProptestConfig::default() };
    proptest!(config, |(record in record())| {
        let line = eve::line(&record).unwrap();
        let found = faults(&line, &schemas);
        prop_assert!(found.is_empty(), "{found:?}\n{line}");
    });
    Ok(())
}

fn every_verdict_and_class_has_a_signature_of_its_own() {
    let mut ids = std::collections::HashMap::new();
    for verdict in Verdict::ALL {
        for class in CLASSES {
            let id = eve::signature_id(verdict, class);
            assert!((1_000_000..2_000_000).contains(&id));
            let text = eve::signature(verdict, class);
            assert!(text.starts_with("MINEWATCH "));
            assert!(ids.insert(id, text.clone()).is_none(), "{id} twice");
        }
    }
    let texts: std::collections::HashSet<_> = ids.values().collect();
    assert_eq!(texts.len(), ids.len());
}
