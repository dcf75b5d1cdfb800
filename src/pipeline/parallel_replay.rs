//! Replays with several threads, each of which owns a part of the flows.
//!
//! There is no reader thread: any thread whose queue runs low reads the next batches for all. So no
//! thread waits for a reader, and none reads while there is enough to do.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, never};

use super::collector::Collector;
use super::dispatch::Dispatcher;
use super::reader::BatchReader;
use super::snapshot::WorkerSnapshot;
use super::worker::{Worker, WorkerMessages};
use super::{Observer, PipelineError, Setup};
use crate::capture::{CaptureError, Source};
use crate::model::SegmentBatch;

/// Batches (4 MiB in all) that a thread wants in its queue when it goes to work. The others then
/// hardly ever wait for it to read, and a batch that is mostly one thread's work keeps nobody
/// waiting.
const AHEAD: usize = 6;
/// Capacity of a thread's queue, in batches: how far faster threads can read ahead of it.
const QUEUE: usize = 2 * AHEAD;
/// Messages that wait for those of slower threads; beyond this the faster threads wait, too. A
/// message can take a kilobyte.
const MAX_WAITING: usize = 8192;

/// Runs `source` to its end through `threads` workers.
pub(super) fn replay(
    source: &mut dyn Source,
    setup: &Setup,
    threads: usize,
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<(Dispatcher, Vec<WorkerSnapshot>), PipelineError> {
    let (queues, batches): (Vec<_>, Vec<_>) = (0..threads).map(|_| bounded(QUEUE)).unzip();
    let (recycle, recycled) = bounded(QUEUE + AHEAD);
    let reader = BatchReader::new(source, Dispatcher::new(setup.decode.clone(), threads));
    let live = reader.is_live();
    let ahead = if live { 1 } else { AHEAD };
    let reading = Mutex::new(SharedReader { reader, queues, recycled, observer, failed: None });
    let collecting = Mutex::new(SharedCollector {
        collector,
        answers: VecDeque::new(),
        spare: Vec::new(),
        first: 0,
        waiting: 0,
        threads,
        live,
        over: false,
        failed: None,
    });
    let advanced = Condvar::new();
    let flows = thread::scope(|scope| {
        let mut workers = Vec::new();
        for (index, batches) in (0..).zip(batches) {
            let (reading, collecting, advanced) = (&reading, &collecting, &advanced);
            let recycle = recycle.clone();
            let member = ReplayThread { batches, ahead, recycle, reading, collecting, advanced };
            workers.push(scope.spawn(move || member.work(Worker::for_share(setup, index))));
        }
        let joined =
            workers.into_iter().map(|worker| worker.join().map_err(|_| PipelineError::Worker));
        joined.collect::<Result<Vec<_>, _>>()
    })?;
    let reading = reading.into_inner().map_err(|_| PipelineError::Worker)?;
    if let Some(error) = reading.failed {
        return Err(error.into());
    }
    if let Some(error) = collecting.into_inner().map_err(|_| PipelineError::Worker)?.failed {
        return Err(error.into());
    }
    let flows = flows.into_iter().collect::<Option<Vec<_>>>().ok_or(PipelineError::Worker)?;
    Ok((reading.reader.dispatcher, flows))
}

/// The input, for the thread that holds the lock.
struct SharedReader<'a, 'o> {
    reader: BatchReader<'a>,
    /// The queue of each thread; empty once the input is over.
    queues: Vec<Sender<Arc<SegmentBatch>>>,
    recycled: Receiver<SegmentBatch>,
    observer: &'o mut dyn Observer,
    failed: Option<CaptureError>,
}

impl SharedReader<'_, '_> {
    /// Reads a batch and gives it to all threads. At the end, or on an error, it closes their
    /// queues.
    fn read(&mut self) {
        let mut batch = self.recycled.try_recv().unwrap_or_default();
        let read = self.reader.next(&mut batch);
        self.observer.progress(self.reader.progress());
        // The last thread gets this reference itself: if one were kept here, all threads could drop
        // theirs before this one does, none would be the last holder, and the batch would not be
        // recycled.
        let batch = Arc::new(batch);
        let more = matches!(read, Ok(true))
            && self.queues.split_last().is_some_and(|(last, others)| {
                others.iter().all(|queue| queue.send(Arc::clone(&batch)).is_ok())
                    && last.send(batch).is_ok()
            });
        self.failed = read.err();
        if !more {
            self.queues.clear();
        }
    }
}

/// The collector, for the thread that holds the lock.
struct SharedCollector<'a, 'o> {
    collector: &'a mut Collector<'o>,
    /// For batch number `first` and those after it: how many threads have reported, and their
    /// messages.
    answers: VecDeque<(usize, WorkerMessages)>,
    /// Empty message lists for reuse.
    spare: Vec<WorkerMessages>,
    first: u64,
    /// Number of messages in `answers`.
    waiting: usize,
    threads: usize,
    live: bool,
    /// The output failed, or a thread died.
    over: bool,
    failed: Option<io::Error>,
}

impl SharedCollector<'_, '_> {
    /// Adds a thread's messages about a batch, and gives the batches on which all threads have
    /// reported to the collector, in order.
    fn answer(&mut self, batch: u64, messages: &mut WorkerMessages) -> io::Result<()> {
        let place = (batch - self.first) as usize;
        while self.answers.len() <= place {
            self.answers.push_back((0, self.spare.pop().unwrap_or_default()));
        }
        if let Some((answered, said)) = self.answers.get_mut(place) {
            *answered += 1;
            self.waiting += messages.len();
            said.append(messages);
        }
        while let Some((_, said)) =
            self.answers.front_mut().filter(|answer| answer.0 == self.threads)
        {
            self.waiting -= said.len();
            self.collector.take_batch(said, self.live)?;
            self.spare.extend(self.answers.pop_front().map(|(_, said)| said));
            self.first += 1;
        }
        Ok(())
    }
}

/// One thread of a parallel replay.
struct ReplayThread<'s, 'a, 'o, 'c> {
    batches: Receiver<Arc<SegmentBatch>>,
    /// See [`AHEAD`]; 1 where packets arrive as they happen.
    ahead: usize,
    recycle: Sender<SegmentBatch>,
    reading: &'s Mutex<SharedReader<'a, 'o>>,
    collecting: &'s Mutex<SharedCollector<'a, 'c>>,
    /// Signalled when batches leave `collecting`, and when a thread ends.
    advanced: &'s Condvar,
}

impl ReplayThread<'_, '_, '_, '_> {
    /// Reports on each batch, and once more at the end. Returns the worker's counters, or `None` if
    /// the run failed before that.
    fn work(self, mut worker: Worker) -> Option<WorkerSnapshot> {
        let (mut next, mut messages) = (0, WorkerMessages::default());
        loop {
            self.read_ahead();
            let Ok(batch) = self.batches.recv() else { break };
            worker.batch(&batch, &mut messages);
            // The last thread to finish with a batch recycles it.
            if let Some(batch) = Arc::into_inner(batch) {
                let _ = self.recycle.try_send(batch);
            }
            self.answer(next, &mut messages)?;
            next += 1;
        }
        worker.finish(&mut messages);
        self.answer(next, &mut messages)?;
        Some(WorkerSnapshot::of_flows(&worker))
    }

    /// Reads until the queue holds `ahead` batches, unless another thread is reading.
    fn read_ahead(&self) {
        while self.batches.len() < self.ahead
            && let Ok(mut reading) = self.reading.try_lock()
            && !reading.queues.is_empty()
        {
            // Another thread may have read in between. With the lock held none can, so the queue
            // has room for the next batch, and this thread never waits for itself.
            if self.batches.len() < self.ahead {
                reading.read();
            }
        }
    }

    /// Reports on `batch`, once at most [`MAX_WAITING`] messages wait for slower threads; `None` if
    /// the run is over. The slowest thread never waits: its batch is `first`.
    fn answer(&self, batch: u64, messages: &mut WorkerMessages) -> Option<()> {
        let mut collecting = self.collecting.lock().ok()?;
        while batch > collecting.first && collecting.waiting > MAX_WAITING && !collecting.over {
            collecting = self.advanced.wait(collecting).ok()?;
        }
        if collecting.over {
            return None;
        }
        let first = collecting.first;
        let written = collecting.answer(batch, messages);
        if collecting.first > first {
            self.advanced.notify_all();
        }
        if let Err(error) = written {
            collecting.failed = Some(error);
            collecting.over = true;
            return None;
        }
        Some(())
    }
}

impl Drop for ReplayThread<'_, '_, '_, '_> {
    /// Wakes all threads, and closes the queues, so that none waits for this one after a failure.
    fn drop(&mut self) {
        let mut collecting = self.collecting.lock().unwrap_or_else(PoisonError::into_inner);
        collecting.over |= thread::panicking();
        drop(collecting);
        self.advanced.notify_all();
        // The reading thread may be waiting for room in this queue.
        self.batches = never();
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).queues.clear();
    }
}
