//! Tests routes over sinks that record, fail and hang.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::config::OutputFormat;
use crate::model::record::{
    EventBody, EventEndpoint, EventHead, EventRecord, FlowEndReason, FlowEvent, Severity,
};
use crate::output::RecordConsumer;
use crate::output::encoder::{encoder, sample};
use crate::output::sink::reader_left;

/// Records each write, after a given number of failures.
#[derive(Clone, Default)]
struct RememberingSink {
    writes: Arc<Mutex<Vec<Vec<u8>>>>,
    failures: Vec<fn() -> SinkError>,
}

impl Sink for RememberingSink {
    fn name(&self) -> &str {
        "test"
    }

    fn write(&mut self, frames: &Frames) -> Result<(), SinkError> {
        if let Some(failure) = self.failures.pop() {
            return Err(failure());
        }
        self.writes.lock().unwrap().push(frames.lines().to_vec());
        Ok(())
    }
}

/// Blocks in each write until the channel delivers.
struct HangingSink(Receiver<()>);

impl Sink for HangingSink {
    fn name(&self) -> &str {
        "hanging"
    }

    fn write(&mut self, _: &Frames) -> Result<(), SinkError> {
        let _ = self.0.recv();
        Ok(())
    }
}

fn route(sink: impl Sink + 'static) -> Route {
    Route::new(encoder(OutputFormat::Native), Box::new(sink))
}

fn alert() -> Outgoing {
    Outgoing::Alert(Arc::new(sample::record()))
}

fn event() -> Outgoing {
    let end = EventEndpoint { ip: [10, 0, 0, 7].into(), port: Some(1) };
    let head = EventHead {
        time: Timestamp::ZERO,
        sensor: None,
        flow_id: 1,
        community_id: None,
        client: end,
        server: end,
        ip_protocol: 6,
        vlan: Vec::new(),
    };
    let flow = FlowEvent {
        packets: [1, 2],
        bytes: [3, 4],
        first_seen: Timestamp::ZERO,
        last_seen: Timestamp::ZERO,
        reason: FlowEndReason::Closed,
    };
    Outgoing::Event(Arc::new(EventRecord { head, body: EventBody::Flow(flow) }))
}

#[test]
fn an_alert_is_written_at_once_and_after_what_came_before() {
    let sink = RememberingSink::default();
    let mut route = route(sink.clone());
    route.deliver(&event(), None).unwrap();
    assert!(sink.writes.lock().unwrap().is_empty());
    route.deliver(&alert(), None).unwrap();
    let writes = sink.writes.lock().unwrap();
    let text = String::from_utf8(writes.concat()).unwrap();
    assert!(text.starts_with("{\"timestamp\"") && text.contains("}\n{\"schema\""), "{text}");
    assert!(text.ends_with("}\n") && writes.len() == 1);
}

#[test]
fn events_are_gathered_and_no_write_ends_inside_a_line() {
    let sink = RememberingSink::default();
    let mut route = route(sink.clone());
    (0..1000).for_each(|_| route.deliver(&event(), None).unwrap());
    route.flush().unwrap();
    let writes = sink.writes.lock().unwrap();
    assert!(writes.iter().all(|bytes| bytes.ends_with(b"}\n") && bytes.len() < GATHER + 1000));
    assert!(writes.len() < 20);
    assert_eq!(writes.concat().iter().filter(|byte| **byte == b'\n').count(), 1000);
    assert_eq!(route.counters.stats().written, 1000);
}

#[test]
fn a_filter_lets_only_severe_alerts_pass() {
    let sink = RememberingSink::default();
    let filter = Filter { least_severity: Some(Severity::High), events: false };
    let mut route = route(sink.clone()).with_filter(filter);
    let mut mild = sample::record();
    mild.head.severity = Severity::Medium;
    for record in [event(), Outgoing::Alert(Arc::new(mild)), alert()] {
        route.deliver(&record, None).unwrap();
    }
    assert_eq!((sink.writes.lock().unwrap().len(), route.counters.stats().written), (1, 1));
}

#[test]
fn a_reader_that_leaves_is_told_from_a_failure() {
    for (kind, left) in [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)] {
        let failures: Vec<fn() -> SinkError> = vec![match left {
            true => || SinkError::Fatal(io::ErrorKind::BrokenPipe.into()),
            false => || SinkError::Fatal(io::ErrorKind::StorageFull.into()),
        }];
        let sink = RememberingSink { failures, ..RememberingSink::default() };
        let error = Outputs::inline(route(sink)).consume(&alert(), None).unwrap_err();
        assert_eq!((error.kind(), reader_left(&error)), (kind, left));
        assert!(error.to_string().starts_with("test: "));
    }
}

#[test]
fn a_write_that_may_succeed_later_is_tried_again_and_nothing_is_lost() {
    let retry: fn() -> SinkError = || SinkError::Retry(io::ErrorKind::TimedOut.into());
    let sink = RememberingSink { failures: vec![retry; 3], ..RememberingSink::default() };
    let mut outputs = Outputs::queued([route(sink.clone())], WhenFull::Wait).unwrap();
    (0..5).for_each(|_| outputs.consume(&alert(), None).unwrap());
    let report = outputs.finish().unwrap();
    let lines = sink.writes.lock().unwrap().concat();
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 5);
    let stats = &report.routes[0];
    assert_eq!((stats.written, stats.dropped, stats.retries, stats.waiting), (5, 0, 3, 0));
}

#[test]
fn a_sink_that_hangs_delays_nobody_and_what_it_misses_is_counted() {
    let (resume, wait): (Sender<()>, _) = channel();
    let sink = RememberingSink::default();
    let routes = [route(HangingSink(wait)), route(sink.clone())];
    let mut outputs = Outputs::queued(routes, WhenFull::DropNewest).unwrap();
    let start = Instant::now();
    const RECORDS: u64 = 20_000;
    for _ in 0..RECORDS {
        outputs.consume(&event(), None).unwrap();
    }
    outputs.flush().unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    // All queued records are delivered once the sink resumes.
    drop(resume);
    let report = outputs.finish().unwrap();
    let hung = &report.routes[0];
    assert!(hung.dropped > 0 && hung.written + hung.dropped == RECORDS, "{hung:?}");
}

/// Blocks until told to go on, and counts how often it is reopened.
struct ReopenedSink(Receiver<()>, Arc<Mutex<u32>>);

impl Sink for ReopenedSink {
    fn name(&self) -> &str {
        "reopened"
    }

    fn write(&mut self, _: &Frames) -> Result<(), SinkError> {
        let _ = self.0.recv();
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), SinkError> {
        *self.1.lock().unwrap() += 1;
        Ok(())
    }
}

#[test]
fn a_request_to_reopen_is_never_lost_to_a_full_queue() {
    let (resume, wait): (Sender<()>, _) = channel();
    let reopened = Arc::new(Mutex::new(0));
    let sink = ReopenedSink(wait, Arc::clone(&reopened));
    let mut outputs = Outputs::queued([route(sink)], WhenFull::DropNewest).unwrap();
    while outputs.stats()[0].dropped == 0 {
        outputs.consume(&alert(), None).unwrap();
    }
    outputs.reopen().unwrap();
    drop(resume);
    outputs.finish().unwrap();
    assert_eq!(*reopened.lock().unwrap(), 1);
}

#[test]
fn an_idle_sink_is_reopened_at_once() {
    let (_resume, wait): (Sender<()>, _) = channel();
    let reopened = Arc::new(Mutex::new(0));
    let sink = ReopenedSink(wait, Arc::clone(&reopened));
    let mut outputs = Outputs::queued([route(sink)], WhenFull::DropNewest).unwrap();
    outputs.reopen().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while *reopened.lock().unwrap() == 0 {
        assert!(Instant::now() < deadline, "it was never reopened");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_sink_that_gives_up_ends_the_run_with_its_error() {
    let failures: Vec<fn() -> SinkError> =
        vec![|| SinkError::Fatal(io::ErrorKind::StorageFull.into())];
    let sink = RememberingSink { failures, ..RememberingSink::default() };
    let mut outputs = Outputs::queued([route(sink)], WhenFull::DropNewest).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let error = loop {
        match outputs.consume(&alert(), None) {
            Err(error) => break error,
            Ok(()) => assert!(Instant::now() < deadline, "the failure was never told"),
        }
    };
    assert!(error.to_string().starts_with("test: "), "{error}");
}

#[test]
fn the_delay_of_alerts_is_measured_when_they_are_written() {
    let mut outputs = Outputs::inline(route(RememberingSink::default()));
    outputs.consume(&alert(), Some(Timestamp::ZERO)).unwrap();
    outputs.consume(&alert(), None).unwrap();
    assert_eq!(outputs.finish().unwrap().latency.unwrap().alerts, 1);
}
