//! Live capture: each worker owns its capture sockets, and all workers report to one collector.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::collector::Collector;
use super::dispatch::Dispatcher;
use super::snapshot::{Snapshot, WorkerSnapshot};
use super::worker::{Worker, WorkerMessage, WorkerMessages};
use super::{Control, Observer, PipelineError, RunReport, Setup};
use crate::capture::{Bypass, CaptureError, CaptureStats, FillOutcome, Source, wall_clock};
use crate::correlate::Correlator;
use crate::health::{HealthMonitor, HealthState};
use crate::intel::Intel;
use crate::model::{SegmentBatch, Timestamp};
use crate::output::RecordConsumer;

/// Capacity of the channel from the workers to the collector, in reports. A slow output then slows
/// the workers, and the kernel counts the packets that this costs.
const REPORTS: usize = 16;
/// How often the collector flushes when nothing arrives.
const TICK: Duration = Duration::from_millis(200);
/// How often a worker asks its source for counters and problems.
const STATS_INTERVAL: Duration = Duration::from_secs(1);
/// Age that a packet can have when the kernel delivers it (a block that is not full waits for a few
/// milliseconds). A silent worker has seen everything up to this long ago.
const HANDOVER: Duration = Duration::from_millis(20);
/// Lag beyond which a worker bypasses packets of settled flows. A ring of 64 MiB overflows after 54
/// ms at 10 Gbit/s.
const BEHIND: Duration = Duration::from_millis(30);
/// Lag below which a worker has caught up: kernel and batches delay packets by half of it.
const CAUGHT_UP: Duration = Duration::from_millis(10);
/// Messages held back for a worker that lags, of a kilobyte each. Beyond this the worker is stuck,
/// and order matters less than memory.
const MAX_HELD: usize = 20_000;
/// Packet numbers reserved for each worker: two years at 1 Mpps. With 64 workers they stay below
/// 2^53, up to which consumers of JSON represent integers exactly.
const NUMBERS: u64 = 1 << 46;

/// The report of a worker after a batch, or after a while without packets.
struct WorkerReport {
    worker: usize,
    messages: WorkerMessages,
    /// The worker has seen everything up to this time.
    now: Timestamp,
    /// Its counters, once a second.
    counters: Option<Box<WorkerSnapshot>>,
}

/// Runs one worker for each source until the sources end (their stop flag is set).
///
/// # Errors
/// When a capture fails for good, the output cannot be written or a worker dies.
pub fn live(
    sources: Vec<Box<dyn Source>>,
    setup: &Setup,
    consumer: &mut dyn RecordConsumer,
    control: Control,
    observer: &mut dyn Observer,
) -> Result<RunReport, PipelineError> {
    let correlator = Correlator::new(&setup.correlate);
    let mut collector = Collector::new(correlator, consumer, control).live();
    let (report, reports) = bounded::<WorkerReport>(REPORTS);
    let merger = MessageMerger::new(sources.len());
    let monitor = HealthMonitor::new(setup.health.clone(), setup.correlate.sensor.clone());
    thread::scope(|scope| {
        let (mut workers, mut reloads) = (Vec::new(), Vec::new());
        for (index, source) in sources.into_iter().enumerate() {
            let intel = Arc::new(Mutex::new(None));
            reloads.push(Arc::clone(&intel));
            let link = WorkerLink { index, reports: report.clone(), intel };
            workers.push(scope.spawn(move || work(source, setup, &link)));
        }
        drop(report);
        // `collect` drops the receiver: the workers then end, whatever made it return.
        let now = collect(reports, &reloads, (merger, monitor), &mut collector, observer)?;
        let (mut counters, mut span) = (Snapshot::default(), None);
        for worker in workers {
            let seen = worker.join().map_err(|_| PipelineError::Worker)??;
            counters.add(&seen.counters);
            span = joined(span, seen.span);
        }
        let counters = collector.snapshot(counters).judged(&setup.health);
        let collected = collector.finish(now)?;
        Ok(RunReport { counters, span, collected })
    })
}

/// Processes the reports of all workers until the last worker has ended. Returns the newest time.
fn collect(
    reports: Receiver<WorkerReport>,
    reloads: &[NewIntel],
    (mut merger, mut monitor): (MessageMerger, HealthMonitor),
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<Timestamp, PipelineError> {
    loop {
        let report = match reports.recv_timeout(TICK) {
            Ok(report) => Some(report),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        collector.obey(
            || merger.counters(),
            |intel| {
                for reload in reloads {
                    *reload.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some(Arc::clone(intel));
                }
            },
        )?;
        let Some(report) = report else {
            collector.flush()?;
            continue;
        };
        let news = report.counters.is_some();
        collector.take(&mut merger.take(report))?;
        if news {
            let mut snapshot = collector.snapshot(merger.counters());
            collector.write_sensor(monitor.observe(&HealthState {
                now: wall_clock(),
                counters: snapshot.health(),
                decode: &snapshot.decode,
                waiting_for: &snapshot.capture.waiting_for,
            }))?;
            snapshot.conditions = monitor.conditions();
            observer.snapshot(&snapshot);
        }
        if reports.is_empty() {
            collector.flush()?;
        }
    }
    collector.take(&mut merger.rest())?;
    Ok(merger.newest())
}

/// Merges the messages of all workers in the order of packet time. A connection must not come
/// before the DNS answer that led to it, which another worker may have seen.
struct MessageMerger {
    /// The time up to which each worker has seen everything.
    seen: Vec<Timestamp>,
    counters: Vec<WorkerSnapshot>,
    held: Vec<WorkerMessage>,
}

impl MessageMerger {
    fn new(workers: usize) -> Self {
        MessageMerger {
            seen: vec![Timestamp::ZERO; workers],
            counters: vec![WorkerSnapshot::default(); workers],
            held: Vec::new(),
        }
    }

    /// Adds a report and returns the messages that nothing can precede any more.
    fn take(&mut self, report: WorkerReport) -> Vec<WorkerMessage> {
        if let Some(seen) = self.seen.get_mut(report.worker) {
            *seen = report.now.max(*seen);
        }
        if let (Some(known), Some(new)) = (self.counters.get_mut(report.worker), report.counters) {
            *known = *new;
        }
        let mut messages = report.messages;
        // All connections are kept: the DNS answer that makes one relevant may still come from
        // another worker.
        messages.admit(|_| true);
        self.held.append(&mut messages.list);
        if self.held.len() > MAX_HELD {
            return self.rest();
        }
        let now = self.seen.iter().copied().min().unwrap_or_default();
        self.held.sort_by_key(WorkerMessage::time_order);
        let due = self.held.partition_point(|message| message.time() <= now);
        let later = self.held.split_off(due);
        std::mem::replace(&mut self.held, later)
    }

    /// Returns all messages that are held, in order.
    fn rest(&mut self) -> Vec<WorkerMessage> {
        self.held.sort_by_key(WorkerMessage::time_order);
        std::mem::take(&mut self.held)
    }

    /// The newest time that any worker has reached.
    fn newest(&self) -> Timestamp {
        self.seen.iter().copied().max().unwrap_or_default()
    }

    /// The sum of the counters that the workers reported last.
    fn counters(&self) -> Snapshot {
        let mut all = Snapshot::default();
        self.counters.iter().for_each(|worker| all.add(worker));
        all
    }
}

/// The connection of a worker with the collector.
struct WorkerLink {
    index: usize,
    reports: Sender<WorkerReport>,
    intel: NewIntel,
}

/// Intelligence that a worker takes before its next batch. Newer intelligence replaces what was not
/// taken yet.
type NewIntel = Arc<Mutex<Option<Arc<Intel>>>>;

/// The result of one worker, at its end.
struct WorkerOutcome {
    counters: WorkerSnapshot,
    span: PacketSpan,
}

/// Packet time of the first and of the last packet.
type PacketSpan = Option<(Timestamp, Timestamp)>;

/// The span of the packets of two workers.
fn joined(one: PacketSpan, other: PacketSpan) -> PacketSpan {
    match (one, other) {
        (Some((first, last)), Some((start, end))) => Some((first.min(start), last.max(end))),
        _ => one.or(other),
    }
}

/// Runs one worker's thread. Packet numbers of workers start [`NUMBERS`] apart, so that flows of
/// different workers have different numbers.
fn work(
    mut source: Box<dyn Source>,
    setup: &Setup,
    link: &WorkerLink,
) -> Result<WorkerOutcome, CaptureError> {
    let WorkerLink { index, reports, intel } = link;
    // The kernel has distributed the packets: this worker gets all that its socket gets.
    let mut dispatcher = Dispatcher::new(setup.decode.clone(), 1);
    let mut worker = Worker::new(setup);
    *worker.bypass() = Some(Box::new(Bypass::new(setup.decode.layers.vlan_in_key)));
    let mut batch = SegmentBatch::default();
    let mut packets = (*index as u64 % 64).saturating_mul(NUMBERS);
    let mut now = Timestamp::ZERO;
    let mut next_stats = Instant::now();
    loop {
        batch.packets.clear();
        if let Some(intel) = intel.lock().unwrap_or_else(PoisonError::into_inner).take() {
            worker.reload(&intel);
        }
        source.exchange_bypass(worker.bypass().take());
        let filled = source.fill(&mut batch.packets);
        *worker.bypass() = source.exchange_bypass(None);
        let filled = filled?;
        let silent = filled != FillOutcome::Packets && batch.packets.records.is_empty();
        if let Some(bypass) = worker.bypass() {
            let newest = batch.packets.records.last().map_or(Timestamp::ZERO, |last| last.time);
            let newest = newest.max(bypass.newest());
            if silent || newest > now {
                regulate(bypass, wall_clock().since(newest), silent);
            }
            now = now.max(newest);
        }
        let mut messages = WorkerMessages::default();
        if silent {
            // `now` never goes back, but the worker gets the time of the clock, which may have been
            // set back.
            let quiet = silent_since();
            now = now.max(quiet);
            if dispatcher.advance_silently(quiet) {
                worker.advance(quiet, &mut messages);
            }
        } else {
            batch.packets.first_packet = packets.wrapping_add(1);
            packets = packets.wrapping_add(batch.packets.records.len() as u64);
            dispatcher.dispatch(&mut batch);
            worker.batch(&batch, &mut messages);
            now = now.max(dispatcher.span().map_or(now, |(_, newest)| newest));
        }
        let ended = matches!(filled, FillOutcome::End);
        let counters = (Instant::now() >= next_stats).then(|| {
            next_stats = Instant::now() + STATS_INTERVAL;
            let capture = stats(source.as_mut(), &mut worker);
            Box::new(WorkerSnapshot::new(capture, &dispatcher, &worker))
        });
        let report = WorkerReport { worker: *index, messages, now, counters };
        if reports.send(report).is_err() || ended {
            break;
        }
    }
    let mut messages = WorkerMessages::default();
    worker.finish(&mut messages);
    let _ = reports.send(WorkerReport { worker: *index, messages, now, counters: None });
    let capture = stats(source.as_mut(), &mut worker);
    let counters = WorkerSnapshot::new(capture, &dispatcher, &worker);
    Ok(WorkerOutcome { counters, span: dispatcher.span() })
}

/// Activates the bypass of a worker that lags by more than [`BEHIND`], until it has caught up.
fn regulate(bypass: &mut Bypass, lag: Duration, silent: bool) {
    if silent || lag < CAUGHT_UP {
        bypass.deactivate(wall_clock());
    } else if lag > BEHIND {
        bypass.activate(wall_clock());
    }
}

/// The counters of the source, with those of the bypass.
fn stats(source: &mut dyn Source, worker: &mut Worker) -> CaptureStats {
    let bypassed = worker.bypass().as_ref().map(|bypass| bypass.stats(wall_clock()));
    CaptureStats { bypassed: bypassed.unwrap_or_default(), ..source.stats() }
}

/// The time up to which a silent worker has seen everything. Packets of a live interface carry the
/// wall clock, so it stands in for them when none comes.
fn silent_since() -> Timestamp {
    Timestamp::from_nanos(wall_clock().as_nanos().saturating_sub(HANDOVER.as_nanos() as u64))
}
