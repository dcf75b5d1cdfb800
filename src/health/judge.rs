//! Judges counters: which conditions hold, and which do not.

use super::condition::{Condition, thousandths};
use super::counters::{DAMAGED, HealthCounters};
use crate::config::HealthSettings;
use crate::decode::DecodeStats;
use crate::model::record::ConditionKind;

/// The share beyond which most of something is missing.
const MOST: f64 = 0.5;
/// TCP connections after which DNS and TLS should have been seen. A network of people makes both
/// within a hundred; a scan of one machine makes neither.
const MANY_CONNECTIONS: u64 = 1000;
/// Values named in a sentence; the JSON summary has all.
const MAX_VALUES: usize = 5;

/// How much must have been counted before it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Minimum {
    /// Packets, with payload or without.
    pub packets: u64,
    /// Connections.
    pub connections: u64,
}

impl Minimum {
    /// For a whole input: what there is counts.
    pub(super) const INPUT: Minimum = Minimum { packets: 1, connections: 1 };
    /// For a window of live traffic: a handful of packets at night is no sign of anything.
    pub(super) const WINDOW: Minimum = Minimum { packets: 100, connections: 20 };
}

/// One kind that was judged.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judgement {
    pub kind: ConditionKind,
    /// The condition, if it holds.
    pub condition: Option<Condition>,
}

/// Returns the conditions that hold for a whole input, the worst first. `decode` names what was not
/// understood.
pub fn judge(
    counters: &HealthCounters,
    decode: &DecodeStats,
    settings: &HealthSettings,
) -> Vec<Condition> {
    let judged = judgements(counters, decode, settings, Minimum::INPUT);
    let silent = silent_protocols(counters);
    judged.into_iter().chain(silent).filter_map(|judgement| judgement.condition).collect()
}

/// Judges all kinds for which enough was counted, but for [`silent_protocols`].
pub(super) fn judgements(
    counters: &HealthCounters,
    decode: &DecodeStats,
    settings: &HealthSettings,
    minimum: Minimum,
) -> Vec<Judgement> {
    let HealthCounters { packets, .. } = *counters;
    let unreadable = counters.not_understood + counters.damaged;
    let connections = counters.one_way + counters.two_way;
    let offered = packets + counters.dropped;
    let data = counters.bytes + counters.lost_bytes;
    let judged = [
        (ConditionKind::NotUnderstood, unreadable, packets, settings.unreadable, minimum.packets),
        (
            ConditionKind::PayloadCut,
            counters.cut_payloads,
            counters.payloads,
            settings.payload_cut,
            minimum.connections,
        ),
        (
            ConditionKind::OneWay,
            counters.one_way,
            connections,
            settings.one_way,
            minimum.connections,
        ),
        (ConditionKind::Drops, counters.dropped, offered, settings.drops_warning, minimum.packets),
        (ConditionKind::Gaps, counters.lost_bytes, data, settings.gaps, minimum.packets),
        (ConditionKind::Encrypted, counters.encrypted, packets, MOST, minimum.packets),
        (ConditionKind::StrayTimes, counters.strays, packets, 0.0, minimum.packets),
    ];
    let mut judgements: Vec<Judgement> = judged
        .into_iter()
        .filter(|&(_, _, whole, _, least)| whole >= least)
        .map(|(kind, part, whole, threshold, _)| {
            let share = part as f64 / whole as f64;
            let condition = (share > threshold).then(|| Condition {
                kind,
                share: Some(thousandths(share)),
                threshold: Some(threshold),
                text: match kind {
                    ConditionKind::NotUnderstood => unreadable_text(share, counters, decode),
                    _ => text(kind, share, part, whole),
                },
            });
            Judgement { kind, condition }
        })
        .collect();
    if counters.filtered > 0 {
        let kind = ConditionKind::NothingPassedFilter;
        let condition = (packets == 0).then(|| Condition {
            kind,
            share: Some(1.0),
            threshold: None,
            text: format!(
                "the filter has left none of {} packets; on tagged traffic it needs `vlan` before \
                 what follows the tag",
                counters.filtered
            ),
        });
        judgements.push(Judgement { kind, condition });
    }
    judgements
}

/// Judges whether protocols are missing that every network of people has, once there were many
/// connections.
pub(super) fn silent_protocols(counters: &HealthCounters) -> Vec<Judgement> {
    let protocols = [
        (ConditionKind::NoDns, counters.dns, "DNS message"),
        (ConditionKind::NoTls, counters.tls, "TLS handshake"),
    ];
    let many = counters.two_way >= MANY_CONNECTIONS;
    let judged = protocols.into_iter().filter(|&(_, seen, _)| many || seen > 0);
    judged
        .map(|(kind, seen, name)| Judgement {
            kind,
            condition: (seen == 0).then(|| Condition {
                kind,
                share: None,
                threshold: None,
                text: format!(
                    "no {name} was seen among {} TCP connections: is that traffic mirrored?",
                    counters.two_way
                ),
            }),
        })
        .collect()
}

fn text(kind: ConditionKind, share: f64, part: u64, whole: u64) -> String {
    let share = percent(share);
    match kind {
        ConditionKind::PayloadCut => format!(
            "the snap length has cut {share} of {whole} packets with payload, so messages are \
             missing; capture whole packets (tcpdump -s 0)"
        ),
        ConditionKind::OneWay => format!(
            "half of the traffic is missing: {share} of {whole} TCP connections were seen in one \
             direction only; mirror both directions"
        ),
        ConditionKind::Drops => {
            format!("{share} of the packets were dropped before they were read")
        }
        ConditionKind::Gaps => format!(
            "{share} of the data of TCP connections is missing: the mirror or the capture lost it"
        ),
        ConditionKind::Encrypted => format!(
            "{share} of the packets are encrypted (Wi-Fi, MACsec or IPsec) and cannot be read"
        ),
        _ => format!(
            "{part} packets have times over an hour ahead of all others; they were read as if \
             they had come with the others"
        ),
    }
}

fn unreadable_text(share: f64, counters: &HealthCounters, decode: &DecodeStats) -> String {
    let mut parts = Vec::new();
    if counters.not_understood > 0 {
        let values = decode.unknown.most_frequent();
        let shown =
            values.iter().take(MAX_VALUES).map(|(value, count)| format!("{value}: {count}"));
        let shown = shown.collect::<Vec<_>>().join(", ");
        let shown = if shown.is_empty() { shown } else { format!(" ({shown})") };
        parts.push(format!("{} were not understood{shown}", counters.not_understood));
    }
    if counters.damaged > 0 {
        let stops = DAMAGED.into_iter().filter(|&stop| decode.stopped(stop) > 0);
        let stops: Vec<&str> = stops.map(|stop| stop.name()).collect();
        parts.push(format!("{} are damaged ({})", counters.damaged, stops.join(", ")));
    }
    let hint = match counters.not_understood > counters.damaged {
        true => {
            "; the section [decode] of the configuration can describe a tag or tunnel of this site"
        }
        false => "",
    };
    let (share, packets) = (percent(share), counters.packets);
    format!("{share} of {packets} packets could not be read: {}{hint}", parts.join(", "))
}

/// A share for people: `62 %`, and never `100 %` of what is not all.
fn percent(share: f64) -> String {
    if share >= 1.0 { "all".to_owned() } else { format!("{:.0} %", (share * 100.0).min(99.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> HealthCounters {
        HealthCounters { packets: 1000, bytes: 1_000_000, two_way: 20, ..Default::default() }
    }

    fn kinds(counters: &HealthCounters) -> Vec<ConditionKind> {
        let found = judge(counters, &DecodeStats::default(), &HealthSettings::default());
        found.iter().map(|condition| condition.kind).collect()
    }

    #[test]
    fn a_healthy_input_and_an_empty_one_are_in_no_condition() {
        assert_eq!(kinds(&healthy()), []);
        assert_eq!(kinds(&HealthCounters::default()), []);
    }

    #[test]
    fn a_share_at_its_threshold_is_fine_and_beyond_it_is_not() {
        use ConditionKind::{Drops, Encrypted, Gaps, NotUnderstood, OneWay, PayloadCut};
        type Change = fn(&mut HealthCounters, u64);
        let cases: [(ConditionKind, u64, Change); 6] = [
            (NotUnderstood, 500, |counters, count| counters.not_understood = count),
            (NotUnderstood, 500, |counters, count| counters.damaged = count),
            (PayloadCut, 50, |counters, count| {
                (counters.payloads, counters.cut_payloads) = (100, count);
            }),
            (OneWay, 20, |counters, count| counters.one_way = count),
            (Encrypted, 500, |counters, count| counters.encrypted = count),
            (Gaps, 30_927, |counters, count| counters.lost_bytes = count),
        ];
        for (kind, most, change) in cases {
            let mut counters = healthy();
            change(&mut counters, most);
            assert_eq!(kinds(&counters), [], "{most} of {kind:?}");
            change(&mut counters, most + 1);
            assert_eq!(kinds(&counters), [kind], "{} of {kind:?}", most + 1);
        }
        assert_eq!(kinds(&HealthCounters { dropped: 31, ..healthy() }), [Drops]);
    }

    #[test]
    fn a_filter_that_leaves_nothing_is_told() {
        let mut counters = HealthCounters { filtered: 7, ..Default::default() };
        assert_eq!(kinds(&counters), [ConditionKind::NothingPassedFilter]);
        counters.packets = 1;
        assert_eq!(kinds(&counters), []);
    }

    #[test]
    fn many_connections_without_dns_or_tls_are_told() {
        let mut counters = HealthCounters { two_way: MANY_CONNECTIONS, ..healthy() };
        assert_eq!(kinds(&counters), [ConditionKind::NoDns, ConditionKind::NoTls]);
        counters.dns = 1;
        assert_eq!(kinds(&counters), [ConditionKind::NoTls]);
    }

    #[test]
    fn a_window_with_little_traffic_is_not_judged() {
        let counters =
            HealthCounters { packets: 99, not_understood: 99, one_way: 19, ..Default::default() };
        let settings = HealthSettings::default();
        let judged = judgements(&counters, &DecodeStats::default(), &settings, Minimum::WINDOW);
        assert!(judged.iter().all(|judgement| judgement.condition.is_none()), "{judged:?}");
        assert!(!judged.iter().any(|judgement| judgement.kind == ConditionKind::OneWay));
    }
}
