//! The hosts of the summary: a line an incident, what is known of it, and the reasons.

use std::net::SocketAddr;

use super::Totals;
use super::figures::{clock, grouped, moment, rate, shorten, until};
use super::text::{Colour, Page};
use crate::model::Alert;
use crate::model::alert::{Mining, Severity};
use crate::output::json;

/// Incidents shown; the JSON lines have them all.
const MAX_INCIDENTS: usize = 100;
/// Reasons shown for each.
const MAX_REASONS: usize = 8;
/// An address longer than this gets a line of its own: most IPv6 addresses do.
const HOST: usize = 17;
const HEADS: [&str; 7] = ["HOST", "VERDICT", "SEVERITY", "SINCE", "UNTIL", "SHARES", "HASHRATE"];

pub(super) fn render(totals: &Totals<'_>, page: &mut Page) {
    if totals.incidents.is_empty() {
        page.title(match totals.capture.problems.is_empty() {
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

    let mut incidents: Vec<&Alert> = totals.incidents.iter().collect();
    incidents.sort_by(|a, b| {
        let rank = |alert: &Alert| (alert.severity, alert.verdict, alert.confidence);
        rank(b).cmp(&rank(a)).then_with(|| a.first_seen.cmp(&b.first_seen)).then(a.id.cmp(&b.id))
    });
    incidents.truncate(MAX_INCIDENTS);
    let rows: Vec<_> = incidents.iter().map(|alert| row(alert)).collect();
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
    for (alert, row) in incidents.iter().zip(rows) {
        headline(alert, row, &widths, page);
        details(alert, page);
        reasons(alert, page);
        page.line("");
    }
    let more = count.saturating_sub(MAX_INCIDENTS as u64);
    if more > 0 {
        page.line(&format!("... and {} more in the alerts", grouped(more)));
        page.line("");
    }
}

fn row(alert: &Alert) -> [String; HEADS.len()] {
    let mining = alert.mining.as_ref();
    let shares = mining.map(|mining| &mining.shares).filter(|shares| shares.submitted > 0);
    let rate_of = |mining: &Mining| Some(rate(mining.hashrate_hs?, mining.hashrate_error));
    let dash = || "-".to_owned();
    [
        alert.host.ip.to_string(),
        alert.verdict.name().to_owned(),
        format!("{} {}%", json::name(&alert.severity), alert.confidence),
        moment(alert.first_seen),
        until(alert.last_seen, alert.first_seen),
        shares.map_or_else(dash, |shares| format!("{}/{}", shares.accepted, shares.submitted)),
        mining.and_then(rate_of).unwrap_or_else(dash),
    ]
}

fn aligned(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, &width)| format!("{cell:<width$}"));
    padded.collect::<Vec<_>>().join("  ")
}

fn headline(
    alert: &Alert,
    mut row: [String; HEADS.len()],
    widths: &[usize; HEADS.len()],
    page: &mut Page,
) {
    let colour = match alert.severity {
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

fn details(alert: &Alert, page: &mut Page) {
    page.entry("host", &host(alert));
    page.entry("pool", &pool(alert));
    let Some(mining) = &alert.mining else {
        page.entry("note", &alert.summary);
        return;
    };
    page.entry("miner", &miner(mining));
    page.entry("payee", &payee(mining));
    page.entry("refused", mining.refused.as_deref().unwrap_or_default());
}

/// The texts that are there, with commas.
fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn host(alert: &Alert) -> String {
    let host = &alert.host;
    let names: Vec<String> =
        host.names.iter().map(|known| format!("{} ({})", known.name, known.source)).collect();
    joined([
        host.mac.map(|mac| mac.to_string()),
        host.vlan.map(|vlan| format!("VLAN {vlan}")),
        (!names.is_empty()).then(|| names.join(", ")),
        (!host.inside).then(|| "not in home_net".to_owned()),
    ])
}

fn pool(alert: &Alert) -> String {
    let pool = &alert.pool;
    let address = pool.ip.map(|ip| match pool.port {
        Some(port) => SocketAddr::new(ip, port).to_string(),
        None => ip.to_string(),
    });
    // Intelligence without a name of its own for a pool calls it by its address or domain.
    let told = [pool.domain.as_ref(), address.as_ref()];
    let name = pool.name.as_ref().filter(|&name| !told.contains(&Some(name))).cloned();
    joined([
        pool.domain.clone(),
        address.map(|address| match pool.transport {
            Some(transport) => format!("{address}/{transport}"),
            None => address,
        }),
        name,
        pool.class.map(|class| format!("class {class}")),
    ])
}

fn miner(mining: &Mining) -> String {
    let carriers: Vec<String> = mining.carriers.iter().map(json::name).collect();
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

fn reasons(alert: &Alert, page: &mut Page) {
    for reason in alert.evidence.iter().take(MAX_REASONS) {
        let time = clock(reason.time, alert.first_seen);
        let kind = json::name(&reason.kind);
        let source = match &reason.indicator {
            Some(indicator) => format!("  [{indicator}; {}]", reason.source),
            None => String::new(),
        };
        page.line(&format!("  {time}  {kind:<15}  {}{source}", reason.detail));
    }
    let unseen = alert.evidence.len().saturating_sub(MAX_REASONS) as u64;
    let more = unseen.saturating_add(alert.evidence_omitted);
    if more > 0 {
        page.line(&format!("  and {} more reasons", grouped(more)));
    }
}
