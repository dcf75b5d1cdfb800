//! Fits a record into one line of bounded length, and names the fields that were cut.

use std::collections::HashSet;

use super::json;
use crate::model::record::{Body, Evidence, Mining, Record};

/// Longest line in bytes, without its line feed. rsyslog cuts or splits at 8 KiB by default; 200
/// bytes are left for the header that a shipper adds.
pub const MAX_LINE: usize = 7_800;

// Bytes of JSON that each text of an over-long record may take. With the keys and the numbers they
// leave room for at least one reason.
const ID: usize = 64;
const DOMAIN: usize = 256; // a name has at most 253 characters (RFC 1035 §2.3.4)
const NAME: usize = 128;
const WALLET: usize = 256; // the longest common addresses have about 110 characters
const LOGIN: usize = 384; // wallet, worker, difficulty and e-mail in one
const AGENT: usize = 192;
const SHORT: usize = 64;
const SUMMARY: usize = 1024;
const DETAIL: usize = 384;
const TICKER: usize = 10; // as the reader of logins bounds them
/// Candidate coins kept; the likeliest come first.
const MAX_COINS: usize = 16;
/// Names kept of one host; those from the best sources come first.
const MAX_NAMES: usize = 8;
/// Names kept of the other end; the one that the host uses comes first.
const MAX_PEER_NAMES: usize = 4;
/// VLAN tags and carriers kept; one connection does not have more.
const MAX_LAYERS: usize = 8;

/// Renders `record` as a line of at most [`MAX_LINE`] bytes. If it would be longer, texts are cut
/// first and reasons left out next. `render` gets the names of the fields that were cut.
pub(super) fn fit(
    record: &Record,
    render: impl Fn(&Record, &[&'static str]) -> serde_json::Result<String>,
) -> serde_json::Result<String> {
    let line = render(record, &[])?;
    if line.len() <= MAX_LINE {
        return Ok(line);
    }
    let mut record = record.clone();
    let cut = clip(&mut record);
    let evidence = std::mem::take(&mut record.head.evidence);
    let omitted = record.head.evidence_omitted;
    let order = by_weight(&evidence);
    // A line grows with its reasons, so a binary search finds the most that fit.
    let (mut kept, mut too_many) = (0, order.len() + 1);
    let mut best = None;
    while best.is_none() || kept + 1 < too_many {
        let count = if best.is_none() { 0 } else { usize::midpoint(kept, too_many) };
        record.head.evidence = select(&evidence, &order, count);
        record.head.evidence_omitted = omitted + (evidence.len() - count) as u64;
        let line = render(&record, &cut)?;
        if line.len() <= MAX_LINE || best.is_none() {
            (kept, best) = (count, Some(line));
        } else {
            too_many = count;
        }
    }
    Ok(best.unwrap_or_default())
}

/// Indices of the reasons by weight: the first of each kind precede the others, so that every
/// verdict keeps its proof.
fn by_weight(evidence: &[Evidence]) -> Vec<usize> {
    let mut kinds = HashSet::new();
    let (mut order, repeated): (Vec<usize>, Vec<usize>) =
        (0..evidence.len()).partition(|&at| evidence.get(at).is_some_and(|e| kinds.insert(e.kind)));
    order.extend(repeated);
    order
}

/// Selects the `count` weightiest reasons, in the order in which they were found.
fn select(evidence: &[Evidence], order: &[usize], count: usize) -> Vec<Evidence> {
    let mut chosen: Vec<usize> = order.iter().copied().take(count).collect();
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|at| evidence.get(at).cloned()).collect()
}

/// Cuts every text that is longer than its share of the line, and names the fields cut.
fn clip(record: &mut Record) -> Vec<&'static str> {
    let mut clipper = Clipper::default();
    let Record { head, body } = record;
    clipper.text("id", &mut head.id, ID);
    clipper.text("incident", &mut head.incident, ID);
    clipper.option("sensor", &mut head.sensor, DOMAIN);
    clipper.option("campaign", &mut head.campaign, ID);
    clipper.list("peer.names", &mut head.peer.names, MAX_PEER_NAMES);
    for name in &mut head.peer.names {
        clipper.text("peer.names", name, NAME);
    }
    clipper.list("host.names", &mut head.host.names, MAX_NAMES);
    for known in &mut head.host.names {
        clipper.text("host.names", &mut known.name, NAME);
    }
    let Body::Mining(incident) = body;
    clipper.option("pool.name", &mut incident.pool.name, NAME);
    clipper.option("pool.domain", &mut incident.pool.domain, DOMAIN);
    if let Some(mining) = &mut incident.mining {
        clip_mining(&mut clipper, mining);
    }
    for evidence in &mut head.evidence {
        clipper.text("evidence.detail", &mut evidence.detail, DETAIL);
        clipper.option("evidence.indicator", &mut evidence.indicator, DOMAIN);
        clipper.text("evidence.source", &mut evidence.source, AGENT);
        clipper.option("evidence.community_id", &mut evidence.community_id, ID);
    }
    clipper.list("attack", &mut head.attack, MAX_LAYERS);
    clipper.text("summary", &mut head.summary, SUMMARY);
    clipper.option("flow.community_id", &mut head.flow.community_id, ID);
    clipper.list("flow.vlan", &mut head.flow.vlan, MAX_LAYERS);
    clipper.cut
}

fn clip_mining(clipper: &mut Clipper, mining: &mut Mining) {
    clipper.option("mining.coin", &mut mining.coin, SHORT);
    clipper.list("mining.coins", &mut mining.coins, MAX_COINS);
    for coin in &mut mining.coins {
        clipper.text("mining.coins", coin, TICKER);
    }
    clipper.option("mining.algorithm", &mut mining.algorithm, SHORT);
    clipper.option("mining.agent", &mut mining.agent, AGENT);
    clipper.option("mining.wallet", &mut mining.wallet, WALLET);
    clipper.option("mining.worker", &mut mining.worker, NAME);
    clipper.option("mining.login", &mut mining.login, LOGIN);
    clipper.option("mining.refused", &mut mining.refused, AGENT);
    clipper.list("mining.carriers", &mut mining.carriers, MAX_LAYERS);
}

/// Cuts fields and remembers their names, each once.
#[derive(Default)]
struct Clipper {
    cut: Vec<&'static str>,
}

impl Clipper {
    fn text(&mut self, name: &'static str, text: &mut String, limit: usize) {
        if json::clip(text, limit) {
            self.note(name);
        }
    }

    fn option(&mut self, name: &'static str, text: &mut Option<String>, limit: usize) {
        if let Some(text) = text {
            self.text(name, text, limit);
        }
    }

    fn list<T>(&mut self, name: &'static str, list: &mut Vec<T>, limit: usize) {
        if list.len() > limit {
            list.truncate(limit);
            self.note(name);
        }
    }

    fn note(&mut self, name: &'static str) {
        if !self.cut.contains(&name) {
            self.cut.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{native, sample};
    use super::*;
    use crate::model::record::EvidenceKind;

    #[test]
    fn a_record_that_fits_is_left_as_it_is() {
        let line = native::line(&sample::record()).unwrap();
        assert!(line.contains("\"truncated\":[]"));
    }

    #[test]
    fn each_kind_keeps_its_first_reason_when_there_are_too_many() {
        let mut record = sample::record();
        let lookups = (0..40)
            .map(|n| sample::reason(EvidenceKind::DnsQuery, n, &"name.".repeat(60)))
            .chain([sample::reason(EvidenceKind::Share, 50, "first share")]);
        record.head.evidence = lookups.collect();
        let line = native::line(&record).unwrap();
        assert!(line.len() <= MAX_LINE && line.len() > MAX_LINE - 600, "{}", line.len());
        assert!(line.contains("first share"));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let kept = value["evidence"].as_array().unwrap().len() as u64;
        assert_eq!(value["evidence_omitted"], 41 - kept);
    }

    #[test]
    fn a_field_that_was_cut_is_named_and_ends_with_an_ellipsis() {
        let mut record = sample::record();
        sample::mining(&mut record).login = Some("x".repeat(100_000));
        let line = native::line(&record).unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(value["mining"]["login"].as_str().unwrap().ends_with("x…"));
        assert_eq!(value["truncated"], serde_json::json!(["mining.login"]));
        assert_eq!(value["evidence_omitted"], 0);
    }
}
