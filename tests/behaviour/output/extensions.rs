//! A rule, an encoder and a sink are added from outside, without a change to any other file.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use minewatch::capture::{
    CaptureError, CaptureStats, FillOutcome, Progress, ReplayOptions, Source, open_replay,
};
use minewatch::config::OutputFormat;
use minewatch::correlate::{Correlator, HostRule, Knowledge};
use minewatch::intel::Intel;
use minewatch::model::chunk::Direction;
use minewatch::model::event::Moment;
use minewatch::model::flow::{Endpoint, Flow, FlowEnds, FlowKey, Transport};
use minewatch::model::record::{Outgoing, Record};
use minewatch::model::signal::{FlowRef, Signal, SignalKind};
use minewatch::model::{PacketBatch, Timestamp};
use minewatch::output::encoder::encoder;
use minewatch::output::{
    EncodeError, Encoder, Frames, Outputs, RecordConsumer, Route, Sink, SinkError, WhenFull,
};
use minewatch::pipeline::{self, Command, Control};

use crate::support::nobody::Nobody;
use crate::support::setup::setup;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        a_rule_sees_every_signal_and_what_is_known_of_hosts,
        an_encoder_and_a_sink_make_a_route,
        a_sink_that_blocks_for_ever_delays_no_packet_of_a_live_run,
        a_live_run_obeys_commands_between_two_batches,
        new_intelligence_reaches_every_worker_of_a_live_run,
    ]
}

/// A sample with an incident or two.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pcaps/server-49.pcap");

fn sample() -> Box<dyn Source> {
    open_replay(&[SAMPLE.into()], &ReplayOptions::default()).unwrap()
}

/// A source that is silent until it may begin, and when its packets are over until it is stopped.
struct Endless {
    source: Box<dyn Source>,
    begin: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

impl Source for Endless {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError> {
        if !self.begin.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(2));
            return Ok(FillOutcome::Idle);
        }
        match self.source.fill(batch)? {
            FillOutcome::End if self.stop.load(Ordering::Relaxed) => Ok(FillOutcome::End),
            FillOutcome::End => {
                std::thread::sleep(Duration::from_millis(2));
                Ok(FillOutcome::Idle)
            }
            filled => Ok(filled),
        }
    }

    fn stats(&mut self) -> CaptureStats {
        self.source.stats()
    }

    fn progress(&self) -> Option<Progress> {
        None
    }
}

/// Counts connections that inside hosts open, and remembers the last host.
#[derive(Clone, Default)]
struct CountingRule(Arc<Mutex<(usize, String)>>);

impl HostRule for CountingRule {
    fn signal(&mut self, signal: &Signal, knowledge: &mut Knowledge, _: &mut Vec<Record>) {
        let host = signal.flow.sender(signal.sender).ip;
        if matches!(signal.kind, SignalKind::Connection) && knowledge.is_inside(host) {
            let mut counted = self.0.lock().unwrap();
            *counted = (counted.0 + 1, host.to_string());
        }
    }
}

fn connection(host: [u8; 4]) -> Signal {
    let client = Endpoint { ip: host.into(), port: 50_000 };
    let server = Endpoint { ip: [192, 0, 2, 9].into(), port: 3333 };
    let (key, initiator) = FlowKey::new(client, server, Transport::Tcp, 0);
    let flow = FlowRef::from(&Flow::new(key, initiator, 1, Timestamp::ZERO));
    let (at, sender) = (Moment::default(), Direction::ToServer);
    Signal { at, flow, sender, kind: SignalKind::Connection }
}

fn a_rule_sees_every_signal_and_what_is_known_of_hosts() {
    let rule = CountingRule::default();
    let mut correlator = Correlator::new(&setup().correlate).with_rule(Box::new(rule.clone()));
    let mut records = Vec::new();
    for host in [[10, 0, 0, 7], [198, 51, 100, 7], [10, 0, 0, 8]] {
        correlator.signal(&connection(host), &mut records);
    }
    assert_eq!(*rule.0.lock().unwrap(), (2, "10.0.0.8".to_owned()));
}

/// Writes the number of a record's reasons.
struct CountEncoder;

impl Encoder for CountEncoder {
    fn encode(&mut self, record: &Outgoing, frame: &mut Vec<u8>) -> Result<bool, EncodeError> {
        let Outgoing::Alert(record) = record else { return Ok(false) };
        frame.extend(record.head.evidence.len().to_string().bytes());
        Ok(true)
    }
}

/// Keeps frames one by one, as a sink of datagrams does.
#[derive(Clone, Default)]
struct FrameSink(Arc<Mutex<Vec<String>>>);

impl Sink for FrameSink {
    fn name(&self) -> &str {
        "frames"
    }

    fn write(&mut self, frames: &Frames) -> Result<(), SinkError> {
        let texts = frames.iter().map(|frame| String::from_utf8_lossy(frame).into_owned());
        self.0.lock().unwrap().extend(texts);
        Ok(())
    }
}

fn an_encoder_and_a_sink_make_a_route() {
    let sink = FrameSink::default();
    let mut outputs = Outputs::inline(Route::new(Box::new(CountEncoder), Box::new(sink.clone())));
    let report =
        pipeline::replay(sample(), &setup(), 1, &mut outputs, Control::none(), &mut Nobody)
            .unwrap();
    outputs.finish().unwrap();
    let frames = sink.0.lock().unwrap();
    assert!(report.collected.alerts > 0 && frames.len() as u64 == report.collected.alerts);
    assert!(frames.iter().all(|frame| frame.parse::<usize>().is_ok()), "{frames:?}");
}

/// Never returns from a write while the test runs.
struct BlockedSink(Receiver<()>);

impl Sink for BlockedSink {
    fn name(&self) -> &str {
        "blocked"
    }

    fn write(&mut self, _: &Frames) -> Result<(), SinkError> {
        let _ = self.0.recv();
        Err(SinkError::Retry(io::ErrorKind::TimedOut.into()))
    }
}

fn a_sink_that_blocks_for_ever_delays_no_packet_of_a_live_run() {
    let (hold, blocked) = channel();
    let route = Route::new(encoder(OutputFormat::Eve), Box::new(BlockedSink(blocked)));
    let mut outputs = Outputs::queued([route], WhenFull::DropNewest).unwrap();
    let start = Instant::now();
    let (setup, control) = (setup(), Control::none());
    let report =
        pipeline::live(vec![sample()], &setup, &mut outputs, control, &mut Nobody).unwrap();
    let took = start.elapsed();
    assert!(report.collected.alerts > 0);
    assert_eq!(report.counters.decode.packets, report.counters.capture.packets);
    assert!(took < Duration::from_secs(10), "{took:?}");
    let stats = &outputs.stats()[0];
    assert_eq!((stats.written, stats.waiting), (0, report.collected.alerts), "{stats:?}");
    let ended = outputs.finish().unwrap();
    assert_eq!(ended.routes[0].dropped, report.collected.alerts, "what is lost is counted");
    drop(hold);
}

fn a_live_run_obeys_commands_between_two_batches() {
    let (commander, commands) = crossbeam_channel::unbounded();
    let (reply, answers) = crossbeam_channel::bounded(1);
    let control = Control { commands, ..Control::none() };
    let begin = Arc::new(AtomicBool::new(true));
    let source = Endless { source: sample(), begin, stop: Arc::clone(&control.stop) };
    commander.send(Command::Reload(intel("nobody.example"))).unwrap();
    commander.send(Command::Status(reply)).unwrap();
    commander.send(Command::Reopen).unwrap();
    let told = std::thread::spawn(move || {
        let snapshot = answers.recv_timeout(Duration::from_secs(10)).expect("a snapshot");
        commander.send(Command::Stop).unwrap();
        snapshot
    });
    let mut outputs = Counted::default();
    let sources: Vec<Box<dyn Source>> = vec![Box::new(source)];
    let report = pipeline::live(sources, &setup(), &mut outputs, control, &mut Nobody).unwrap();
    let snapshot = told.join().unwrap();
    assert_eq!(outputs.reopened, 1);
    assert!(report.counters.decode.packets > 0);
    assert!(snapshot.correlator.records <= report.collected.alerts);
}

fn new_intelligence_reaches_every_worker_of_a_live_run() {
    const WORKERS: usize = 3;
    let (commander, commands) = crossbeam_channel::unbounded();
    let (reply, answers) = crossbeam_channel::bounded(1);
    let control = Control { commands, ..Control::none() };
    let begin = Arc::new(AtomicBool::new(false));
    let sources = (0..WORKERS).map(|_| -> Box<dyn Source> {
        let (begin, stop) = (Arc::clone(&begin), Arc::clone(&control.stop));
        Box::new(Endless { source: sample(), begin, stop })
    });
    let sources = sources.collect();
    commander.send(Command::Reload(intel("nobody.example"))).unwrap();
    commander.send(Command::Status(reply)).unwrap();
    let told = std::thread::spawn(move || {
        // Once the later command is answered, the earlier one has been executed.
        answers.recv_timeout(Duration::from_secs(10)).expect("a snapshot");
        begin.store(true, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(500));
        commander.send(Command::Stop).unwrap();
    });
    let mut outputs = Counted::default();
    let report = pipeline::live(sources, &setup(), &mut outputs, control, &mut Nobody).unwrap();
    told.join().unwrap();
    assert!(report.counters.decode.packets >= WORKERS as u64, "every worker has had packets");
    assert!(report.collected.alerts > 0, "the conversation needs no intelligence");
    assert_eq!(outputs.indicators, Vec::<String>::new(), "the old intelligence is gone");
}

/// Intelligence that knows one name.
fn intel(name: &str) -> Arc<Intel> {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    std::fs::write(&list, format!("{name}\n")).unwrap();
    Arc::new(Intel::load(&[list], false).unwrap().0)
}

/// Counts what it is told, and keeps the indicators of all records.
#[derive(Default)]
struct Counted {
    reopened: usize,
    indicators: Vec<String>,
}

impl RecordConsumer for Counted {
    fn consume(&mut self, outgoing: &Outgoing, _: Option<Timestamp>) -> io::Result<()> {
        if let Outgoing::Alert(record) = outgoing {
            let evidence = record.head.evidence.iter();
            self.indicators.extend(evidence.filter_map(|reason| reason.indicator.clone()));
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.reopened += 1;
        Ok(())
    }
}
