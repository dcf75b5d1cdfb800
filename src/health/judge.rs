//! Judges the counters of a whole input.

use super::condition::{Condition, ConditionKind};
use crate::capture::CaptureStats;
use crate::decode::{DecodeStats, DecodeStop};
use crate::flow::FlowStats;
use crate::protocol::stats::ProtocolStats;

/// The share beyond which a part of the input is missing rather than damaged: more than half.
const MOST: f64 = 0.5;
/// The share of lost packets or payload that analysts of other sensors are warned at, too.
const LOSS: f64 = 0.03;
/// TCP connections after which DNS and TLS should have been seen. A network of people makes both
/// within a hundred; a scan of one machine makes neither.
const MANY_CONNECTIONS: u64 = 1000;
/// Values named in a sentence; the JSON summary has all.
const MAX_VALUES: usize = 5;

/// The counters that are judged.
#[derive(Clone, Copy, Debug)]
pub struct HealthCounters<'a> {
    /// Counters of the input.
    pub capture: &'a CaptureStats,
    /// Counters of the decoders.
    pub decode: &'a DecodeStats,
    /// Counters of the flow tables.
    pub flow: &'a FlowStats,
    /// Flows by protocol.
    pub protocols: &'a ProtocolStats,
    /// Packets whose time was not believed.
    pub strays: u64,
}

/// Returns the conditions that hold for an input, the worst first.
pub fn judge(counters: &HealthCounters<'_>) -> Vec<Condition> {
    let HealthCounters { capture, decode, flow, protocols, strays } = counters;
    let found = [
        not_understood(capture, decode),
        payload_cut(decode),
        nothing_passed_filter(capture, decode),
        one_way(flow),
        drops(capture),
        gaps(decode, flow),
        encrypted(decode),
        stray_times(decode, *strays),
        silent_protocol(ConditionKind::NoDns, flow, protocols),
        silent_protocol(ConditionKind::NoTls, flow, protocols),
    ];
    found.into_iter().flatten().collect()
}

fn not_understood(capture: &CaptureStats, decode: &DecodeStats) -> Option<Condition> {
    const DAMAGED: [DecodeStop; 8] = [
        DecodeStop::LinkTruncated,
        DecodeStop::LinkMalformed,
        DecodeStop::TooDeep,
        DecodeStop::IpTruncated,
        DecodeStop::IpMalformed,
        DecodeStop::TransportTruncated,
        DecodeStop::TransportMalformed,
        DecodeStop::FragmentMalformed,
    ];
    let sum = |stops: &[DecodeStop]| stops.iter().map(|&stop| decode.stopped(stop)).sum::<u64>();
    let total = decode.packets + capture.unsupported;
    let unknown = sum(&[DecodeStop::NotUnderstood, DecodeStop::LinkType]) + capture.unsupported;
    let damaged = sum(&DAMAGED);
    let share = share(unknown + damaged, total).filter(|&share| share > MOST)?;
    let mut parts = Vec::new();
    if unknown > 0 {
        let values = unknown_values(decode);
        let values = if values.is_empty() { String::new() } else { format!(" ({values})") };
        parts.push(format!("{unknown} were not understood{values}"));
    }
    for stop in DAMAGED {
        let count = decode.stopped(stop);
        if count > 0 {
            parts.push(format!("{count} stopped at {}", stop.name()));
        }
    }
    let hint = match unknown > damaged {
        true => {
            "; the section [decode] of the configuration can describe a tag or tunnel of this site"
        }
        false => "",
    };
    let parts = parts.join(", ");
    let text = format!("{} of {total} packets could not be read: {parts}{hint}", percent(share));
    Some(Condition { kind: ConditionKind::NotUnderstood, share, text })
}

/// The most frequent values that were not understood, with their packets.
fn unknown_values(decode: &DecodeStats) -> String {
    let values = decode.unknown.most_frequent();
    let shown = values.iter().take(MAX_VALUES).map(|(value, count)| format!("{value}: {count}"));
    shown.collect::<Vec<_>>().join(", ")
}

fn payload_cut(decode: &DecodeStats) -> Option<Condition> {
    let (cut, all) = (decode.cut_payloads, decode.payloads);
    let share = share(cut, all).filter(|&share| share > MOST)?;
    let text = format!(
        "the snap length has cut {} of {all} packets with payload, so messages are missing; \
         capture whole packets (tcpdump -s 0)",
        percent(share)
    );
    Some(Condition { kind: ConditionKind::PayloadCut, share, text })
}

fn nothing_passed_filter(capture: &CaptureStats, decode: &DecodeStats) -> Option<Condition> {
    (decode.packets == 0 && capture.filtered > 0).then(|| Condition {
        kind: ConditionKind::NothingPassedFilter,
        share: 1.0,
        text: format!(
            "the filter has left none of {} packets; on tagged traffic it needs `vlan` before \
             what follows the tag",
            capture.filtered
        ),
    })
}

fn one_way(flow: &FlowStats) -> Option<Condition> {
    let all = flow.one_way + flow.two_way;
    let share = share(flow.one_way, all).filter(|&share| share > MOST)?;
    let text = format!(
        "half of the traffic is missing: {} of {all} TCP connections were seen in one direction \
         only; mirror both directions",
        percent(share)
    );
    Some(Condition { kind: ConditionKind::OneWay, share, text })
}

fn drops(capture: &CaptureStats) -> Option<Condition> {
    let dropped = capture.kernel_drops + capture.interface_drops;
    let share = share(dropped, capture.packets + dropped).filter(|&share| share > LOSS)?;
    let text = format!("{} of the packets were dropped before they were read", percent(share));
    Some(Condition { kind: ConditionKind::Drops, share, text })
}

fn gaps(decode: &DecodeStats, flow: &FlowStats) -> Option<Condition> {
    let share = share(flow.lost_bytes, flow.lost_bytes + decode.bytes);
    let share = share.filter(|&share| share > LOSS)?;
    let text = format!(
        "{} of the data was acknowledged but never seen: the mirror or the capture lost it",
        percent(share)
    );
    Some(Condition { kind: ConditionKind::Gaps, share, text })
}

fn encrypted(decode: &DecodeStats) -> Option<Condition> {
    let encrypted = decode.stopped(DecodeStop::Encrypted);
    let share = share(encrypted, decode.packets).filter(|&share| share > MOST)?;
    let text = format!(
        "{} of the packets are encrypted (Wi-Fi, MACsec or IPsec) and cannot be read",
        percent(share)
    );
    Some(Condition { kind: ConditionKind::Encrypted, share, text })
}

fn stray_times(decode: &DecodeStats, strays: u64) -> Option<Condition> {
    let share = share(strays, decode.packets).filter(|_| strays > 0)?;
    let text = format!(
        "{strays} packets have times over an hour ahead of all others; they were read as if they \
         had come with the others"
    );
    Some(Condition { kind: ConditionKind::StrayTimes, share, text })
}

fn silent_protocol(
    kind: ConditionKind,
    flow: &FlowStats,
    protocols: &ProtocolStats,
) -> Option<Condition> {
    let (name, shown) = match kind {
        ConditionKind::NoDns => ("dns", "DNS message"),
        _ => ("tls", "TLS handshake"),
    };
    (flow.two_way >= MANY_CONNECTIONS && protocols.flows(name) == 0).then(|| Condition {
        kind,
        share: 1.0,
        text: format!(
            "no {shown} was seen among {} TCP connections: is that traffic mirrored?",
            flow.two_way
        ),
    })
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A share for people: `62 %`, and never `100 %` of what is not all.
fn percent(share: f64) -> String {
    match share {
        1.0 => "all".to_owned(),
        share => format!("{:.0} %", (share * 100.0).min(99.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counters of a healthy input of a thousand packets.
    #[derive(Default)]
    struct Input {
        capture: CaptureStats,
        decode: DecodeStats,
        flow: FlowStats,
        protocols: ProtocolStats,
    }

    impl Input {
        fn healthy() -> Input {
            let mut input = Input::default();
            (input.capture.packets, input.decode.packets) = (1000, 1000);
            (input.decode.bytes, input.flow.two_way) = (1_000_000, 20);
            input
        }

        fn kinds(&self) -> Vec<ConditionKind> {
            let Input { capture, decode, flow, protocols } = self;
            let counters = HealthCounters { capture, decode, flow, protocols, strays: 0 };
            judge(&counters).iter().map(|condition| condition.kind).collect()
        }
    }

    #[test]
    fn a_healthy_input_and_an_empty_one_are_in_no_condition() {
        assert_eq!(Input::healthy().kinds(), []);
        assert_eq!(Input::default().kinds(), []);
    }

    #[test]
    fn packets_of_unknown_link_types_are_not_understood() {
        let mut input = Input::healthy();
        input.capture.unsupported = 1000;
        assert_eq!(input.kinds(), [], "half is not most");
        input.capture.unsupported += 1;
        assert_eq!(input.kinds(), [ConditionKind::NotUnderstood]);
    }

    #[test]
    fn a_filter_that_leaves_nothing_is_told() {
        let mut input = Input::default();
        input.capture.filtered = 7;
        assert_eq!(input.kinds(), [ConditionKind::NothingPassedFilter]);
        input.decode.packets = 1;
        assert_eq!(input.kinds(), []);
    }

    #[test]
    fn most_connections_in_one_direction_are_half_a_mirror() {
        let mut input = Input::healthy();
        input.flow.one_way = 20;
        assert_eq!(input.kinds(), []);
        input.flow.one_way = 21;
        assert_eq!(input.kinds(), [ConditionKind::OneWay]);
    }

    #[test]
    fn cut_payloads_are_told_from_cut_packets_without_payload() {
        let mut input = Input::healthy();
        (input.decode.cut, input.decode.payloads, input.decode.cut_payloads) = (900, 100, 50);
        assert_eq!(input.kinds(), []);
        input.decode.cut_payloads = 51;
        assert_eq!(input.kinds(), [ConditionKind::PayloadCut]);
    }

    #[test]
    fn drops_and_gaps_beyond_three_percent_are_told() {
        let mut input = Input::healthy();
        input.capture.kernel_drops = 32;
        input.flow.lost_bytes = 32_000;
        assert_eq!(input.kinds(), [ConditionKind::Drops, ConditionKind::Gaps]);
    }

    #[test]
    fn many_connections_without_dns_or_tls_are_told() {
        let mut input = Input::healthy();
        input.flow.two_way = MANY_CONNECTIONS;
        assert_eq!(input.kinds(), [ConditionKind::NoDns, ConditionKind::NoTls]);
        input.protocols.count(0, "dns");
        assert_eq!(input.kinds(), [ConditionKind::NoTls]);
    }
}
