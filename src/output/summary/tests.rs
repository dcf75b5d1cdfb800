//! The summary as a reader sees it.

use super::*;
use crate::capture::BypassStats;
use crate::capture::{CaptureStats, InputProblem};
use crate::model::record::{Body, EvidenceKind, Severity, Verdict};
use crate::output::encoder::sample;

fn shown(
    incidents: &[Record],
    capture: &CaptureStats,
    format: SummaryStyle,
    colour: bool,
) -> String {
    let (mut decode, mut flow) = (DecodeStats::default(), FlowStats::default());
    (decode.ipv4, decode.tcp) = (1_234_000, 1_200_000);
    (flow.opened, flow.tcp, flow.peak) = (4321, 4000, 77);
    let totals = Totals {
        incidents,
        incidents_omitted: 0,
        alerts: 3,
        span: Some((sample::time(0), sample::time(3_600))),
        latency: None,
        capture,
        decode: &decode,
        flow: &flow,
        conditions: &[],
    };
    let mut text = Vec::new();
    write(&mut text, &totals, format, Screen { columns: 100, colour }).unwrap();
    String::from_utf8(text).unwrap()
}

fn capture() -> CaptureStats {
    CaptureStats { packets: 1_234_567, bytes: 987_654_321, ..CaptureStats::default() }
}

#[test]
fn an_incident_is_told_in_a_line_with_what_is_known_below() {
    let text = shown(&[sample::record()], &capture(), SummaryStyle::Text, false);
    let expected = "\
1 incident of mining in 3 alerts (times in UTC)

HOST      VERDICT  SEVERITY      SINCE                UNTIL     SHARES  HASHRATE
10.0.0.7  active   critical 99%  2026-11-03 09:15:00  09:54:00  11/12   612 H/s +-29%
  host      02:00:5e:10:00:07, VLAN 120, lab-pc-7 (dhcp)
  pool      eu.pool.example, 192.0.2.9:3333/tcp, Example Pool, class pool
  miner     XMRig/6.21.0 (Linux x86_64), XMR, rx/0, dialect monero, inside socks5
  payee     wallet 4INVENTE...tests7Qx, worker rig7
  09:15:00  dns-query        eu.pool.example  [pool.example; list 2026-11-01]
  09:15:01  login            login with XMRig/6.21.0 (192.0.2.9:3333)
  09:16:00  share            first share (192.0.2.9:3333)

Analysed (times in UTC)
  packets   1,234,567 (987.7 MB) from 2026-11-03 09:15:00 to 10:15:00
  decoded   IPv4 1,234,000, TCP 1,200,000
  flows     4,321 (TCP 4,000, at once 77)
";
    assert_eq!(text, expected);
}

#[test]
fn nothing_found_is_said_in_words() {
    let text = shown(&[], &capture(), SummaryStyle::Text, false);
    assert!(text.starts_with("No mining was seen.\n"));
}

#[test]
fn nothing_found_in_a_part_of_the_input_is_not_nothing_found() {
    let mut capture = capture();
    capture.problems.push(InputProblem::interrupted());
    let text = shown(&[], &capture, SummaryStyle::Text, false);
    assert!(text.starts_with("No mining was seen in what could be read.\n"), "{text}");
    assert!(text.contains("  problem   input: interrupted, not read to its end\n"), "{text}");
    let text = shown(&[], &capture, SummaryStyle::Json, false);
    assert!(text.contains("interrupted, not read to its end"), "{text}");
}

#[test]
fn the_worst_comes_first_and_long_addresses_keep_the_table_straight() {
    let mut low = sample::record();
    let Body::Mining(incident) = &mut low.body;
    (incident.verdict, incident.mining) = (Verdict::Contact, None);
    low.head.severity = Severity::Low;
    low.head.host.ip = "2001:db8:1234:5678:9abc:def0:1234:5678".parse().unwrap();
    let text = shown(&[low, sample::record()], &capture(), SummaryStyle::Text, false);
    let worst = text.find("critical 99%").unwrap();
    let least = text.find("\n2001:db8:1234:5678:9abc:def0:1234:5678\n          contact").unwrap();
    assert!(worst < least, "{text}");
}

#[test]
fn lost_packets_and_broken_files_are_told() {
    let mut capture = capture();
    (capture.kernel_drops, capture.interface_drops) = (1_500, 2);
    let text = shown(&[], &capture, SummaryStyle::Text, false);
    assert!(text.contains("  dropped   by the kernel 1,500, by the interface 2\n"), "{text}");
}

#[test]
fn what_an_overloaded_sensor_shed_is_told() {
    let mut capture = capture();
    assert!(!shown(&[], &capture, SummaryStyle::Text, false).contains("shed"));
    capture.bypassed = BypassStats { packets: 1_500, bytes: 2_100_000, milliseconds: 3_420 };
    let text = shown(&[], &capture, SummaryStyle::Text, false);
    assert!(text.contains("  shed      1,500 (2.1 MB) of settled flows in 3.4 s\n"), "{text}");
}

#[test]
fn an_attackers_text_steers_no_terminal_and_makes_no_line_too_wide() {
    let mut alert = sample::record();
    let hostile = "\u{1b}[2J\u{202e}\u{200b}\n\u{9b}31m".repeat(40);
    alert.head.host.names[0].name.clone_from(&hostile);
    let Body::Mining(incident) = &mut alert.body;
    incident.pool.domain = Some(hostile.clone());
    alert.head.evidence = vec![sample::reason(EvidenceKind::Login, 0, &hostile)];
    let mining = sample::mining(&mut alert);
    (mining.worker, mining.wallet) = (Some(hostile.clone()), None);
    (mining.login, mining.refused) = (Some(hostile.clone()), Some(hostile));
    let text = shown(&[alert], &capture(), SummaryStyle::Text, false);
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}' || c == '\u{200b}'));
    }
}

#[test]
fn only_a_terminal_gets_colour() {
    let alerts = [sample::record()];
    assert!(!shown(&alerts, &capture(), SummaryStyle::Text, false).contains('\u{1b}'));
    assert!(shown(&alerts, &capture(), SummaryStyle::Text, true).contains("\u{1b}[1;31m10.0.0.7"));
}

#[test]
fn the_json_variant_holds_the_counters_by_name() {
    let text = shown(&[sample::record()], &capture(), SummaryStyle::Json, false);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], "minewatch-summary/1");
    assert_eq!(value["incidents"][0]["host"]["ip"], "10.0.0.7");
    assert_eq!(value["capture"]["packets"], 1_234_567);
    assert_eq!(value["decode"]["stopped"]["not_ip"], 0);
    assert_eq!(value["flow"]["opened"], 4321);
    assert_eq!(value["last_packet"], "2026-11-03T10:15:00.250000Z");
}

#[test]
fn none_is_none() {
    assert_eq!(shown(&[], &capture(), SummaryStyle::None, false), "");
}
