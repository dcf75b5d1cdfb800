//! A record for tests, with everything filled in.

use crate::flow::community_id;
use crate::model::record::{
    Body, Carrier, Checksum, Evidence, EvidenceKind, FlowTuple, Head, Host, HostName,
    IncidentState, Mining, MiningIncident, Peer, Pool, Record, Severity, Shares, Stage, Verdict,
    WalletState,
};
use crate::model::{Endpoint, FlowKey, MacAddr, Timestamp, Transport};

/// `seconds` after 2026-11-03 09:15:00.25 UTC.
pub(in crate::output) fn time(seconds: u64) -> Timestamp {
    Timestamp::from_parts(1_793_697_300 + seconds, 250_000_000)
}

const PROXY_PORT: u16 = 1080;

/// The Community ID of a connection with the machine that is both proxy and resolver.
fn community_id_of(port: u16) -> Option<String> {
    let client = Endpoint { ip: [10, 0, 0, 7].into(), port: 50_512 };
    let server = Endpoint { ip: [10, 0, 0, 254].into(), port };
    let transport = if port == 53 { Transport::Udp } else { Transport::Tcp };
    community_id(&FlowKey::new(client, server, transport, 0).0)
}

pub(in crate::output) fn reason(kind: EvidenceKind, seconds: u64, detail: &str) -> Evidence {
    let known = kind == EvidenceKind::DnsQuery;
    Evidence {
        kind,
        time: time(seconds),
        detail: detail.to_owned(),
        indicator: known.then(|| "pool.example".to_owned()),
        source: if known { "list 2026-11-01" } else { "protocol" }.to_owned(),
        community_id: community_id_of(if known { 53 } else { PROXY_PORT }),
    }
}

/// The mining of a record.
pub(in crate::output) fn mining(record: &mut Record) -> &mut Mining {
    let Body::Mining(incident) = &mut record.body;
    incident.mining.as_mut().unwrap()
}

pub(in crate::output) fn record() -> Record {
    let head = Head {
        id: "5f1d0c9be2a47386-3".to_owned(),
        incident: "5f1d0c9be2a47386".to_owned(),
        time: time(2_400),
        state: IncidentState::Closed,
        severity: Severity::Critical,
        confidence: 99,
        sensor: Some("sensor-1".to_owned()),
        stage: Some(Stage::Mining),
        campaign: None,
        host: Host {
            ip: [10, 0, 0, 7].into(),
            mac: Some(MacAddr([0x02, 0, 0x5e, 0x10, 0, 0x07])),
            vlan: Some(120),
            names: vec![HostName {
                name: "lab-pc-7".to_owned(),
                source: "dhcp".into(),
                seen: time(0),
            }],
            inside: true,
        },
        peer: Peer {
            ip: [10, 0, 0, 254].into(),
            port: PROXY_PORT,
            names: vec!["gateway".to_owned()],
            inside: true,
        },
        evidence: vec![
            reason(EvidenceKind::DnsQuery, 0, "eu.pool.example"),
            reason(EvidenceKind::Login, 1, "login with XMRig/6.21.0 (192.0.2.9:3333)"),
            reason(EvidenceKind::Share, 60, "first share (192.0.2.9:3333)"),
        ],
        evidence_omitted: 0,
        first_seen: time(0),
        last_seen: time(2_340),
        attack: vec!["T1496.001".into(), "T1090".into()],
        summary: "10.0.0.7 mines at eu.pool.example (192.0.2.9:3333), coin XMR".to_owned(),
        flow: FlowTuple {
            src_ip: [10, 0, 0, 7].into(),
            src_port: 50_512,
            dest_ip: [10, 0, 0, 254].into(),
            dest_port: PROXY_PORT,
            proto: "tcp".into(),
            community_id: community_id_of(PROXY_PORT),
            flow_id: 17,
            vlan: vec![120],
        },
    };
    Record { head, body: Body::Mining(incident()) }
}

fn incident() -> MiningIncident {
    MiningIncident {
        verdict: Verdict::Active,
        pool: Pool {
            name: Some("Example Pool".to_owned()),
            domain: Some("eu.pool.example".to_owned()),
            ip: Some([192, 0, 2, 9].into()),
            port: Some(3333),
            transport: Some("tcp".into()),
            class: Some("pool".into()),
        },
        mining: Some(Mining {
            dialect: "monero".into(),
            coin: Some("XMR".to_owned()),
            coins: vec!["XMR".to_owned()],
            coin_reason: Some("wallet".into()),
            algorithm: Some("rx/0".to_owned()),
            agent: Some("XMRig/6.21.0 (Linux x86_64)".to_owned()),
            wallet: Some("4INVENTEDaddressOFnobodyATallFORtests7Qx".to_owned()),
            wallet_checksum: Some(Checksum::Invalid),
            wallet_state: Some(WalletState::Known),
            wallet_hidden: false,
            worker: Some("rig7".to_owned()),
            login: Some("4INVENTEDaddressOFnobodyATallFORtests7Qx.rig7".to_owned()),
            carriers: vec![Carrier::Socks5],
            jobs: 41,
            shares: Shares { submitted: 12, accepted: 11, rejected: 1, unanswered: 0 },
            difficulty: Some(120_000.0),
            hashrate_hs: Some(612.345),
            hashrate_error: Some(176.7),
            hashrate_reported_hs: None,
            connections: 2,
            refused: None,
            donation: false,
            one_way: false,
            midstream: false,
        }),
    }
}

#[test]
fn the_examples_in_the_documentation_are_what_is_written() {
    let page = include_str!("../../../docs/ALERTS.md");
    let native = super::native::line(&record()).unwrap();
    assert!(page.contains(&format!("```json\n{native}\n```")), "{native}");
    let eve = super::eve::line(&record()).unwrap();
    assert!(page.contains(&format!("```json\n{eve}\n```")), "{eve}");
}

#[test]
fn every_signature_is_in_the_documentation() {
    let page = include_str!("../../../docs/ALERTS.md");
    for verdict in Verdict::ALL {
        let id = super::eve::signature_id(verdict, None);
        let text = super::eve::signature(verdict, None);
        let text = text.trim_end_matches(" (unlisted)");
        let row = format!("| {}x | `{text} (…)` | `{}` |", id / 10, verdict.name());
        assert!(page.contains(&row), "{row}");
    }
}
