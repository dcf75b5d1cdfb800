//! Real mining captures: every miner, pool and share that `truth.json` knows of is found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use minewatch::capture::{FillOutcome, ReplayOptions, open_replay};
use minewatch::decode::{DecodeOptions, Decoder};
use minewatch::flow::{FlowHandler, FlowLimits, FlowTable};
use minewatch::model::chunk::{Chunk, Interest};
use minewatch::model::event::{Event, EventSink, MiningSession, Moment};
use minewatch::model::flow::{Flow, FlowEndReason, FlowEnds};
use minewatch::model::segment::SegmentRecord;
use minewatch::model::{PacketBatch, Timestamp};
use minewatch::protocol::inspector::Inspector;
use minewatch::protocol::parser::{Context, Scratch};
use serde_json::Value;

use crate::support::program::replay;
use crate::support::shared::shared;
use crate::support::trial::{Checked, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        every_stream_has_its_roles_and_its_shares_to_the_last_one,
        every_miner_and_pool_is_in_an_alert_and_the_shares_add_up,
    ]
}

/// Submitted, accepted, rejected, unanswered.
type Counts = [u64; 4];

/// Keeps the last word on each mining conversation, by (miner, pool).
#[derive(Default)]
struct Conversations {
    scratch: Scratch,
    found: Found,
}

#[derive(Default)]
struct Found(BTreeMap<u64, (String, String, MiningSession)>);

impl EventSink for Found {
    fn event(&mut self, flow: &Flow, _: Moment, event: Event<'_>) {
        if let Event::Mining(session) = event {
            let miner = session.miner.expect("it was told by what was said");
            let (miner, pool) = (flow.sender(miner), flow.sender(miner.reverse()));
            self.0.insert(flow.id, (miner.to_string(), pool.to_string(), session.clone()));
        }
    }
}

impl Conversations {
    fn context<'a>(&'a mut self, flow: &'a Flow, at: Moment) -> Context<'a> {
        Context { flow, at, scratch: &mut self.scratch, sink: &mut self.found }
    }
}

impl FlowHandler for Conversations {
    type State = Inspector;

    fn opened(&mut self, _: &Flow, _: u64) {}

    fn begin(&mut self, flow: &Flow) -> Option<Inspector> {
        Inspector::new(flow)
    }

    fn chunk(&mut self, flow: &Flow, inspector: &mut Inspector, chunk: &Chunk<'_>) -> Interest {
        let at = Moment { time: chunk.time, packet: chunk.packet };
        inspector.chunk(&mut self.context(flow, at), chunk)
    }

    fn closed(
        &mut self,
        flow: &Flow,
        inspector: Option<&mut Inspector>,
        _: FlowEndReason,
        at: Moment,
    ) {
        if let Some(inspector) = inspector {
            inspector.close(&mut self.context(flow, at));
        }
    }
}

/// All mining conversations of a capture: (miner, pool, session).
fn conversations(path: &Path) -> Vec<(String, String, MiningSession)> {
    let mut source = open_replay(&[path.to_owned()], &ReplayOptions::default()).expect("opened");
    let mut decoder = Decoder::new(DecodeOptions::default());
    let mut flows = FlowTable::new(FlowLimits::default());
    let mut handler = Conversations::default();
    let mut batch = PacketBatch::default();
    let mut now = Timestamp::ZERO;
    let mut last = 0;
    loop {
        batch.clear();
        batch.first_packet = last + 1;
        let filled = source.fill(&mut batch).expect("readable");
        for packet in batch.packets() {
            (now, last) = (now.max(packet.time), packet.number);
            let mut record = SegmentRecord::BLANK;
            if let Some(payload) = decoder.decode(&packet, &mut record.head) {
                let bytes = payload.bytes(&decoder);
                record.length = bytes.len() as u32;
                flows.process([&record].into_iter(), bytes, &mut handler);
            }
        }
        flows.advance(Moment { time: now, packet: last }, &mut handler);
        if filled == FillOutcome::End {
            break;
        }
    }
    flows.finish(last, &mut handler);
    handler.found.0.into_values().collect()
}

fn counts(shares: &minewatch::model::event::mining::Shares) -> Counts {
    [shares.submitted, shares.accepted, shares.rejected, shares.unanswered]
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn truth(folder: &Path) -> Vec<Value> {
    let text = std::fs::read(folder.join("truth.json")).expect("truth.json");
    serde_json::from_slice(&text).expect("JSON")
}

fn streams(capture: &Value) -> &[Value] {
    capture["streams"].as_array().expect("streams")
}

fn true_counts(stream: &Value) -> Counts {
    ["submits", "submits_ok", "submits_error", "submits_unanswered"].map(|key| number(stream, key))
}

/// Whether the pool answered in protocol: it delivered work, or granted what was asked.
fn answered(stream: &Value) -> bool {
    let filled = |key: &str| stream[key].as_object().is_some_and(|map| !map.is_empty());
    let granted = stream["responses"]
        .as_object()
        .is_some_and(|map| map.keys().any(|key| key.ends_with("|ok")));
    filled("server_methods") || granted
}

fn every_stream_has_its_roles_and_its_shares_to_the_last_one() -> Checked {
    let folder = shared("captures/mining")?;
    let mut wrong = Vec::new();
    for capture in truth(&folder) {
        let file = text(&capture, "file");
        let found = conversations(&folder.join(file));
        // The same end points may meet several times, in this order.
        let mut by_ends: BTreeMap<(&str, &str), Vec<Counts>> = BTreeMap::new();
        for (miner, pool, session) in &found {
            by_ends.entry((miner, pool)).or_default().push(counts(&session.shares));
        }
        let mut true_by_ends: BTreeMap<(&str, &str), Vec<Counts>> = BTreeMap::new();
        for stream in streams(&capture) {
            let ends = (text(stream, "client"), text(stream, "server"));
            true_by_ends.entry(ends).or_default().push(true_counts(stream));
        }
        for (ends, expected) in &true_by_ends {
            let seen = by_ends.get(ends);
            if seen != Some(expected) {
                wrong.push(format!("{file}: {ends:?}: {expected:?}, found {seen:?}"));
            }
        }
        for ends in by_ends.keys().filter(|ends| !true_by_ends.contains_key(*ends)) {
            wrong.push(format!("{file}: {ends:?} is no mining stream"));
        }
    }
    assert!(wrong.is_empty(), "{} streams differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

fn every_miner_and_pool_is_in_an_alert_and_the_shares_add_up() -> Checked {
    let folder = shared("captures/mining")?;
    let mut wrong = Vec::new();
    for capture in truth(&folder) {
        let file = text(&capture, "file");
        let replayed = replay(&folder.join(file), &["--format", "native"]);
        assert_eq!(replayed.code, 0, "{file}: {}", replayed.told);
        let alerts = replayed.alerts();
        let probe = |alert: &Value| text(alert, "verdict") == "probe";
        for stream in streams(&capture) {
            let (client, server) = (text(stream, "client"), text(stream, "server"));
            let about = |alert: &&Value| {
                let host = text(&alert["host"], "ip");
                let pool = format!("{}:{}", text(&alert["pool"], "ip"), alert["pool"]["port"]);
                let named = alert["evidence"].as_array().is_some_and(|evidence| {
                    evidence.iter().any(|one| text(one, "detail").contains(server))
                });
                client.rsplit_once(':').is_some_and(|(ip, _)| ip == host)
                    && (pool == server || named)
            };
            let found: Vec<&Value> = alerts.iter().filter(about).collect();
            if found.is_empty() {
                wrong.push(format!("{file}: no alert names {client} and {server}"));
            }
            let proven = |alert: &&&Value| {
                ["session", "mining", "active"].contains(&text(alert, "verdict")) || probe(alert)
            };
            if answered(stream) && !found.iter().any(|alert| proven(&alert)) {
                wrong.push(format!("{file}: {client} to {server}: the pool's answer went unseen"));
            }
        }
        let miners: BTreeSet<&str> = capture["mining_clients"]
            .as_array()
            .expect("clients")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let mut sums: Counts = [0; 4];
        for alert in alerts.iter().filter(|alert| text(alert, "state") == "closed") {
            let host = text(&alert["host"], "ip");
            if alert["mining"].is_object() && !miners.contains(host) {
                wrong.push(format!("{file}: {host} is no miner"));
            }
            let shares = &alert["mining"]["shares"];
            let keys = ["submitted", "accepted", "rejected", "unanswered"];
            for (sum, key) in sums.iter_mut().zip(keys) {
                *sum += number(shares, key);
            }
        }
        let mut expected: Counts = [0; 4];
        for stream in streams(&capture) {
            let true_counts = true_counts(stream);
            expected.iter_mut().zip(true_counts).for_each(|(sum, count)| *sum += count);
        }
        if sums != expected {
            wrong.push(format!("{file}: {expected:?} shares, told {sums:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} findings differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
