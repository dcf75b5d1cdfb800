//! EVE `alert` records: what Suricata's consumers read, valid for its schemas of 7.0 and 8.0.
//!
//! Schemas leave only `alert.metadata` open, as lists of strings, so that is where everything goes
//! that EVE has no field for.

use serde::{Serialize, Serializer};
use serde_json::Number;

use super::envelope::{self, Body as Kind, Envelope, Ether};
use super::technique::technique;
use super::{fit, json};
use crate::model::Alert;
use crate::model::alert::{Evidence, EvidenceKind, Mining, Severity, Verdict};
use crate::model::event::mining::Carrier;
use crate::model::flow::Endpoint;

/// Class `coin-mining` of Suricata's `classification.config`.
const CATEGORY: &str = "Crypto Currency Mining Activity Detected";
/// Signature ids are this plus ten times the verdict's number plus the class's: 1,000,000 to
/// 1,999,999 is the range for local rules.
const FIRST_SID: u32 = 1_496_000;
/// Revision of what a signature id means.
const REVISION: u32 = 1;

/// One line, at most [`super::MAX_LINE`] bytes, without its line feed. `sensor` names who saw it.
///
/// # Errors
/// None that an alert can cause.
pub fn line(alert: &Alert, sensor: Option<&str>) -> serde_json::Result<String> {
    fit::fit(alert, |alert, truncated| record(alert, sensor, truncated).line())
}

fn record(alert: &Alert, sensor: Option<&str>, truncated: &[&'static str]) -> Envelope {
    let flow = &alert.flow;
    let src = Endpoint { ip: flow.src_ip, port: flow.src_port };
    let dest = Endpoint { ip: flow.dest_ip, port: flow.dest_port };
    Envelope {
        timestamp: alert.time.to_eve(),
        flow_id: envelope::flow_id(flow.flow_id, src, dest),
        event_type: "alert",
        vlan: flow.vlan.clone(),
        src_ip: src.ip,
        src_port: Some(src.port),
        dest_ip: dest.ip,
        dest_port: Some(dest.port),
        proto: flow.proto.to_ascii_uppercase(),
        app_proto: Some(app_proto(alert)),
        community_id: flow.community_id.clone(),
        host: envelope::sensor_name(sensor),
        ether: alert.host.mac.map(|mac| Ether { src_mac: mac.to_string() }),
        body: Kind::Alert(Body {
            action: "allowed",
            gid: 1,
            signature_id: signature_id(alert.verdict, alert.pool.class),
            rev: REVISION,
            signature: signature(alert.verdict, alert.pool.class),
            category: CATEGORY,
            severity: severity(alert.severity),
            metadata: metadata(alert, truncated),
        }),
    }
}

#[derive(Serialize)]
pub(super) struct Body {
    action: &'static str,
    gid: u32,
    signature_id: u32,
    rev: u32,
    signature: String,
    category: &'static str,
    severity: u8,
    metadata: Metadata,
}

/// One id for each verdict and class of pool, so that either can be tuned away.
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

/// The text that belongs to a [`signature_id`].
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

/// EVE counts from 1, the worst.
fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 1,
        Severity::High => 2,
        Severity::Medium => 3,
        Severity::Low => 4,
    }
}

/// The word for it in rules of Emerging Threats, which dashboards count by.
fn signature_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "Major",
        Severity::Medium => "Minor",
        Severity::Low => "Informational",
    }
}

/// What the connection speaks, in Suricata's words; `failed` for everything it does not know.
fn app_proto(alert: &Alert) -> &'static str {
    if let Some(mining) = &alert.mining {
        return match mining.carriers.last() {
            Some(Carrier::Http | Carrier::HttpConnect) => "http",
            Some(Carrier::WebSocket) => "websocket",
            _ => "failed",
        };
    }
    let of_flow = |evidence: &&Evidence| evidence.community_id == alert.flow.community_id;
    match alert.evidence.iter().rfind(of_flow).map(|evidence| evidence.kind) {
        Some(EvidenceKind::DnsQuery | EvidenceKind::DnsAnswer) => "dns",
        Some(EvidenceKind::TlsSni | EvidenceKind::TlsCertificate) => "tls",
        Some(EvidenceKind::QuicSni) => "quic",
        Some(EvidenceKind::HttpHost | EvidenceKind::HttpUrl) => "http",
        _ => "failed",
    }
}

/// `alert.metadata`: every value a list of strings, no list empty.
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

fn metadata(alert: &Alert, truncated: &[&'static str]) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.one("summary", &alert.summary);
    metadata.one("alert_id", &alert.id);
    metadata.one("incident", &alert.incident);
    metadata.one("state", json::name(&alert.state));
    metadata.one("verdict", alert.verdict.name());
    metadata.one("confidence", alert.confidence);
    metadata.one("signature_severity", signature_severity(alert.severity));
    metadata.one("first_seen", alert.first_seen);
    metadata.one("last_seen", alert.last_seen);
    metadata.one("host_ip", alert.host.ip);
    metadata.add("host_mac", alert.host.mac);
    metadata.add("host_vlan", alert.host.vlan);
    metadata.add("host_name", alert.host.names.iter().map(|known| &known.name));
    metadata.add("pool", alert.pool.name.as_ref());
    metadata.add("pool_domain", alert.pool.domain.as_ref());
    metadata.add("pool_ip", alert.pool.ip);
    metadata.add("pool_port", alert.pool.port);
    metadata.add("pool_class", alert.pool.class);
    if let Some(mining) = &alert.mining {
        add_mining(&mut metadata, mining);
    }
    metadata.add("note", notes(alert));
    add_attack(&mut metadata, &alert.attack);
    metadata.add("evidence", alert.evidence.iter().map(reason));
    metadata.add("evidence_omitted", Some(alert.evidence_omitted).filter(|&omitted| omitted > 0));
    metadata.add("truncated", truncated);
    metadata
}

fn add_mining(metadata: &mut Metadata, mining: &Mining) {
    metadata.one("dialect", mining.dialect);
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

/// To a tenth: the estimate is never better than that. `None` for what is no number.
fn rounded(figure: f64) -> Option<Number> {
    let tenths = (figure * 10.0).round() / 10.0;
    Number::from_f64(if tenths.is_finite() { tenths } else { figure })
}

/// What a reader has to know to judge the rest.
fn notes(alert: &Alert) -> Vec<&'static str> {
    let mining = alert.mining.as_ref();
    let has = |flag: fn(&Mining) -> bool| mining.is_some_and(flag);
    [
        (!alert.host.inside, "outside-home-net"),
        (has(|mining| mining.wallet_hidden), "wallet-hidden"),
        (has(|mining| mining.donation), "donation"),
        (has(|mining| mining.one_way), "one-way"),
        (has(|mining| mining.midstream), "midstream"),
    ]
    .into_iter()
    .filter_map(|(holds, note)| holds.then_some(note))
    .collect()
}

fn add_attack(metadata: &mut Metadata, ids: &[&'static str]) {
    let known: Vec<_> = ids.iter().filter_map(|&id| Some((id, technique(id)?))).collect();
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

    use super::*;
    use crate::output::sample;

    fn parsed(alert: &Alert) -> Value {
        serde_json::from_str(&line(alert, Some("sensor-1")).unwrap()).unwrap()
    }

    #[test]
    fn the_head_says_when_and_who() {
        let line = line(&sample::alert(), Some("sensor-1")).unwrap();
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
        let value = parsed(&sample::alert());
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
        let mut alert = sample::alert();
        alert.mining = None;
        for (kind, name) in [
            (EvidenceKind::DnsQuery, "dns"),
            (EvidenceKind::TlsSni, "tls"),
            (EvidenceKind::QuicSni, "quic"),
            (EvidenceKind::HttpHost, "http"),
            (EvidenceKind::PoolAddress, "failed"),
        ] {
            let mut reason = sample::reason(kind, 0, "x");
            reason.community_id = alert.flow.community_id.clone();
            alert.evidence = vec![reason];
            assert_eq!(parsed(&alert)["app_proto"], name);
        }
    }

    #[test]
    fn a_figure_that_is_no_number_is_left_out() {
        let mut alert = sample::alert();
        let mining = alert.mining.as_mut().unwrap();
        (mining.hashrate_hs, mining.difficulty) = (Some(f64::NAN), Some(f64::INFINITY));
        mining.hashrate_error = Some(f64::MAX);
        let metadata = parsed(&alert)["alert"]["metadata"].clone();
        assert_eq!((metadata.get("hashrate_hs"), metadata.get("difficulty")), (None, None));
        assert_eq!(metadata["hashrate_error"], json!(["1.7976931348623157e+308"]));
    }
}
