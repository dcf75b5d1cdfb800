//! Live capture: each worker owns its capture sockets, and all of them report to one collector.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use super::collector::Collector;
use super::worker::{Message, Share, Worker};
use super::{PipelineError, Report, Setup, WorkerStats};
use crate::capture::{CaptureError, CaptureStats, Filled, Source};
use crate::correlate::Correlator;
use crate::model::{PacketBatch, Timestamp};
use crate::output::Outlet;

/// Answers in flight between a worker and the collector; a slow output then slows the workers,
/// and the kernel counts what that costs.
const ANSWERS: usize = 64;
/// How often the collector flushes and closes incidents when nothing arrives.
const TICK: Duration = Duration::from_millis(200);

struct Answer {
    messages: Vec<Message>,
    now: Timestamp,
}

/// Runs one worker for each source until the sources end (their stop flag is set).
///
/// # Errors
/// When a capture fails for good, the output cannot be written or a worker dies.
pub fn live(
    sources: Vec<Box<dyn Source>>,
    setup: &Setup,
    outlet: &mut dyn Outlet,
) -> Result<Report, PipelineError> {
    let mut collector = Collector::new(Correlator::new(setup.correlate.clone()), outlet);
    let (answer, answers) = bounded::<Answer>(ANSWERS);
    let count = sources.len() as u64;
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for (index, source) in (0..).zip(sources) {
            let answer = answer.clone();
            workers.push(scope.spawn(move || work(source, setup, index, count, &answer)));
        }
        drop(answer);
        let mut now = Timestamp::ZERO;
        loop {
            match answers.recv_timeout(TICK) {
                Ok(answer) => {
                    now = now.max(answer.now);
                    collector.take(answer.messages, false, now)?;
                    if answers.is_empty() {
                        collector.flush()?;
                    }
                }
                Err(RecvTimeoutError::Timeout) => collector.flush()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let mut stats = Vec::new();
        let mut capture = CaptureStats::default();
        for worker in workers {
            let (worker, source) = worker.join().map_err(|_| PipelineError::Worker)??;
            stats.push(worker);
            capture.merge(source);
        }
        let collected = collector.finish(now)?;
        Ok(Report { capture, workers: stats, collected })
    })
}

/// One worker's thread. Packet numbers are interleaved, so that flows of different workers have
/// different numbers.
fn work(
    mut source: Box<dyn Source>,
    setup: &Setup,
    index: u64,
    count: u64,
    answers: &Sender<Answer>,
) -> Result<(WorkerStats, CaptureStats), CaptureError> {
    /// Packet numbers set aside for each worker: two years at 1 Mpps, and 64 workers stay below 2^53,
    /// which is what consumers of JSON can count to.
    const NUMBERS: u64 = 1 << 46;
    debug_assert!(count < 64);
    let mut worker = Worker::new(setup, Share::ALL);
    let mut batch = PacketBatch::default();
    let mut packets = (index % 64).saturating_mul(NUMBERS);
    loop {
        batch.clear();
        let filled = source.fill(&mut batch)?;
        let messages = if batch.records.is_empty() {
            worker.advance(wall_clock())
        } else {
            batch.first_packet = packets.wrapping_add(1);
            packets = packets.wrapping_add(batch.records.len() as u64);
            worker.batch(&batch)
        };
        let ended = matches!(filled, Filled::End);
        if answers.send(Answer { messages, now: worker.now() }).is_err() || ended {
            break;
        }
    }
    let messages = worker.finish();
    let _ = answers.send(Answer { messages, now: worker.now() });
    Ok((WorkerStats::of(&worker), source.stats()))
}

/// Packets of a live interface carry the wall clock, so when none comes it stands in for them.
fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(since.as_secs(), u64::from(since.subsec_nanos()))
}
