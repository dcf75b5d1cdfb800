//! A sensor that gets several times what it can take sheds packets of settled flows, says so, misses
//! no lookup and no miner, and recovers.

mod clock;
mod sources;
mod traffic;

use std::io;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use minewatch::capture::{BypassStats, Progress};
use minewatch::model::Timestamp;
use minewatch::model::record::{Outgoing, Record};
use minewatch::output::RecordConsumer;
use minewatch::pipeline::{self, Control, Observer, RunReport, Setup, Snapshot};

use crate::support::setup::setup;
use crate::support::trial::{Trial, trials};
use sources::{Firehose, Recording, Ring};
use traffic::{Traffic, traffic};

pub fn trials() -> Vec<Trial> {
    trials![an_overloaded_sensor_sheds_settled_flows_says_so_and_recovers]
}

/// How much more arrives than the sensor can take.
const OVERLOAD: u32 = 4;
/// When the load begins and ends, after the start, by the clock of the sensor's worker.
const LOAD: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(3000)];
/// When everything ends.
const END: Duration = Duration::from_millis(4000);
/// What the ring holds at full load. The sensor would fall behind by three quarters of the load if it
/// did not shed, which is more.
const RING: Duration = Duration::from_millis(1000);
/// A machine that grows slower all at once, or pauses, is no fault of the sensor: then the test is
/// repeated.
const ATTEMPTS: usize = 4;

/// Keeps what the pipeline tells while it runs.
#[derive(Default)]
struct Notes {
    shed: BypassStats,
}

impl RecordConsumer for Notes {
    fn consume(&mut self, _: &Outgoing, _: Option<Timestamp>) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Observer for Notes {
    fn progress(&mut self, _: Option<Progress>) {}

    fn snapshot(&mut self, snapshot: &Snapshot) {
        self.shed = snapshot.capture.bypassed;
    }
}

/// Who mined where, for whom, how much.
fn incidents(report: &RunReport) -> Vec<String> {
    let told = |record: &Record| {
        let incident = record.mining().expect("only mining is recorded");
        let (mining, pool, verdict) = (incident.mining.as_ref(), &incident.pool, incident.verdict);
        let host = record.head.host.ip;
        let wallet = mining.and_then(|mining| mining.wallet.clone());
        let shares = mining.map(|mining| mining.shares);
        format!("{host} {verdict:?} {:?} {:?} {wallet:?} {shares:?}", pool.domain, pool.ip)
    };
    let mut all: Vec<String> = report.collected.incidents.iter().map(told).collect();
    all.sort();
    all
}

/// Time that the pipeline takes for a packet of this traffic when it sheds nothing.
fn cost(traffic: &Traffic, setup: &Setup) -> Duration {
    let source = Firehose::new(traffic, Duration::from_millis(400));
    let taken = source.taken.clone();
    let (mut outlet, mut observer) = (Notes::default(), Notes::default());
    let report =
        pipeline::live(vec![Box::new(source)], setup, &mut outlet, Control::none(), &mut observer)
            .unwrap();
    assert_eq!(report.counters.capture.bypassed.packets, 0, "packets come without delay");
    let (packets, time) = *taken.lock().unwrap();
    time / packets
}

fn an_overloaded_sensor_sheds_settled_flows_says_so_and_recovers() {
    let (mut traffic, setup) = (traffic(), setup());
    let mut outlet = Notes::default();
    let alone = Recording(traffic.light.clone(), AtomicBool::new(false));
    let unloaded = pipeline::replay(
        Box::new(alone),
        &setup,
        1,
        &mut outlet,
        Control::none(),
        &mut Notes::default(),
    )
    .unwrap();
    let datagrams_over_ipv4 =
        |report: &RunReport| report.counters.decode.udp - report.counters.decode.ipv6;
    let (expected, lookups) = (incidents(&unloaded), datagrams_over_ipv4(&unloaded));
    assert!(expected.iter().filter(|told| told.contains("Active")).count() == 8, "{expected:#?}");
    assert!(lookups == 2 * 358, "{lookups}");

    for attempt in 1..=ATTEMPTS {
        traffic.gap = cost(&traffic, &setup) / OVERLOAD;
        let ring = Ring::new(&traffic);
        let log = ring.bypass_log.clone();
        let (mut outlet, mut observer) = (Notes::default(), Notes::default());
        let report = pipeline::live(
            vec![Box::new(ring)],
            &setup,
            &mut outlet,
            Control::none(),
            &mut observer,
        )
        .unwrap();
        let capture = &report.counters.capture;
        let log = log.lock().unwrap();
        let &(last, shut) = log.last().expect("the bypass was asked");
        let told = format!(
            "a packet every {:?}: {} received, {} lost, {:?}; the bypass moved {} times, last at {last:?}",
            traffic.gap,
            capture.kernel_received,
            capture.kernel_drops,
            capture.bypassed,
            log.len()
        );
        if capture.kernel_drops > 0 && attempt < ATTEMPTS {
            continue;
        }
        assert_eq!(capture.kernel_drops, 0, "{told}");
        assert_eq!(datagrams_over_ipv4(&report), lookups, "no lookup is lost: {told}");
        assert_eq!(incidents(&report), expected);
        let shed =
            capture.bypassed.packets > capture.kernel_received / 4 && capture.bypassed.bytes > 0;
        assert!(shed, "{told}");
        let media = capture.kernel_received / 2;
        assert!(
            report.counters.decode.ipv6 < media * 3 / 4,
            "{} of {media}: {told}",
            report.counters.decode.ipv6
        );
        assert!(
            capture.bypassed.milliseconds > 0 && observer.shed.packets > 0,
            "told at once: {told}"
        );
        assert_eq!(capture.packets + capture.bypassed.packets, capture.kernel_received);
        assert!(!shut && last < END - Duration::from_millis(300), "open again: {told}");
        return;
    }
}
