//! The summary as text for a terminal, plain lines without boxes.

use std::fmt::Write;
use std::time::Duration;

use super::figures::{bytes, clock, counts, grouped, moment};
use super::page::Page;
use super::{Screen, Totals, hosts};
use crate::decode::DecodeStats;

/// Problems shown; the JSON summary has all of them.
const MAX_PROBLEMS: usize = 20;
/// Values shown that were not understood.
const MAX_UNKNOWN: usize = 6;

pub(super) fn render(totals: &Totals<'_>, screen: Screen) -> String {
    let mut page = Page::new(screen);
    conditions(totals, &mut page);
    hosts::render(totals, &mut page);
    page.title("Analysed (times in UTC)");
    packets(totals, &mut page);
    flows(totals, &mut page);
    latency(totals, &mut page);
    losses(totals, &mut page);
    problems(totals, &mut page);
    page.into_text()
}

/// Lists what the sensor could not see, before what it found.
fn conditions(totals: &Totals<'_>, page: &mut Page) {
    if totals.conditions.is_empty() {
        return;
    }
    page.title("The sensor could not see everything.");
    for condition in totals.conditions {
        page.warning("blind", &condition.to_string());
    }
    page.line("");
}

fn packets(totals: &Totals<'_>, page: &mut Page) {
    let (capture, decode) = (totals.capture, totals.decode);
    let mut text = format!("{} ({})", grouped(capture.packets), bytes(capture.bytes));
    if let Some((first, last)) = totals.span {
        let _ = write!(text, " from {} to {}", moment(first), clock(last, first));
    }
    page.entry("packets", &text);
    let kinds = [
        ("IPv4", decode.ipv4),
        ("IPv6", decode.ipv6),
        ("TCP", decode.tcp),
        ("UDP", decode.udp),
        ("other", decode.other),
        ("VLAN", decode.vlan),
        ("tunnelled", decode.tunnelled),
        ("reassembled", decode.reassembled),
    ];
    page.entry("decoded", &counts(&kinds));
    let stops: Vec<_> = decode.stops().map(|(reason, count)| (reason.name(), count)).collect();
    page.entry("stopped", &counts(&stops));
    page.entry("not read", &unknown(decode));
}

/// The most frequent values that were not understood, with their packets.
fn unknown(decode: &DecodeStats) -> String {
    let values = decode.unknown.most_frequent();
    let shown = values.iter().take(MAX_UNKNOWN);
    let mut parts: Vec<String> =
        shown.map(|(value, count)| format!("{value} {}", grouped(*count))).collect();
    let more = values.iter().skip(MAX_UNKNOWN).map(|(_, count)| count).sum::<u64>();
    let more = more + decode.unknown.others();
    if more > 0 {
        parts.push(format!("others {}", grouped(more)));
    }
    parts.join(", ")
}

fn flows(totals: &Totals<'_>, page: &mut Page) {
    let flow = totals.flow;
    let kinds = [
        ("TCP", flow.tcp),
        ("UDP", flow.udp),
        ("at once", flow.peak),
        ("under way before", flow.midstream),
    ];
    page.entry("flows", &format!("{} ({})", grouped(flow.opened), counts(&kinds)));
    let repairs = [
        ("out of order", flow.out_of_order),
        ("bytes sent again", flow.retransmitted_bytes),
        ("gaps", flow.gaps),
        ("bytes lost", flow.lost_bytes),
        ("strays", flow.strays),
    ];
    page.entry("streams", &counts(&repairs));
}

fn latency(totals: &Totals<'_>, page: &mut Page) {
    let Some(latency) = totals.latency else { return };
    let millis = |delay: Duration| format!("{:.1} ms", delay.as_secs_f64() * 1e3);
    let (median, p99) = (millis(latency.median), millis(latency.p99));
    page.entry("latency", &format!("{median} from packet to alert, 99 % within {p99}"));
}

/// Lists everything that was not analysed, whatever the cause.
fn losses(totals: &Totals<'_>, page: &mut Page) {
    let (capture, decode) = (totals.capture, totals.decode);
    let losses = [
        ("by the kernel", capture.kernel_drops),
        ("by the interface", capture.interface_drops),
        ("of unsupported link type", capture.unsupported),
        ("by the filter", capture.filtered),
        ("cut by the snap length", decode.cut),
        ("fragments given up", decode.fragments_dropped),
        ("flows given up", totals.flow.evicted),
    ];
    page.warning("dropped", &counts(&losses));
    let shed = capture.bypassed;
    if shed.packets > 0 {
        let time = Duration::from_millis(shed.milliseconds).as_secs_f64();
        let size = bytes(shed.bytes);
        let text = format!("{} ({size}) of settled flows in {time:.1} s", grouped(shed.packets));
        page.warning("shed", &text);
    }
}

fn problems(totals: &Totals<'_>, page: &mut Page) {
    let capture = totals.capture;
    for problem in capture.problems.iter().take(MAX_PROBLEMS) {
        page.warning("problem", &problem.to_string());
    }
    let unseen = capture.problems.len().saturating_sub(MAX_PROBLEMS) as u64;
    let more = unseen + capture.problems_omitted;
    if more > 0 {
        page.warning("problem", &format!("and {} more", grouped(more)));
    }
    for name in &capture.waiting_for {
        page.warning("waiting", &format!("for {name}"));
    }
}
