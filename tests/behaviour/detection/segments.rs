//! What the network does to packets changes no alert, in any dialect: pieces from one byte to a full
//! segment, in any order, more than once; and with one direction missing, too.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use minewatch::capture::{CaptureError, CaptureStats, FillOutcome, Progress, Source};
use minewatch::correlate::{self, HomeNet};
use minewatch::decode::DecodeOptions;
use minewatch::flow::FlowLimits;
use minewatch::intel::Intel;
use minewatch::model::packet::LinkType;
use minewatch::model::record::{EventKinds, Outgoing, Record, Verdict};
use minewatch::model::{Direction, PacketBatch, Timestamp};
use minewatch::output::RecordConsumer;
use minewatch::pipeline::{self, Control, Setup};
use minewatch_generator::capture::{Order, record};
use minewatch_generator::dialect::Dialect;
use minewatch_generator::disguise::Disguise;
use minewatch_generator::pcap::Frame;
use minewatch_generator::rng::Rng;
use serde_json::Value;

use crate::support::nobody::Nobody;
use crate::support::trial::{Trial, trials};
use crate::support::wire::{Course, deliver};

pub fn trials() -> Vec<Trial> {
    trials![no_delivery_changes_the_alert_of_any_dialect]
}

/// Payload of a full segment on Ethernet.
const MSS: usize = 1460;
/// Deliveries of each dialect for each of what may be seen: both directions, or one.
const CASES: u64 = 40;

/// Frames that are at hand.
struct Frames(Vec<Frame>);

impl Source for Frames {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError> {
        for Frame { time, bytes } in self.0.drain(..) {
            let time = Timestamp::from_nanos(time * 1000);
            batch.push(time, LinkType::ETHERNET, bytes.len() as u32, &bytes);
        }
        Ok(FillOutcome::End)
    }
    fn stats(&mut self) -> CaptureStats {
        CaptureStats::default()
    }
    fn progress(&self) -> Option<Progress> {
        None
    }
}

#[derive(Default)]
struct Kept(Vec<Record>);

impl RecordConsumer for Kept {
    fn consume(&mut self, record: &Outgoing, _: Option<Timestamp>) -> io::Result<()> {
        if let Outgoing::Alert(record) = record {
            self.0.retain(|known| known.head.incident != record.head.incident);
            self.0.push(Record::clone(record));
        }
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn setup(intel: &Arc<Intel>) -> Setup {
    Setup {
        intel: Arc::clone(intel),
        decode: DecodeOptions::default(),
        flow: FlowLimits::default(),
        correlate: correlate::CorrelatorOptions {
            sensor: None,
            home_net: HomeNet::new(Vec::new()),
            incident_idle: Duration::from_secs(1800),
            update_interval: Duration::from_secs(600),
            probe_pools: 8,
            max_incidents: 1000,
            max_names: 1000,
        },
        events: EventKinds::default(),
        health: minewatch::config::HealthSettings::default(),
    }
}

/// The last record of each incident.
fn incidents(setup: &Setup, frames: Vec<Frame>) -> Vec<Record> {
    let mut kept = Kept::default();
    pipeline::replay(Box::new(Frames(frames)), setup, 1, &mut kept, Control::none(), &mut Nobody)
        .unwrap();
    kept.0
}

/// All that is told, but for the number of a packet, by which flows are called.
fn told(alerts: &[Record]) -> Vec<Value> {
    let told = |record: &Record| {
        let mut told = serde_json::to_value(record).unwrap();
        told["flow"]["flow_id"].take();
        told
    };
    alerts.iter().map(told).collect()
}

fn verdict(alerts: &[Record]) -> Option<Verdict> {
    let verdicts = alerts.iter().filter_map(|record| Some(record.mining()?.verdict));
    verdicts.max_by_key(|verdict| verdict.rung())
}

/// How many steps of the ladder the verdict may fall when only one direction is seen.
fn allowed(dialect: Dialect, only: Direction) -> Option<u8> {
    match (dialect, only) {
        // Only the handshake tells, and that takes both.
        (Dialect::StratumV2Noise | Dialect::P2Pool, _) => None,
        // Only the miner's first frame has an address.
        (Dialect::Aleo, Direction::ToClient) => None,
        // Wallets and explorers fetch templates from nodes, too.
        (Dialect::Monerod, Direction::ToClient) => None,
        // Each request has a connection of its own, and is an attempt.
        (Dialect::Monerod, Direction::ToServer) => Some(3),
        _ => Some(2),
    }
}

/// Each dialect, and one of them in each envelope.
fn orders() -> Vec<Order> {
    use Disguise::{
        HttpConnect, ProxyV1, ProxyV2, Socks4, Socks4a, Socks5, WebSocket, WebSocketDeflate,
        WebSocketFragments,
    };
    let plain = Dialect::all().iter().map(|dialect| (*dialect, vec![]));
    let envelopes = [
        Socks4,
        Socks4a,
        Socks5,
        HttpConnect,
        ProxyV1,
        ProxyV2,
        WebSocket,
        WebSocketDeflate,
        WebSocketFragments,
    ];
    let inside = envelopes.map(|envelope| (Dialect::Monero, vec![envelope]));
    let order =
        |(seed, (dialect, disguises))| Order { disguises, shares: 12, ..Order::new(dialect, seed) };
    (40..).zip(plain.chain(inside)).map(order).collect()
}

/// The smallest segments in which the conversation is found.
fn smallest(order: &Order, only: Option<Direction>) -> usize {
    // Without the request, a SOCKS proxy's answer looks like nothing, and what follows is given a
    // few segments to show a whole key of a message.
    let socks = [Disguise::Socks4, Disguise::Socks4a, Disguise::Socks5];
    // The miner's texts have no end: without the server's, each is a segment.
    if only == Some(Direction::ToServer) && order.dialect == Dialect::Duino {
        return MSS;
    }
    let answers = only == Some(Direction::ToClient);
    if answers && order.disguises.iter().any(|one| socks.contains(one)) { 64 } else { 1 }
}

/// What is wrong with the alerts of one conversation, for all deliveries.
fn complaints(order: &Order, setup: &Setup) -> Vec<String> {
    let mut wrong = Vec::new();
    let (dialect, name) = (order.dialect, format!("{:?} {:?}", order.dialect, order.disguises));
    let capture = record(order, "").unwrap();
    let client: IpAddr = capture.truth.mining_clients[0].parse().unwrap();
    let play = |course: &Course| incidents(setup, deliver(&capture.frames, client, course));
    let whole = verdict(&play(&Course { size: MSS, ..Course::default() }));
    if whole.map(Verdict::name) != capture.truth.verdict {
        wrong.push(format!("{name}: {whole:?}, not {:?}", capture.truth.verdict));
    }
    let mut rng = Rng::new(order.seed);
    for only in [None, Some(Direction::ToServer), Some(Direction::ToClient)] {
        let plain = play(&Course { size: MSS, only, ..Course::default() });
        let says_half = |record: &Record| {
            record
                .mining()
                .and_then(|incident| incident.mining.as_ref())
                .is_some_and(|mining| mining.one_way)
        };
        if plain.iter().any(|alert| says_half(alert) != only.is_some()) {
            wrong.push(format!("{name} {only:?}: one_way is wrong"));
        }
        if let Some(only) = only
            && let Some(steps) = allowed(dialect, only)
            && verdict(&plain).map(|seen| seen as u8 + steps) < whole.map(|whole| whole as u8)
        {
            wrong.push(format!("{name} {only:?}: only {:?}", verdict(&plain)));
        }
        let expected = told(&plain);
        let smallest = smallest(order, only);
        for case in 0..CASES {
            let course = Course {
                // Single bytes are many packets.
                size: if case % 8 == 0 { 1 } else { 2 + rng.below(MSS - 1) }.max(smallest),
                ragged: smallest == 1 && rng.chance(0.7),
                shuffle: case % 4 != 1,
                repeat: if case % 4 == 2 { 0.0 } else { 0.3 },
                only,
                seed: rng.next_u64(),
            };
            let found = told(&play(&course));
            if found != expected {
                wrong.push(format!("{name} {course:?}:\n{found:#?}\nnot {expected:#?}"));
                break;
            }
        }
    }
    wrong
}

fn no_delivery_changes_the_alert_of_any_dialect() {
    let setup = &setup(&Arc::new(Intel::builtin()));
    let orders = orders();
    let wrong: Vec<String> = thread::scope(|scope| {
        let work = move |half: &[Order]| -> Vec<String> {
            half.iter().flat_map(|order| complaints(order, setup)).collect()
        };
        let halves = orders.chunks(orders.len().div_ceil(2));
        let threads: Vec<_> = halves.map(|half| scope.spawn(move || work(half))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
