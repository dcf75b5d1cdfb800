//! Replays with several threads. Each owns a part of the flows, and whichever comes to it reads on for
//! all: so nobody waits for a reader, and nobody reads while there is enough to do.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, never};

use super::collector::Collector;
use super::dispatch::Dispatcher;
use super::reader::Reader;
use super::worker::{Message, Worker};
use super::{Observer, PipelineError, Setup};
use crate::capture::{CaptureError, Source};
use crate::flow::FlowStats;
use crate::model::SegmentBatch;

/// Batches that a thread wants to have before it when it goes to work: the others then hardly ever wait
/// for it to read, and a batch that is mostly one thread's work keeps nobody waiting. 4 MiB.
const AHEAD: usize = 6;
/// Batches before a thread that others are faster than.
const QUEUE: usize = 2 * AHEAD;
/// Messages that wait for a slower thread's, beyond which the faster ones wait, too. A message can be a
/// kilobyte.
const MAX_WAITING: usize = 8192;

/// Runs `source` to its end through `threads` workers.
pub(super) fn replay(
    source: &mut dyn Source,
    setup: &Setup,
    threads: usize,
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<(Dispatcher, Vec<FlowStats>), PipelineError> {
    let (queues, batches): (Vec<_>, Vec<_>) = (0..threads).map(|_| bounded(QUEUE)).unzip();
    let (recycle, recycled) = bounded(QUEUE + AHEAD);
    let reader = Reader::new(source, Dispatcher::new(setup.decode.clone(), threads));
    let live = reader.is_live();
    let ahead = if live { 1 } else { AHEAD };
    let reading = Mutex::new(Reading { reader, queues, recycled, observer, failed: None });
    let collecting = Mutex::new(Collecting {
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
            let member = Member { batches, ahead, recycle, reading, collecting, advanced };
            workers.push(scope.spawn(move || member.work(Worker::new(setup, index))));
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

/// The input, for whoever holds it.
struct Reading<'a, 'o> {
    reader: Reader<'a>,
    /// What each thread has before it; none once the input is over.
    queues: Vec<Sender<Arc<SegmentBatch>>>,
    recycled: Receiver<SegmentBatch>,
    observer: &'o mut dyn Observer,
    failed: Option<CaptureError>,
}

impl Reading<'_, '_> {
    /// Reads a batch and gives it to all threads. They are told when there is none.
    fn read(&mut self) {
        let mut batch = self.recycled.try_recv().unwrap_or_default();
        let read = self.reader.next(&mut batch);
        self.observer.progress(self.reader.progress());
        // The last thread gets this one's own: else, where they are faster than this one lets go of it,
        // none of them would be the last to have it, and nobody would give it back.
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

/// The end of the line, for whoever holds it.
struct Collecting<'a, 'o> {
    collector: &'a mut Collector<'o>,
    /// Of the batch with number `first` and of those after it: by how many threads, and what they said.
    answers: VecDeque<(usize, Vec<Message>)>,
    /// Memory for more.
    spare: Vec<Vec<Message>>,
    first: u64,
    /// Messages in `answers`.
    waiting: usize,
    threads: usize,
    live: bool,
    /// Something failed, or somebody died.
    over: bool,
    failed: Option<io::Error>,
}

impl Collecting<'_, '_> {
    /// Takes what a thread has to say of a batch, and hands on what all have spoken of, in order.
    fn answer(&mut self, batch: u64, messages: &mut Vec<Message>) -> io::Result<()> {
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

/// One thread.
struct Member<'s, 'a, 'o, 'c> {
    batches: Receiver<Arc<SegmentBatch>>,
    /// See [`AHEAD`]; 1 where batches come as they happen.
    ahead: usize,
    recycle: Sender<SegmentBatch>,
    reading: &'s Mutex<Reading<'a, 'o>>,
    collecting: &'s Mutex<Collecting<'a, 'c>>,
    /// Batches have left `collecting`.
    advanced: &'s Condvar,
}

impl Member<'_, '_, '_, '_> {
    /// Answers each batch, and once more at the end: what the worker has counted, if it got there.
    fn work(self, mut worker: Worker) -> Option<FlowStats> {
        let (mut next, mut messages) = (0, Vec::new());
        loop {
            self.read_ahead();
            let Ok(batch) = self.batches.recv() else { break };
            worker.batch(&batch, &mut messages);
            // The last to finish with a batch gives it back.
            if let Some(batch) = Arc::into_inner(batch) {
                let _ = self.recycle.try_send(batch);
            }
            self.answer(next, &mut messages)?;
            next += 1;
        }
        worker.finish(&mut messages);
        self.answer(next, &mut messages)?;
        Some(worker.flow_stats().clone())
    }

    /// Reads on, unless somebody else does.
    fn read_ahead(&self) {
        while self.batches.len() < self.ahead
            && let Ok(mut reading) = self.reading.try_lock()
            && !reading.queues.is_empty()
        {
            // Somebody else may have read in between. With the input in hand nobody can: so there is
            // room for what comes, and this thread never waits for itself.
            if self.batches.len() < self.ahead {
                reading.read();
            }
        }
    }

    /// Answers `batch`, once that is not too far ahead of what the others have answered; `None` if there
    /// is no sense in going on. The slowest never waits: its batch is the first, and the next ones are
    /// before it.
    fn answer(&self, batch: u64, messages: &mut Vec<Message>) -> Option<()> {
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

impl Drop for Member<'_, '_, '_, '_> {
    /// Nobody must wait for a thread that has gone, be it that the output failed or that it died.
    fn drop(&mut self) {
        let mut collecting = self.collecting.lock().unwrap_or_else(PoisonError::into_inner);
        collecting.over |= thread::panicking();
        drop(collecting);
        self.advanced.notify_all();
        // Whoever reads may be waiting for room here.
        self.batches = never();
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).queues.clear();
    }
}
