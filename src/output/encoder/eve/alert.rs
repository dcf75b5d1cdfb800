//! EVE `alert` records, valid for Suricata's schemas of 7.0 and 8.0.
//!
//! The schemas leave only `alert.metadata` open, as lists of strings. Everything for which EVE has
//! no field goes there.

use serde::{Serialize, Serializer};
use serde_json::Number;

use super::super::{fit, json};
use super::envelope::{self, Envelope, EnvelopeBody as Kind, Ether};
use super::technique::technique;
use crate::model::flow::Endpoint;
use crate::model::record::{
    Body as RecordBody, Carrier, Evidence, EvidenceKind, Head, Mining, MiningIncident, Record,
    Severity, Verdict, Word,
};

/// Class `coin-mining` of Suricata's `classification.config`.
const CATEGORY: &str = "Crypto Currency Mining Activity Detected";
/// Base of the signature ids. Ten times the number of the verdict and the number of the class are
/// added. 1,000,000 to 1,999,999 is the range for local rules.
const FIRST_SID: u32 = 1_496_000;
/// Revision of the meaning of the signature ids.
const REVISION: u32 = 1;

/// Encodes a record as one line of at most [`super::MAX_LINE`] bytes, without its line feed.
///
/// # Errors
/// None that a record can cause.
pub fn line(record: &Record) -> serde_json::Result<String> {
    fit::fit(record, |record, truncated| envelope(record, truncated).line())
}

fn envelope(record: &Record, truncated: &[&'static str]) -> Envelope {
    let Record { head, body } = record;
    let RecordBody::Mining(incident) = body;
    let flow = &head.flow;
    let src = Endpoint { ip: flow.src_ip, port: flow.src_port };
    let dest = Endpoint { ip: flow.dest_ip, port: flow.dest_port };
    let class = incident.pool.class.as_deref();
    Envelope {
        timestamp: head.time.to_eve(),
        flow_id: envelope::flow_id(flow.flow_id, src, dest),
        event_type: "alert",
        vlan: flow.vlan.clone(),
        src_ip: src.ip,
        src_port: Some(src.port),
        dest_ip: dest.ip,
        dest_port: Some(dest.port),
        proto: flow.proto.to_ascii_uppercase(),
        app_proto: Some(app_proto(head, incident)),
        community_id: flow.community_id.clone(),
        host: envelope::sensor_name(head.sensor.as_deref()),
        ether: head.host.mac.map(|mac| Ether { src_mac: mac.to_string() }),
        body: Kind::Alert(AlertBody {
            action: "allowed",
            gid: 1,
            signature_id: signature_id(incident.verdict, class),
            rev: REVISION,
            signature: signature(incident.verdict, class),
            category: CATEGORY,
            severity: severity(head.severity),
            metadata: metadata(head, incident, truncated),
        }),
    }
}

#[derive(Serialize)]
pub(super) struct AlertBody {
    action: &'static str,
    gid: u32,
    signature_id: u32,
    rev: u32,
    signature: String,
    category: &'static str,
    severity: u8,
    metadata: Metadata,
}

/// The signature id of a verdict and a class of pool. Each pair has its own id, so that either can
/// be suppressed.
pub fn signature_id(verdict: Verdict, class: Option<&str>) -> u32 {
    let verdict = match verdict {
        Verdict::Probe => 1,
        Verdict::Contact => 2,
        Verdict::Attempt => 3,
        Verdict::Session => 4,
        Verdict::Mining => 5,
        Verdict::Active => 6,
    };
    let class = match class {
        Some("pool") => 1,
        Some("proxy") => 2,
        Some("browser") => 3,
        Some("malware") => 4,
        Some("policy") => 5,
        _ => 0,
    };
    FIRST_SID + 10 * verdict + class
}

/// The signature text of a [`signature_id`].
pub fn signature(verdict: Verdict, class: Option<&str>) -> String {
    let what = match verdict {
        Verdict::Probe => "Mining pools probed",
        Verdict::Contact => "Mining pool contacted",
        Verdict::Attempt => "Mining attempted",
        Verdict::Session => "Mining session",
        Verdict::Mining => "Mining work received",
        Verdict::Active => "Mining shares submitted",
    };
    format!("MINEWATCH {what} ({})", class.unwrap_or("unlisted"))
}

/// Maps a severity to EVE's numbers, of which 1 is the worst.
fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 1,
        Severity::High => 2,
        Severity::Medium => 3,
        Severity::Low => 4,
    }
}

/// Maps a severity to the word of Emerging Threats rules, by which dashboards count.
fn signature_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "Major",
        Severity::Medium => "Minor",
        Severity::Low => "Informational",
    }
}

/// Suricata's name of the connection's protocol; `failed` for protocols that it does not know.
fn app_proto(head: &Head, incident: &MiningIncident) -> &'static str {
    if let Some(mining) = &incident.mining {
        return match mining.carriers.last() {
            Some(Carrier::Http | Carrier::HttpConnect) => "http",
            Some(Carrier::WebSocket) => "websocket",
            _ => "failed",
        };
    }
    let of_flow = |evidence: &&Evidence| evidence.community_id == head.flow.community_id;
    match head.evidence.iter().rfind(of_flow).map(|evidence| evidence.kind) {
        Some(EvidenceKind::DnsQuery | EvidenceKind::DnsAnswer) => "dns",
        Some(EvidenceKind::TlsSni | EvidenceKind::TlsCertificate) => "tls",
        Some(EvidenceKind::QuicSni) => "quic",
        Some(EvidenceKind::HttpHost | EvidenceKind::HttpUrl) => "http",
        _ => "failed",
    }
}

/// The object `alert.metadata`: every value is a list of strings, and no list is empty.
#[derive(Default)]
struct Metadata(Vec<(&'static str, Vec<String>)>);

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, values)| (key, values)))
    }
}

impl Metadata {
    /// Adds a list unless it is empty; an `Option` is a list of at most one.
    fn add<T: ToString>(&mut self, key: &'static str, values: impl IntoIterator<Item = T>) {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        if !values.is_empty() {
            self.0.push((key, values));
        }
    }

    fn one(&mut self, key: &'static str, value: impl ToString) {
        self.add(key, [value]);
    }
}

fn metadata(head: &Head, incident: &MiningIncident, truncated: &[&'static str]) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.one("summary", &head.summary);
    metadata.one("alert_id", &head.id);
    metadata.one("incident", &head.incident);
    metadata.one("state", json::name(&head.state));
    metadata.one("verdict", incident.verdict.name());
    metadata.one("confidence", head.confidence);
    metadata.one("signature_severity", signature_severity(head.severity));
    metadata.one("first_seen", head.first_seen);
    metadata.one("last_seen", head.last_seen);
    metadata.one("host_ip", head.host.ip);
    metadata.add("host_mac", head.host.mac);
    metadata.add("host_vlan", head.host.vlan);
    metadata.add("host_name", head.host.names.iter().map(|known| &known.name));
    metadata.add("pool", incident.pool.name.as_ref());
    metadata.add("pool_domain", incident.pool.domain.as_ref());
    metadata.add("pool_ip", incident.pool.ip);
    metadata.add("pool_port", incident.pool.port);
    metadata.add("pool_class", incident.pool.class.as_ref());
    if let Some(mining) = &incident.mining {
        add_mining(&mut metadata, mining);
    }
    metadata.add("note", notes(head, incident));
    add_attack(&mut metadata, &head.attack);
    metadata.add("evidence", head.evidence.iter().map(reason));
    metadata.add("evidence_omitted", Some(head.evidence_omitted).filter(|&omitted| omitted > 0));
    metadata.add("truncated", truncated);
    metadata
}

fn add_mining(metadata: &mut Metadata, mining: &Mining) {
    metadata.one("dialect", &mining.dialect);
    metadata.add("coin", mining.coin.as_ref());
    metadata.add("algorithm", mining.algorithm.as_ref());
    metadata.add("agent", mining.agent.as_ref());
    metadata.add("wallet", mining.wallet.as_ref());
    metadata.add("wallet_checksum", mining.wallet_checksum.map(|checksum| json::name(&checksum)));
    metadata.add("worker", mining.worker.as_ref());
    metadata.add("login", mining.login.as_ref());
    metadata.add("carrier", mining.carriers.iter().map(json::name));
    metadata.one("connections", mining.connections);
    metadata.one("jobs", mining.jobs);
    metadata.one("shares_submitted", mining.shares.submitted);
    metadata.one("shares_accepted", mining.shares.accepted);
    metadata.one("shares_rejected", mining.shares.rejected);
    metadata.one("shares_unanswered", mining.shares.unanswered);
    metadata.add("difficulty", mining.difficulty.and_then(Number::from_f64));
    metadata.add("hashrate_hs", mining.hashrate_hs.and_then(rounded));
    metadata.add("hashrate_error", mining.hashrate_error.and_then(rounded));
    metadata.add("hashrate_reported_hs", mining.hashrate_reported_hs.and_then(rounded));
    metadata.add("refused", mining.refused.as_ref());
}

/// Rounds to a tenth, since the estimate is never better than that. `None` for NaN and infinity.
fn rounded(figure: f64) -> Option<Number> {
    let tenths = (figure * 10.0).round() / 10.0;
    Number::from_f64(if tenths.is_finite() { tenths } else { figure })
}

/// Notes that a reader needs to judge the other fields.
fn notes(head: &Head, incident: &MiningIncident) -> Vec<&'static str> {
    let mining = incident.mining.as_ref();
    let has = |flag: fn(&Mining) -> bool| mining.is_some_and(flag);
    [
        (!head.host.inside, "outside-home-net"),
        (has(|mining| mining.wallet_hidden), "wallet-hidden"),
        (has(|mining| mining.donation), "donation"),
        (has(|mining| mining.one_way), "one-way"),
        (has(|mining| mining.midstream), "midstream"),
    ]
    .into_iter()
    .filter_map(|(holds, note)| holds.then_some(note))
    .collect()
}

fn add_attack(metadata: &mut Metadata, ids: &[Word]) {
    let known: Vec<_> = ids.iter().filter_map(|id| Some((id, technique(id)?))).collect();
    let mut tactics: Vec<_> = known.iter().map(|(_, t)| (t.tactic_id, t.tactic_name)).collect();
    tactics.dedup();
    metadata.add("mitre_tactic_id", tactics.iter().map(|(id, _)| id));
    metadata.add("mitre_tactic_name", tactics.iter().map(|(_, name)| name));
    metadata.add("mitre_technique_id", known.iter().map(|(id, _)| id));
    metadata.add("mitre_technique_name", known.iter().map(|(_, t)| t.name));
}

/// `2018-08-03T14:19:41.208105Z dns-query: pool.example [example; list 2026-11-01]`.
fn reason(evidence: &Evidence) -> String {
    let Evidence { kind, time, detail, indicator, source, .. } = evidence;
    let kind = json::name(kind);
    match indicator {
        Some(indicator) => format!("{time} {kind}: {detail} [{indicator}; {source}]"),
        None => format!("{time} {kind}: {detail} [{source}]"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::sample;
    use super::*;

    fn parsed(record: &Record) -> Value {
        serde_json::from_str(&line(record).unwrap()).unwrap()
    }

    #[test]
    fn the_head_says_when_and_who() {
        let line = line(&sample::record()).unwrap();
        assert!(line.starts_with("{\"timestamp\":\"2026-11-03T09:55:00.250000+0000\""), "{line}");
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["event_type"], "alert");
        assert_eq!((&value["src_ip"], &value["src_port"]), (&json!("10.0.0.7"), &json!(50_512)));
        assert_eq!((&value["dest_ip"], &value["dest_port"]), (&json!("10.0.0.254"), &json!(1080)));
        assert_eq!((&value["proto"], &value["vlan"]), (&json!("TCP"), &json!([120])));
        assert_eq!(value["host"], "sensor-1");
        assert_eq!(value["ether"]["src_mac"], "02:00:5e:10:00:07");
    }

    #[test]
    fn the_alert_itself_speaks_the_words_of_suricata() {
        let value = parsed(&sample::record());
        let alert = &value["alert"];
        assert_eq!(alert["signature_id"], 1_496_061);
        assert_eq!(alert["signature"], "MINEWATCH Mining shares submitted (pool)");
        assert_eq!(alert["category"], CATEGORY);
        assert_eq!((&alert["action"], &alert["severity"]), (&json!("allowed"), &json!(1)));
        let metadata = &alert["metadata"];
        assert_eq!(metadata["alert_id"], json!(["5f1d0c9be2a47386-3"]));
        assert_eq!(metadata["shares_accepted"], json!(["11"]));
        assert_eq!(metadata["hashrate_hs"], json!(["612.3"]));
        assert_eq!(metadata["mitre_technique_id"], json!(["T1496.001", "T1090"]));
        assert_eq!(metadata["mitre_tactic_id"], json!(["TA0040", "TA0011"]));
        assert_eq!(metadata["mitre_technique_name"], json!(["Compute_Hijacking", "Proxy"]));
        assert_eq!(
            metadata["evidence"][0],
            "2026-11-03T09:15:00.250000Z dns-query: eu.pool.example [pool.example; list 2026-11-01]"
        );
        assert_eq!(metadata.get("evidence_omitted"), None);
        assert_eq!(metadata.get("refused"), None);
    }

    #[test]
    fn a_contact_is_of_the_protocol_that_showed_it() {
        let mut record = sample::record();
        let RecordBody::Mining(incident) = &mut record.body;
        incident.mining = None;
        for (kind, name) in [
            (EvidenceKind::DnsQuery, "dns"),
            (EvidenceKind::TlsSni, "tls"),
            (EvidenceKind::QuicSni, "quic"),
            (EvidenceKind::HttpHost, "http"),
            (EvidenceKind::PoolAddress, "failed"),
        ] {
            let mut reason = sample::reason(kind, 0, "x");
            reason.community_id = record.head.flow.community_id.clone();
            record.head.evidence = vec![reason];
            assert_eq!(parsed(&record)["app_proto"], name);
        }
    }

    #[test]
    fn a_figure_that_is_no_number_is_left_out() {
        let mut record = sample::record();
        let mining = sample::mining(&mut record);
        (mining.hashrate_hs, mining.difficulty) = (Some(f64::NAN), Some(f64::INFINITY));
        mining.hashrate_error = Some(f64::MAX);
        let metadata = parsed(&record)["alert"]["metadata"].clone();
        assert_eq!((metadata.get("hashrate_hs"), metadata.get("difficulty")), (None, None));
        assert_eq!(metadata["hashrate_error"], json!(["1.7976931348623157e+308"]));
    }
}
