//! Replays captures: one reader, and as many workers as asked for.
//!
//! With one worker everything runs on the caller's thread, without a channel. With more, every
//! worker gets every batch and takes the flows that are its own: decoding a packet twice costs less
//! than handing it over, and there is no dispatcher to become the bottleneck.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::collector::Collector;
use super::worker::{Message, Share, Worker};
use super::{Observer, PipelineError, Report, Setup, WorkerStats};
use crate::capture::{CaptureError, Filled, Source};
use crate::correlate::Correlator;
use crate::model::{PacketBatch, Timestamp};
use crate::output::Outlet;

/// Batches in flight: enough that neither the reader nor a worker waits for the other's hiccups,
/// few enough that they stay in the cache's reach (8 MiB).
const BATCHES: usize = 8;

/// Runs `source` to its end through `threads` workers.
///
/// # Errors
/// When the output cannot be written or a worker dies. Trouble with the input is in the report.
pub fn replay(
    mut source: Box<dyn Source>,
    setup: &Setup,
    threads: usize,
    outlet: &mut dyn Outlet,
    observer: &mut dyn Observer,
) -> Result<Report, PipelineError> {
    let correlator = Correlator::new(setup.correlate.clone());
    let mut collector = Collector::new(correlator, outlet);
    let (stats, now) = if threads <= 1 {
        inline(source.as_mut(), setup, &mut collector, observer)?
    } else {
        threaded(&mut source, setup, threads, &mut collector, observer)?
    };
    let collected = collector.finish(now)?;
    Ok(Report::new(source.stats(), &stats, true, collected))
}

fn inline(
    source: &mut dyn Source,
    setup: &Setup,
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<(Vec<WorkerStats>, Timestamp), PipelineError> {
    let mut worker = Worker::new(setup, Share::ALL);
    let mut reader = Reader::new(source);
    let mut batch = PacketBatch::default();
    let mut messages = Vec::new();
    while reader.next(&mut batch)? {
        worker.batch(&batch, &mut messages);
        put_in_order(&mut messages);
        collector.take(&mut messages)?;
        if reader.is_live() {
            collector.flush()?;
        }
        observer.progress(reader.source.progress());
    }
    worker.finish(&mut messages);
    put_in_order(&mut messages);
    collector.take(&mut messages)?;
    Ok((vec![WorkerStats::of(&worker)], worker.now()))
}

/// Puts the messages of one batch in the order that does not depend on the number of workers.
fn put_in_order(messages: &mut [Message]) {
    messages.sort_by_key(Message::order);
}

/// Numbers batches and packets.
struct Reader<'a> {
    source: &'a mut dyn Source,
    batches: u64,
    packets: u64,
}

impl<'a> Reader<'a> {
    fn new(source: &'a mut dyn Source) -> Self {
        Reader { source, batches: 0, packets: 0 }
    }

    /// The next batch with packets in it; false at the end.
    fn next(&mut self, batch: &mut PacketBatch) -> Result<bool, CaptureError> {
        loop {
            batch.clear();
            let filled = self.source.fill(batch)?;
            if !batch.records.is_empty() {
                batch.number = self.batches;
                batch.first_packet = self.packets + 1;
                self.batches += 1;
                self.packets += batch.records.len() as u64;
                return Ok(true);
            }
            if matches!(filled, Filled::End) {
                return Ok(false);
            }
        }
    }

    /// Whether the packets come as they happen (standard input): then nobody should wait for an
    /// alert until a buffer is full.
    fn is_live(&self) -> bool {
        self.source.progress().is_none()
    }
}

/// A worker's answer to one batch.
struct Answer {
    messages: Vec<Message>,
    now: Timestamp,
}

fn threaded(
    source: &mut Box<dyn Source>,
    setup: &Setup,
    threads: usize,
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<(Vec<WorkerStats>, Timestamp), PipelineError> {
    thread::scope(|scope| {
        let (recycle, recycled) = bounded::<PacketBatch>(BATCHES);
        for _ in 0..BATCHES {
            let _ = recycle.send(PacketBatch::default());
        }
        let mut batch_senders = Vec::new();
        let mut answers = Vec::new();
        let mut workers = Vec::new();
        for index in 0..threads {
            let (batches, from_reader) = bounded::<Arc<PacketBatch>>(BATCHES);
            let (answer, from_worker) = bounded::<Answer>(BATCHES);
            let share = Share { index: index as u64, count: threads as u64 };
            let recycle = recycle.clone();
            batch_senders.push(batches);
            answers.push(from_worker);
            workers.push(scope.spawn(move || work(setup, share, &from_reader, &answer, &recycle)));
        }
        drop(recycle);
        let (progress, progressed) = bounded(1);
        let reader = scope.spawn(move || {
            let mut reader = Reader::new(source.as_mut());
            read(&mut reader, &recycled, &batch_senders, &progress)
        });

        let mut now = Timestamp::ZERO;
        let mut messages = Vec::new();
        // Every worker answers every batch, so taking one answer of each in turn is capture order.
        'batches: loop {
            for answer in &answers {
                let Ok(answer) = answer.recv() else { break 'batches };
                now = now.max(answer.now);
                messages.extend(answer.messages);
            }
            put_in_order(&mut messages);
            collector.take(&mut messages)?;
            if let Ok(progress) = progressed.try_recv() {
                observer.progress(progress);
            }
        }
        drop(answers);
        let mut stats = Vec::new();
        for worker in workers {
            stats.push(worker.join().map_err(|_| PipelineError::Worker)?);
        }
        reader.join().map_err(|_| PipelineError::Worker)??;
        Ok((stats, now))
    })
}

/// The reader's thread: fills recycled batches and hands each to all workers.
fn read(
    reader: &mut Reader<'_>,
    recycled: &Receiver<PacketBatch>,
    workers: &[Sender<Arc<PacketBatch>>],
    progress: &Sender<Option<crate::capture::Progress>>,
) -> Result<(), CaptureError> {
    // The channel only closes when the workers have gone, and then there is nobody to read for.
    while let Ok(mut batch) = recycled.recv() {
        if !reader.next(&mut batch)? {
            break;
        }
        let batch = Arc::new(batch);
        if workers.iter().any(|worker| worker.send(Arc::clone(&batch)).is_err()) {
            break;
        }
        let _ = progress.try_send(reader.source.progress());
    }
    Ok(())
}

/// A worker's thread: answers each batch, and once more at the end.
fn work(
    setup: &Setup,
    share: Share,
    batches: &Receiver<Arc<PacketBatch>>,
    answers: &Sender<Answer>,
    recycle: &Sender<PacketBatch>,
) -> WorkerStats {
    let mut worker = Worker::new(setup, share);
    for batch in batches {
        let mut messages = Vec::new();
        worker.batch(&batch, &mut messages);
        // The last worker to finish with a batch gives it back.
        if let Some(batch) = Arc::into_inner(batch) {
            let _ = recycle.try_send(batch);
        }
        if answers.send(Answer { messages, now: worker.now() }).is_err() {
            return WorkerStats::of(&worker);
        }
    }
    let mut messages = Vec::new();
    worker.finish(&mut messages);
    let _ = answers.send(Answer { messages, now: worker.now() });
    WorkerStats::of(&worker)
}
