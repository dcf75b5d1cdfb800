//! Live capture: each worker owns its capture sockets, and all of them report to one collector.

use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::collector::Collector;
use super::dispatch::Dispatcher;
use super::worker::{Message, Worker};
use super::{Observer, PipelineError, Report, Setup};
use crate::capture::{CaptureError, CaptureStats, Filled, Source, wall_clock};
use crate::correlate::Correlator;
use crate::flow::FlowStats;
use crate::model::{Gate, SegmentBatch, Timestamp};
use crate::output::Outlet;

/// Answers in flight between the workers and the collector; a slow output then slows the workers,
/// and the kernel counts what that costs.
const ANSWERS: usize = 16;
/// How often the collector flushes when nothing arrives.
const TICK: Duration = Duration::from_millis(200);
/// How often a worker asks its source for counters and problems.
const STATS_INTERVAL: Duration = Duration::from_secs(1);
/// A packet can be this old when the kernel hands it over (a block that is not full waits for a few
/// milliseconds), so a silent worker has seen everything up to this long ago.
const HANDOVER: Duration = Duration::from_millis(20);
/// A worker that is so far behind sheds packets of settled flows. A ring of 64 MiB takes 54 ms at
/// 10 Gbit/s to run over.
const BEHIND: Duration = Duration::from_millis(30);
/// A worker that is so close has caught up: kernel and batches delay packets by half of it.
const CAUGHT_UP: Duration = Duration::from_millis(10);
/// Messages held back for a worker that lags, a kilobyte each. It is then stuck, and order matters
/// less than memory.
const MAX_HELD: usize = 20_000;
/// Packet numbers set aside for each worker: two years at 1 Mpps, and 64 workers stay below 2^53,
/// which is what consumers of JSON can count to.
const NUMBERS: u64 = 1 << 46;

/// What a worker has to say after a batch, or after a while without packets.
struct Answer {
    worker: usize,
    messages: Vec<Message>,
    /// It has seen everything up to here.
    now: Timestamp,
    capture: Option<CaptureStats>,
}

/// Runs one worker for each source until the sources end (their stop flag is set).
///
/// # Errors
/// When a capture fails for good, the output cannot be written or a worker dies.
pub fn live(
    sources: Vec<Box<dyn Source>>,
    setup: &Setup,
    outlet: &mut dyn Outlet,
    observer: &mut dyn Observer,
) -> Result<Report, PipelineError> {
    let mut collector = Collector::live(Correlator::new(setup.correlate.clone()), outlet);
    let (answer, answers) = bounded::<Answer>(ANSWERS);
    let lanes = Lanes::new(sources.len());
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for (index, source) in sources.into_iter().enumerate() {
            let answer = answer.clone();
            workers.push(scope.spawn(move || work(source, setup, index, &answer)));
        }
        drop(answer);
        // The receiver goes with `collect`: the workers then end, whatever made it return.
        let now = collect(answers, lanes, &mut collector, observer)?;
        let (mut dispatchers, mut flows) = (Vec::new(), Vec::new());
        let mut capture = CaptureStats::default();
        for worker in workers {
            let seen = worker.join().map_err(|_| PipelineError::Worker)??;
            dispatchers.push(seen.dispatcher);
            flows.push(seen.flows);
            capture.merge(seen.capture);
        }
        let collected = collector.finish(now)?;
        Ok(Report::new(capture, &dispatchers, &flows, collected))
    })
}

/// Takes the answers of all workers until the last one has gone.
fn collect(
    answers: Receiver<Answer>,
    mut lanes: Lanes,
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<Timestamp, PipelineError> {
    loop {
        match answers.recv_timeout(TICK) {
            Ok(answer) => {
                let news = answer.capture.is_some();
                collector.take(&mut lanes.take(answer))?;
                if news {
                    observer.capture(&lanes.capture());
                }
                if answers.is_empty() {
                    collector.flush()?;
                }
            }
            Err(RecvTimeoutError::Timeout) => collector.flush()?,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    collector.take(&mut lanes.rest())?;
    Ok(lanes.newest())
}

/// Puts the messages of all workers in the order of packet time: a connection must not come before
/// the DNS answer that led to it, which another worker saw.
struct Lanes {
    /// Everything up to here was seen, by worker.
    seen: Vec<Timestamp>,
    capture: Vec<CaptureStats>,
    held: Vec<Message>,
}

impl Lanes {
    fn new(workers: usize) -> Self {
        Lanes {
            seen: vec![Timestamp::ZERO; workers],
            capture: vec![CaptureStats::default(); workers],
            held: Vec::new(),
        }
    }

    /// Adds an answer: the messages that nothing can precede any more.
    fn take(&mut self, answer: Answer) -> Vec<Message> {
        if let Some(seen) = self.seen.get_mut(answer.worker) {
            *seen = answer.now.max(*seen);
        }
        if let (Some(known), Some(new)) = (self.capture.get_mut(answer.worker), answer.capture) {
            *known = new;
        }
        self.held.extend(answer.messages);
        if self.held.len() > MAX_HELD {
            return self.rest();
        }
        let now = self.seen.iter().copied().min().unwrap_or_default();
        self.held.sort_by_key(Message::time_order);
        let due = self.held.partition_point(|message| message.time() <= now);
        let later = self.held.split_off(due);
        std::mem::replace(&mut self.held, later)
    }

    /// All that is held.
    fn rest(&mut self) -> Vec<Message> {
        self.held.sort_by_key(Message::time_order);
        std::mem::take(&mut self.held)
    }

    /// The time that any worker has reached.
    fn newest(&self) -> Timestamp {
        self.seen.iter().copied().max().unwrap_or_default()
    }

    fn capture(&self) -> CaptureStats {
        let mut all = CaptureStats::default();
        self.capture.iter().for_each(|stats| all.merge(stats.clone()));
        all
    }
}

/// What one worker has seen, at its end.
struct Seen {
    dispatcher: Dispatcher,
    flows: FlowStats,
    capture: CaptureStats,
}

/// One worker's thread. Packet numbers start far apart, so that flows of different workers have
/// different numbers.
fn work(
    mut source: Box<dyn Source>,
    setup: &Setup,
    index: usize,
    answers: &Sender<Answer>,
) -> Result<Seen, CaptureError> {
    // The kernel has dealt out the packets: this worker gets all that its socket gets.
    let mut dispatcher = Dispatcher::new(setup.decode.clone(), 1);
    let mut worker = Worker::new(setup, 0);
    *worker.gate() = Some(Box::new(Gate::new(setup.decode.vlan_in_key)));
    let mut batch = SegmentBatch::default();
    let mut packets = (index as u64 % 64).saturating_mul(NUMBERS);
    let mut now = Timestamp::ZERO;
    let mut next_stats = Instant::now();
    loop {
        batch.packets.clear();
        batch.packets.gate = worker.gate().take();
        let filled = source.fill(&mut batch.packets)?;
        let silent = filled != Filled::Packets && batch.packets.records.is_empty();
        if let Some(gate) = &mut batch.packets.gate {
            let newest = batch.packets.records.last().map_or(Timestamp::ZERO, |last| last.time);
            let newest = newest.max(gate.newest());
            if silent || newest > now {
                regulate(gate, wall_clock().since(newest), silent);
            }
            now = now.max(newest);
        }
        *worker.gate() = batch.packets.gate.take();
        let mut messages = Vec::new();
        if silent {
            // Not before what was seen, and yet what the clock says now, should it have been set back.
            let quiet = silent_since();
            now = now.max(quiet);
            if dispatcher.silence(quiet) {
                worker.advance(quiet, &mut messages);
            }
        } else {
            batch.packets.first_packet = packets.wrapping_add(1);
            packets = packets.wrapping_add(batch.packets.records.len() as u64);
            dispatcher.deal(&mut batch);
            worker.batch(&batch, &mut messages);
            now = now.max(dispatcher.span().map_or(now, |(_, newest)| newest));
        }
        let ended = matches!(filled, Filled::End);
        let capture = (Instant::now() >= next_stats).then(|| {
            next_stats = Instant::now() + STATS_INTERVAL;
            stats(source.as_mut(), &mut worker)
        });
        let answer = Answer { worker: index, messages, now, capture };
        if answers.send(answer).is_err() || ended {
            break;
        }
    }
    let mut messages = Vec::new();
    worker.finish(&mut messages);
    let _ = answers.send(Answer { worker: index, messages, now, capture: None });
    let capture = stats(source.as_mut(), &mut worker);
    Ok(Seen { dispatcher, flows: worker.flow_stats().clone(), capture })
}

/// Shuts the gate of a worker that is behind by `lag`, and opens it when it has caught up.
fn regulate(gate: &mut Gate, lag: Duration, silent: bool) {
    if silent || lag < CAUGHT_UP {
        gate.open(wall_clock());
    } else if lag > BEHIND {
        gate.shut(wall_clock());
    }
}

/// The counters of the source, with what the gate has shed.
fn stats(source: &mut dyn Source, worker: &mut Worker) -> CaptureStats {
    let shed = worker.gate().as_ref().map(|gate| gate.shed(wall_clock()));
    CaptureStats { shed: shed.unwrap_or_default(), ..source.stats() }
}

/// Packets of a live interface carry the wall clock, so when none comes it stands in for them.
fn silent_since() -> Timestamp {
    Timestamp::from_nanos(wall_clock().as_nanos().saturating_sub(HANDOVER.as_nanos() as u64))
}
