//! Writes the summary of an incident: one sentence for the analyst.

use std::fmt::Write;

use crate::correlate::assess;
use crate::correlate::host::HostFacts;
use crate::model::record::{
    Evidence, Head, Host, IncidentState, Mining, MiningIncident, Pool, Shares, Verdict, WalletState,
};
use crate::model::text::Abbreviation;

/// Shortens a wallet to `47abcd…efghij`, which is enough to recognise it.
const WALLET: Abbreviation = Abbreviation { whole: 13, head: 6, mark: "…", tail: 6 };

/// The summary: what happened, which host did it, and where the payout goes.
pub(super) fn summary(head: &Head, incident: &MiningIncident, facts: &HostFacts) -> String {
    let mut text = host_text(&head.host);
    let pool = pool_text(&incident.pool);
    let _ = match (incident.verdict, incident.mining.as_ref()) {
        (Verdict::Probe, _) => write!(
            text,
            " tries one mining pool after the other without mining, the last {pool}: a scanner or a pool catalogue"
        ),
        (Verdict::Contact, _) => {
            let _ = write!(text, " {} {pool}; no mining was seen", contact_words(&head.evidence));
            if facts.resolver {
                text.push_str(
                    ". It answers others' lookups: the host that asked it is the one to find",
                );
            }
            Ok(())
        }
        (Verdict::Attempt, mining) => {
            match mining.and_then(|mining| mining.refused.as_deref()) {
                Some(reason) => write!(text, " tried to mine at {pool} and was refused: {reason}"),
                None if head.state == IncidentState::Closed => {
                    write!(text, " tried to mine at {pool} and got no answer")
                }
                // This record is written at the login, before the pool can answer.
                None => write!(text, " tries to mine at {pool}; no answer so far"),
            }
        }
        (Verdict::Session, mining) => {
            let _ = write!(text, " speaks a mining protocol with {pool}{}", miner_text(mining));
            match mining.and_then(|mining| mining.refused.as_deref()) {
                Some(reason) => write!(text, "; the login was refused: {reason}"),
                None => Ok(()),
            }
        }
        (Verdict::Mining, mining) => {
            write!(text, " gets mining work from {pool}{}", miner_text(mining))
        }
        (Verdict::Active, mining) => {
            write!(
                text,
                " mines at {pool}{}{}",
                miner_text(mining),
                shares_text(mining, head.state)
            )
        }
    };
    if facts.prober && incident.verdict != Verdict::Probe {
        text.push_str(". It tries many pools: more likely a prober than a miner");
    }
    if !head.host.inside {
        text.push_str(". The address is not in home_net");
    }
    text
}

/// The host with its address, first name, MAC and VLAN, which help to find it.
fn host_text(host: &Host) -> String {
    let name = host.names.first().map(|known| known.name.clone());
    let mac = host.mac.map(|mac| mac.to_string());
    let vlan = host.vlan.map(|vlan| format!("VLAN {vlan}"));
    let marks: Vec<String> = [name, mac, vlan].into_iter().flatten().collect();
    match marks.is_empty() {
        true => host.ip.to_string(),
        false => format!("{} ({})", host.ip, marks.join(", ")),
    }
}

/// The verb of a contact, from the evidence.
fn contact_words(evidence: &[Evidence]) -> &'static str {
    match assess::contact(evidence) {
        (true, true) => "looked up and connected to",
        (true, false) => "looked up",
        _ => "connected to",
    }
}

fn pool_text(pool: &Pool) -> String {
    let address = pool.ip.map(|ip| match pool.port {
        Some(port) => std::net::SocketAddr::new(ip, port).to_string(),
        None => ip.to_string(),
    });
    let name = pool.domain.as_ref().or(pool.name.as_ref());
    match (name, address) {
        (Some(name), Some(address)) => format!("{name} ({address})"),
        (Some(name), None) => match pool.port {
            Some(port) => format!("{name}:{port}"),
            None => name.clone(),
        },
        (None, Some(address)) => address,
        (None, None) => "a pool".to_owned(),
    }
}

fn miner_text(mining: Option<&Mining>) -> String {
    let Some(mining) = mining else { return String::new() };
    let mut text = String::new();
    if let Some(coin) = &mining.coin {
        let _ = write!(text, ", coin {coin}");
    }
    if mining.donation {
        text.push_str(", a donation round of XMRig");
    } else if let Some(wallet) = &mining.wallet {
        let _ = write!(text, ", wallet {}", WALLET.of(wallet));
    } else if mining.wallet_hidden {
        text.push_str(", wallet hidden by a proxy or an account");
    } else if mining.wallet_state == Some(WalletState::UnknownFormat) {
        text.push_str(", wallet in a format that is not known");
    }
    if let Some(agent) = &mining.agent {
        let _ = write!(text, ", with {}", agent.split([' ', '(']).next().unwrap_or(agent));
    }
    text
}

fn shares_text(mining: Option<&Mining>, state: IncidentState) -> String {
    let Some(mining) = mining else { return String::new() };
    let Shares { submitted, accepted, rejected, .. } = mining.shares;
    // The first share is reported before its answer, and some pools only report refusals.
    let mut text = if accepted > 0 || rejected > 0 {
        format!(": {accepted} of {submitted} shares accepted")
    } else {
        let shares = if submitted == 1 { "share" } else { "shares" };
        let answer = match state {
            IncidentState::Closed => "none answered",
            _ => "no answer so far",
        };
        format!(": {submitted} {shares} submitted, {answer}")
    };
    if let Some(rate) = mining.hashrate_hs {
        let _ = write!(text, ", about {}", human_rate(rate));
    }
    text
}

/// Hashes per second with a unit that leaves one to three digits before the point.
pub fn human_rate(hashes_per_second: f64) -> String {
    const UNITS: [&str; 6] = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s", "PH/s"];
    let mut value = hashes_per_second;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = usize::from(value < 99.95);
    format!("{value:.decimals$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_well_in_every_size() {
        assert_eq!(human_rate(0.5), "0.5 H/s");
        assert_eq!(human_rate(465.7), "466 H/s");
        assert_eq!(human_rate(12_345.0), "12.3 kH/s");
        assert_eq!(human_rate(110e12), "110 TH/s");
    }

    #[test]
    fn a_wallet_is_shortened_in_the_middle() {
        assert_eq!(WALLET.of("short"), "short");
        assert_eq!(WALLET.of("472jm2WBFsScZaCueCmZPg7w7v3"), "472jm2…g7w7v3");
    }
}
