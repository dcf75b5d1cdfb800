//! Capturing from interfaces: real sockets on a virtual cable, in a network namespace of its own.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use minewatch::capture::{CaptureError, CaptureStats, FillOutcome, LiveOptions, open_live};
use minewatch::model::PacketBatch;

use crate::support::namespace::{in_namespace, ip, lay_cable};
use crate::support::trial::{Checked, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        each_packet_comes_once_and_a_flow_to_one_worker,
        an_interface_that_goes_away_is_reported_and_taken_up_again,
        an_unknown_interface_is_an_error_that_lists_the_others,
        a_wrong_filter_is_refused_before_anything_is_opened,
    ]
}

/// UDP flows sent, packets of each in either direction.
const FLOWS: u8 = 64;
const ROUNDS: u8 = 20;

/// A UDP packet of the flow, one way or back, with a payload found nowhere else.
fn packet(flow: u8, round: u8, back: bool) -> Vec<u8> {
    let (mut from, mut to) = (([10, 0, 0, 1], 2000 + u16::from(flow)), ([10, 0, 0, 2], 3333));
    if back {
        std::mem::swap(&mut from, &mut to);
    }
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    bytes.extend([0x45, 0, 0, 31, 0, 0, 0, 0, 64, 17, 0, 0]); // IPv4 of 31 bytes, UDP
    bytes.extend(from.0);
    bytes.extend(to.0);
    bytes.extend(from.1.to_be_bytes());
    bytes.extend(to.1.to_be_bytes());
    bytes.extend([0, 11, 0, 0, flow, round, u8::from(back)]);
    bytes
}

fn send_all() {
    let mut cable =
        pcap::Capture::from_device("out0").and_then(|device| device.open()).expect("out0 opens");
    for round in 0..ROUNDS {
        for flow in 0..FLOWS {
            cable.sendpacket(packet(flow, round, false)).expect("sent");
            cable.sendpacket(packet(flow, round, true)).expect("sent");
        }
    }
}

/// What each worker got of our packets, and its counters, while `meanwhile` runs.
fn capture(
    workers: usize,
    filter: Option<&str>,
    meanwhile: impl FnOnce(),
) -> Vec<(Vec<Vec<u8>>, CaptureStats)> {
    let options =
        LiveOptions { workers, filter: filter.map(str::to_owned), ..LiveOptions::default() };
    let sources = open_live(&["in0".to_owned()], &options).expect("in0 opens");
    let threads: Vec<_> = sources
        .into_iter()
        .map(|mut source| {
            thread::spawn(move || {
                let (mut batch, mut seen) = (PacketBatch::default(), Vec::new());
                loop {
                    batch.clear();
                    match source.fill(&mut batch).expect("captures") {
                        FillOutcome::End => return (seen, source.stats()),
                        FillOutcome::Idle => {}
                        FillOutcome::Packets => {
                            let ours = |bytes: &[u8]| bytes.starts_with(&[2, 0, 0, 0, 0, 1]);
                            let packets = batch.packets().filter(|packet| ours(packet.bytes));
                            seen.extend(packets.map(|packet| packet.bytes.to_vec()));
                        }
                    }
                }
            })
        })
        .collect();
    meanwhile();
    thread::sleep(Duration::from_millis(500));
    options.stop.store(true, Ordering::Relaxed);
    threads.into_iter().map(|thread| thread.join().expect("a worker")).collect()
}

fn each_packet_comes_once_and_a_flow_to_one_worker() -> Checked {
    in_namespace("interfaces::each_packet_comes_once_and_a_flow_to_one_worker", || {
        lay_cable();
        let workers = capture(2, Some("udp"), send_all);
        let mut owners: HashMap<u8, Vec<usize>> = HashMap::new();
        let mut all = Vec::new();
        for (worker, (packets, stats)) in workers.into_iter().enumerate() {
            assert!(!packets.is_empty(), "worker {worker} has a share");
            assert!(stats.kernel_received >= stats.packets && stats.kernel_drops == 0, "{stats:?}");
            for packet in packets {
                owners.entry(packet[42]).or_default().push(worker);
                all.push(packet);
            }
        }
        all.sort();
        all.dedup();
        assert_eq!(
            all.len(),
            2 * usize::from(FLOWS) * usize::from(ROUNDS),
            "none twice, none lost"
        );
        for (flow, workers) in owners {
            assert_eq!(workers.len(), 2 * usize::from(ROUNDS), "flow {flow}");
            assert!(workers.iter().all(|worker| Some(worker) == workers.first()), "flow {flow}");
        }
    })
}

fn an_interface_that_goes_away_is_reported_and_taken_up_again() -> Checked {
    in_namespace("interfaces::an_interface_that_goes_away_is_reported_and_taken_up_again", || {
        lay_cable();
        let workers = capture(2, None, || {
            ip("link del in0");
            thread::sleep(Duration::from_millis(1500));
            lay_cable();
            thread::sleep(Duration::from_millis(1500));
            send_all();
        });
        let got: usize = workers.iter().map(|(packets, _)| packets.len()).sum();
        assert_eq!(got, 2 * usize::from(FLOWS) * usize::from(ROUNDS));
        for (_, stats) in workers {
            assert!(stats.problems.iter().any(|problem| problem.origin == "in0"), "{stats:?}");
            assert!(stats.waiting_for.is_empty(), "{stats:?}");
        }
    })
}

fn an_unknown_interface_is_an_error_that_lists_the_others() {
    let error = open_live(&["nosuch0".to_owned()], &LiveOptions::default()).err();
    let Some(CaptureError::Interface { interface, advice, .. }) = error else {
        panic!("not refused");
    };
    assert_eq!(interface, "nosuch0");
    assert!(advice.contains("lo"), "{advice}");
}

fn a_wrong_filter_is_refused_before_anything_is_opened() {
    let options = LiveOptions { filter: Some("tcp prot".into()), ..LiveOptions::default() };
    let error = open_live(&["lo".to_owned()], &options).err();
    assert!(matches!(error, Some(CaptureError::Filter { .. })));
}
