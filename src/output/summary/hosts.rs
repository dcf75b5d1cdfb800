//! The hosts of the summary: a line for each incident, its details and its reasons.

use std::net::SocketAddr;

use super::Totals;
use super::figures::{clock, grouped, moment, rate, shorten, until};
use super::page::{Colour, Page};
use crate::model::record::{Head, Mining, MiningIncident, Pool, Record, Severity, Verdict};
use crate::output::encoder::json_name;

/// Incidents shown; the JSON lines have all of them.
const MAX_INCIDENTS: usize = 100;
/// Reasons shown for each.
const MAX_REASONS: usize = 8;
/// An address longer than this gets a line of its own: most IPv6 addresses do.
const HOST: usize = 17;
const HEADS: [&str; 7] = ["HOST", "VERDICT", "SEVERITY", "SINCE", "UNTIL", "SHARES", "HASHRATE"];

/// Whether everything in the input was analysed.
fn is_whole(totals: &Totals<'_>) -> bool {
    totals.conditions.is_empty()
        && totals.capture.problems.iter().all(|problem| problem.reason.is_note())
}

pub(super) fn render(totals: &Totals<'_>, page: &mut Page) {
    if totals.incidents.is_empty() {
        page.title(match is_whole(totals) {
            true => "No mining was seen.",
            false => "No mining was seen in what could be read.",
        });
        page.line("");
        return;
    }
    let count = totals.incidents.len() as u64 + totals.incidents_omitted;
    let noun = if count == 1 { "incident" } else { "incidents" };
    page.title(&format!(
        "{} {noun} of mining in {} alerts (times in UTC)",
        grouped(count),
        grouped(totals.alerts)
    ));
    page.line("");

    let incidents = totals.incidents.iter().filter_map(|record| {
        let Record { head, .. } = record;
        Some((head, record.mining()?))
    });
    let mut incidents: Vec<(&Head, &MiningIncident)> = incidents.collect();
    incidents.sort_by(|(a, one), (b, other)| {
        let rank = |head: &Head, verdict: Verdict| (head.severity, verdict.rung(), head.confidence);
        let worst = rank(b, other.verdict).cmp(&rank(a, one.verdict));
        worst.then_with(|| a.first_seen.cmp(&b.first_seen)).then_with(|| a.id.cmp(&b.id))
    });
    incidents.truncate(MAX_INCIDENTS);
    let rows: Vec<_> = incidents.iter().map(|(head, incident)| row(head, incident)).collect();
    let mut widths = HEADS.map(str::len);
    for row in &rows {
        for (at, (width, cell)) in widths.iter_mut().zip(row).enumerate() {
            let length = cell.chars().count();
            if at > 0 || length <= HOST {
                *width = length.max(*width);
            }
        }
    }
    let heads = aligned(&HEADS.map(str::to_owned), &widths);
    page.coloured(&heads, Colour::Dim);
    for ((head, incident), row) in incidents.iter().zip(rows) {
        headline(head.severity, row, &widths, page);
        details(head, incident, page);
        reasons(head, page);
        page.line("");
    }
    let more = count.saturating_sub(MAX_INCIDENTS as u64);
    if more > 0 {
        page.line(&format!("... and {} more in the alerts", grouped(more)));
        page.line("");
    }
}

fn row(head: &Head, incident: &MiningIncident) -> [String; HEADS.len()] {
    let mining = incident.mining.as_ref();
    let shares = mining.map(|mining| &mining.shares).filter(|shares| shares.submitted > 0);
    let rate_of = |mining: &Mining| Some(rate(mining.hashrate_hs?, mining.hashrate_error));
    let dash = || "-".to_owned();
    [
        head.host.ip.to_string(),
        incident.verdict.name().to_owned(),
        format!("{} {}%", json_name(&head.severity), head.confidence),
        moment(head.first_seen),
        until(head.last_seen, head.first_seen),
        shares.map_or_else(dash, |shares| format!("{}/{}", shares.accepted, shares.submitted)),
        mining.and_then(rate_of).unwrap_or_else(dash),
    ]
}

fn aligned(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, &width)| format!("{cell:<width$}"));
    padded.collect::<Vec<_>>().join("  ")
}

fn headline(
    severity: Severity,
    mut row: [String; HEADS.len()],
    widths: &[usize; HEADS.len()],
    page: &mut Page,
) {
    let colour = match severity {
        Severity::Critical | Severity::High => Colour::Red,
        Severity::Medium => Colour::Yellow,
        Severity::Low => Colour::Cyan,
    };
    let [host, ..] = &mut row;
    if host.chars().count() > HOST {
        page.coloured(&std::mem::take(host), colour);
    }
    page.coloured(&aligned(&row, widths), colour);
}

fn details(head: &Head, incident: &MiningIncident, page: &mut Page) {
    page.entry("host", &host(head));
    page.entry("pool", &pool(&incident.pool));
    let Some(mining) = &incident.mining else {
        page.entry("note", &head.summary);
        return;
    };
    page.entry("miner", &miner(mining));
    page.entry("payee", &payee(mining));
    page.entry("refused", mining.refused.as_deref().unwrap_or_default());
}

/// Joins the texts that are present with commas.
fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn host(head: &Head) -> String {
    let host = &head.host;
    let names: Vec<String> =
        host.names.iter().map(|known| format!("{} ({})", known.name, known.source)).collect();
    joined([
        host.mac.map(|mac| mac.to_string()),
        host.vlan.map(|vlan| format!("VLAN {vlan}")),
        (!names.is_empty()).then(|| names.join(", ")),
        (!host.inside).then(|| "not in home_net".to_owned()),
    ])
}

fn pool(pool: &Pool) -> String {
    let address = pool.ip.map(|ip| match pool.port {
        Some(port) => SocketAddr::new(ip, port).to_string(),
        None => ip.to_string(),
    });
    // Where the intelligence has no name for a pool, it uses the address or domain as the name.
    let told = [pool.domain.as_ref(), address.as_ref()];
    let name = pool.name.as_ref().filter(|&name| !told.contains(&Some(name))).cloned();
    joined([
        pool.domain.clone(),
        address.map(|address| match &pool.transport {
            Some(transport) => format!("{address}/{transport}"),
            None => address,
        }),
        name,
        pool.class.as_ref().map(|class| format!("class {class}")),
    ])
}

fn miner(mining: &Mining) -> String {
    let carriers: Vec<String> = mining.carriers.iter().map(json_name).collect();
    joined([
        mining.agent.clone(),
        mining.coin.clone(),
        mining.algorithm.clone(),
        Some(format!("dialect {}", mining.dialect)),
        (!carriers.is_empty()).then(|| format!("inside {}", carriers.join(", "))),
        mining.one_way.then(|| "one direction seen".to_owned()),
        mining.midstream.then(|| "start not seen".to_owned()),
    ])
}

fn payee(mining: &Mining) -> String {
    let wallet = mining.wallet.as_deref().map(|wallet| format!("wallet {}", shorten(wallet)));
    let login = mining.login.as_deref().map(|login| format!("login {}", shorten(login)));
    joined([
        wallet.or(login),
        mining.worker.as_ref().map(|worker| format!("worker {worker}")),
        mining.wallet_hidden.then(|| "wallet hidden by a proxy or an account".to_owned()),
        mining.donation.then(|| "donation round".to_owned()),
    ])
}

fn reasons(head: &Head, page: &mut Page) {
    for reason in head.evidence.iter().take(MAX_REASONS) {
        let time = clock(reason.time, head.first_seen);
        let kind = json_name(&reason.kind);
        let source = match &reason.indicator {
            Some(indicator) => format!("  [{indicator}; {}]", reason.source),
            None => String::new(),
        };
        page.line(&format!("  {time}  {kind:<15}  {}{source}", reason.detail));
    }
    let unseen = head.evidence.len().saturating_sub(MAX_REASONS) as u64;
    let more = unseen.saturating_add(head.evidence_omitted);
    if more > 0 {
        page.line(&format!("  and {} more reasons", grouped(more)));
    }
}
