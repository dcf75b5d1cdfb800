//! Makes an alert fit into one line of bounded length, and says what that cost.

use std::collections::HashSet;

use super::json;
use crate::model::Alert;
use crate::model::alert::{Evidence, Mining};

/// Bytes of a line without its line feed. rsyslog cuts or splits at 8 KiB unless told otherwise;
/// 200 bytes are left for the header that a shipper puts before it.
pub const MAX_LINE: usize = 7_800;

// Bytes in JSON that each text of an over-long record may take. Together with the keys and the
// numbers they leave room for at least one reason.
const ID: usize = 64;
const DOMAIN: usize = 256; // a name has at most 253 characters (RFC 1035 §2.3.4)
const NAME: usize = 128;
const WALLET: usize = 256; // the longest common addresses have about 110 characters
const LOGIN: usize = 384; // wallet, worker, difficulty and e-mail in one
const AGENT: usize = 192;
const SHORT: usize = 64;
const SUMMARY: usize = 1024;
const DETAIL: usize = 384;
/// Names of one host; the first were learnt first.
const MAX_NAMES: usize = 8;
/// Tags and carriers: more are not seen on one connection.
const MAX_LAYERS: usize = 8;

/// The line that `render` makes of `alert`, at most [`MAX_LINE`] bytes long. If it would be
/// longer, texts are cut first and reasons left out next; `render` is told which fields were cut.
pub(super) fn fit(
    alert: &Alert,
    render: impl Fn(&Alert, &[&'static str]) -> serde_json::Result<String>,
) -> serde_json::Result<String> {
    let line = render(alert, &[])?;
    if line.len() <= MAX_LINE {
        return Ok(line);
    }
    let mut alert = alert.clone();
    let cut = clip(&mut alert);
    let evidence = std::mem::take(&mut alert.evidence);
    let omitted = alert.evidence_omitted;
    let order = by_weight(&evidence);
    // The more reasons, the longer the line: find the most that fit.
    let (mut kept, mut too_many) = (0, order.len() + 1);
    let mut best = None;
    while best.is_none() || kept + 1 < too_many {
        let count = if best.is_none() { 0 } else { usize::midpoint(kept, too_many) };
        alert.evidence = select(&evidence, &order, count);
        alert.evidence_omitted = omitted + (evidence.len() - count) as u64;
        let line = render(&alert, &cut)?;
        if line.len() <= MAX_LINE || best.is_none() {
            (kept, best) = (count, Some(line));
        } else {
            too_many = count;
        }
    }
    Ok(best.unwrap_or_default())
}

/// Indices of the reasons, those first that are the first of their kind: every rung of the ladder
/// keeps its proof.
fn by_weight(evidence: &[Evidence]) -> Vec<usize> {
    let mut kinds = HashSet::new();
    let (mut order, repeated): (Vec<usize>, Vec<usize>) =
        (0..evidence.len()).partition(|&at| evidence.get(at).is_some_and(|e| kinds.insert(e.kind)));
    order.extend(repeated);
    order
}

/// The `count` weightiest reasons, in the order in which they were found.
fn select(evidence: &[Evidence], order: &[usize], count: usize) -> Vec<Evidence> {
    let mut chosen: Vec<usize> = order.iter().copied().take(count).collect();
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|at| evidence.get(at).cloned()).collect()
}

/// Cuts every text that is longer than its share of the line, and names the fields cut.
fn clip(alert: &mut Alert) -> Vec<&'static str> {
    let mut clipper = Clipper::default();
    clipper.text("id", &mut alert.id, ID);
    clipper.text("incident", &mut alert.incident, ID);
    clipper.list("host.names", &mut alert.host.names, MAX_NAMES);
    for known in &mut alert.host.names {
        clipper.text("host.names", &mut known.name, NAME);
    }
    clipper.option("pool.name", &mut alert.pool.name, NAME);
    clipper.option("pool.domain", &mut alert.pool.domain, DOMAIN);
    if let Some(mining) = &mut alert.mining {
        clip_mining(&mut clipper, mining);
    }
    for evidence in &mut alert.evidence {
        clipper.text("evidence.detail", &mut evidence.detail, DETAIL);
        clipper.option("evidence.indicator", &mut evidence.indicator, DOMAIN);
        clipper.text("evidence.source", &mut evidence.source, AGENT);
        clipper.option("evidence.community_id", &mut evidence.community_id, ID);
    }
    clipper.list("attack", &mut alert.attack, MAX_LAYERS);
    clipper.text("summary", &mut alert.summary, SUMMARY);
    clipper.option("flow.community_id", &mut alert.flow.community_id, ID);
    clipper.list("flow.vlan", &mut alert.flow.vlan, MAX_LAYERS);
    clipper.cut
}

fn clip_mining(clipper: &mut Clipper, mining: &mut Mining) {
    clipper.option("mining.coin", &mut mining.coin, SHORT);
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
    use super::*;
    use crate::model::alert::EvidenceKind;
    use crate::output::{native, sample};

    #[test]
    fn an_alert_that_fits_is_left_as_it_is() {
        let line = native::line(&sample::alert()).unwrap();
        assert!(line.contains("\"truncated\":[]"));
    }

    #[test]
    fn each_kind_keeps_its_first_reason_when_there_are_too_many() {
        let mut alert = sample::alert();
        let lookups = (0..40)
            .map(|n| sample::reason(EvidenceKind::DnsQuery, n, &"name.".repeat(60)))
            .chain([sample::reason(EvidenceKind::Share, 50, "first share")]);
        alert.evidence = lookups.collect();
        let line = native::line(&alert).unwrap();
        assert!(line.len() <= MAX_LINE && line.len() > MAX_LINE - 600, "{}", line.len());
        assert!(line.contains("first share"));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let kept = value["evidence"].as_array().unwrap().len() as u64;
        assert_eq!(value["evidence_omitted"], 41 - kept);
    }

    #[test]
    fn a_field_that_was_cut_is_named_and_ends_with_an_ellipsis() {
        let mut alert = sample::alert();
        alert.mining.as_mut().unwrap().login = Some("x".repeat(100_000));
        let line = native::line(&alert).unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(value["mining"]["login"].as_str().unwrap().ends_with("x…"));
        assert_eq!(value["truncated"], serde_json::json!(["mining.login"]));
        assert_eq!(value["evidence_omitted"], 0);
    }
}
