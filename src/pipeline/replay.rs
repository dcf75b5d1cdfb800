//! Replays captures: one reader, and as many workers as asked for.
//!
//! With one worker everything runs on the caller's thread, without a channel. With more, the reader
//! decodes each batch once and deals its segments out: a worker gets the flows whose hash is its own.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::collector::Collector;
use super::dispatch::Dispatcher;
use super::worker::{Message, Worker};
use super::{Observer, PipelineError, Report, Setup};
use crate::capture::{CaptureError, Filled, Source};
use crate::correlate::Correlator;
use crate::flow::FlowStats;
use crate::model::{SegmentBatch, Timestamp};
use crate::output::Outlet;

/// Batches in flight: enough that neither the reader nor a worker waits for the other's hiccups,
/// few enough that they stay in the cache's reach (8 MiB).
const BATCHES: usize = 8;

/// Answers in flight between a worker and the collector. One can hold as many findings as a batch has
/// packets, a kilobyte each.
const ANSWERS: usize = 1;

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
    let (dispatcher, flows) = if threads <= 1 {
        inline(source.as_mut(), setup, &mut collector, observer)?
    } else {
        threaded(&mut source, setup, threads, &mut collector, observer)?
    };
    let now = dispatcher.span().map_or(Timestamp::ZERO, |(_, newest)| newest);
    let collected = collector.finish(now)?;
    Ok(Report::new(source.stats(), &[dispatcher], &flows, collected))
}

fn inline(
    source: &mut dyn Source,
    setup: &Setup,
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<(Dispatcher, Vec<FlowStats>), PipelineError> {
    let mut reader = Reader::new(source, Dispatcher::new(setup.decode.clone(), 1));
    let mut worker = Worker::alone(setup);
    let mut batch = SegmentBatch::default();
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
    Ok((reader.dispatcher, vec![worker.flow_stats().clone()]))
}

/// Puts the messages of one batch in the order that does not depend on the number of workers.
fn put_in_order(messages: &mut [Message]) {
    if !messages.is_sorted_by_key(Message::order) {
        messages.sort_by_key(Message::order);
    }
}

/// Fills batches, numbers them and their packets, and has them decoded.
struct Reader<'a> {
    source: &'a mut dyn Source,
    dispatcher: Dispatcher,
    batches: u64,
    packets: u64,
}

impl<'a> Reader<'a> {
    fn new(source: &'a mut dyn Source, dispatcher: Dispatcher) -> Self {
        Reader { source, dispatcher, batches: 0, packets: 0 }
    }

    /// The next batch with packets in it; false at the end.
    fn next(&mut self, batch: &mut SegmentBatch) -> Result<bool, CaptureError> {
        loop {
            let packets = &mut batch.packets;
            packets.clear();
            let filled = self.source.fill(packets)?;
            if !packets.records.is_empty() {
                packets.number = self.batches;
                packets.first_packet = self.packets + 1;
                self.batches += 1;
                self.packets += packets.records.len() as u64;
                self.dispatcher.deal(batch);
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

fn threaded(
    source: &mut Box<dyn Source>,
    setup: &Setup,
    threads: usize,
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<(Dispatcher, Vec<FlowStats>), PipelineError> {
    thread::scope(|scope| {
        let (recycle, recycled) = bounded::<SegmentBatch>(BATCHES);
        for _ in 0..BATCHES {
            let _ = recycle.send(SegmentBatch::default());
        }
        let mut batch_senders = Vec::new();
        let mut answers = Vec::new();
        let mut workers = Vec::new();
        for index in 0..threads {
            let (batches, from_reader) = bounded::<Arc<SegmentBatch>>(BATCHES);
            let (answer, from_worker) = bounded::<Vec<Message>>(ANSWERS);
            let recycle = recycle.clone();
            batch_senders.push(batches);
            answers.push(from_worker);
            workers.push(
                scope.spawn(move || work(setup, index as u16, &from_reader, &answer, &recycle)),
            );
        }
        drop(recycle);
        let (progress, progressed) = bounded(1);
        let reader = scope.spawn(move || {
            let dispatcher = Dispatcher::new(setup.decode.clone(), threads);
            let reader = Reader::new(source.as_mut(), dispatcher);
            read(reader, &recycled, &batch_senders, &progress)
        });

        let mut messages = Vec::new();
        // Every worker answers every batch, so taking one answer of each in turn is capture order.
        'batches: loop {
            for answer in &answers {
                let Ok(answer) = answer.recv() else { break 'batches };
                messages.extend(answer);
            }
            put_in_order(&mut messages);
            collector.take(&mut messages)?;
            if let Ok(progress) = progressed.try_recv() {
                observer.progress(progress);
            }
        }
        drop(answers);
        let mut flows = Vec::new();
        for worker in workers {
            flows.push(worker.join().map_err(|_| PipelineError::Worker)?);
        }
        let dispatcher = reader.join().map_err(|_| PipelineError::Worker)??;
        Ok((dispatcher, flows))
    })
}

/// The reader's thread: fills recycled batches and hands each to all workers.
fn read(
    mut reader: Reader<'_>,
    recycled: &Receiver<SegmentBatch>,
    workers: &[Sender<Arc<SegmentBatch>>],
    progress: &Sender<Option<crate::capture::Progress>>,
) -> Result<Dispatcher, CaptureError> {
    // The channel only closes when the workers have gone, and then there is nobody to read for.
    while let Ok(mut batch) = recycled.recv() {
        if !reader.next(&mut batch)? {
            break;
        }
        let batch = Arc::new(batch);
        // The last worker gets the reader's own: else, where the workers are faster than the reader
        // lets go of it, none of them would be the last to have it, and nobody would give it back.
        let Some((last, others)) = workers.split_last() else { break };
        let gone = others.iter().any(|worker| worker.send(Arc::clone(&batch)).is_err());
        if gone || last.send(batch).is_err() {
            break;
        }
        let _ = progress.try_send(reader.source.progress());
    }
    Ok(reader.dispatcher)
}

/// A worker's thread: answers each batch, and once more at the end.
fn work(
    setup: &Setup,
    index: u16,
    batches: &Receiver<Arc<SegmentBatch>>,
    answers: &Sender<Vec<Message>>,
    recycle: &Sender<SegmentBatch>,
) -> FlowStats {
    let mut worker = Worker::new(setup, index);
    for batch in batches {
        let mut messages = Vec::new();
        worker.batch(&batch, &mut messages);
        // The last worker to finish with a batch gives it back.
        if let Some(batch) = Arc::into_inner(batch) {
            let _ = recycle.try_send(batch);
        }
        if answers.send(messages).is_err() {
            return worker.flow_stats().clone();
        }
    }
    let mut messages = Vec::new();
    worker.finish(&mut messages);
    let _ = answers.send(messages);
    worker.flow_stats().clone()
}
