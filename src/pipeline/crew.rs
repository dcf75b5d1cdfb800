//! Replays with several threads. Each owns a part of the flows, and whichever comes to it reads on for
//! all: so nobody waits for a reader, and nobody reads while there is enough to do.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, TryLockError};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::collector::Collector;
use super::dispatch::Dispatcher;
use super::reader::Reader;
use super::worker::{Message, Worker, put_in_order};
use super::{Observer, PipelineError, Setup};
use crate::capture::{CaptureError, Source};
use crate::flow::FlowStats;
use crate::model::SegmentBatch;

/// Batches that a thread wants to have before it before it goes to work: the others then never wait
/// for it to read.
const AHEAD: usize = 2;

/// Batches before one thread, which those that are faster have dealt with. The answers to these wait for
/// its own: each can have as many findings as a batch has packets, a kilobyte each.
const QUEUE: usize = 3;

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
    let flush = reader.is_live();
    let reading = Mutex::new(Reading { reader, queues, recycled, observer, failed: None });
    let answers = VecDeque::new();
    let collecting = Mutex::new(Collecting { collector, answers, first: 0, threads, flush });
    let flows = thread::scope(|scope| {
        let mut workers = Vec::new();
        for (index, batches) in (0..).zip(batches) {
            let (reading, collecting, recycle) = (&reading, &collecting, recycle.clone());
            let member = Member { batches, recycle, reading, collecting };
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
    let flows = flows.into_iter().collect::<Result<Vec<_>, io::Error>>()?;
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
        if self.queues.is_empty() {
            return;
        }
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
    first: u64,
    threads: usize,
    flush: bool,
}

impl Collecting<'_, '_> {
    /// Takes what a thread has to say of a batch, and hands on what all have spoken of, in order.
    fn answer(&mut self, batch: u64, messages: Vec<Message>) -> io::Result<()> {
        let place = (batch - self.first) as usize;
        while self.answers.len() <= place {
            self.answers.push_back((0, Vec::new()));
        }
        if let Some((answered, said)) = self.answers.get_mut(place) {
            *answered += 1;
            said.extend(messages);
        }
        while let Some((_, said)) =
            self.answers.front_mut().filter(|answer| answer.0 == self.threads)
        {
            put_in_order(said);
            self.collector.take(said)?;
            if self.flush {
                self.collector.flush()?;
            }
            self.answers.pop_front();
            self.first += 1;
        }
        Ok(())
    }
}

/// One thread.
struct Member<'s, 'a, 'o, 'c> {
    batches: Receiver<Arc<SegmentBatch>>,
    recycle: Sender<SegmentBatch>,
    reading: &'s Mutex<Reading<'a, 'o>>,
    collecting: &'s Mutex<Collecting<'a, 'c>>,
}

impl Member<'_, '_, '_, '_> {
    /// Answers each batch, and once more at the end.
    fn work(self, mut worker: Worker) -> io::Result<FlowStats> {
        let mut next = 0;
        loop {
            self.read_ahead();
            let Ok(batch) = self.batches.recv() else { break };
            let mut messages = Vec::new();
            worker.batch(&batch, &mut messages);
            // The last to finish with a batch gives it back.
            if let Some(batch) = Arc::into_inner(batch) {
                let _ = self.recycle.try_send(batch);
            }
            self.answer(next, messages)?;
            next += 1;
        }
        let mut messages = Vec::new();
        worker.finish(&mut messages);
        self.answer(next, messages)?;
        Ok(worker.flow_stats().clone())
    }

    /// Reads on, unless somebody else does.
    fn read_ahead(&self) {
        while self.batches.len() < AHEAD {
            match self.reading.try_lock() {
                Ok(mut reading) if !reading.queues.is_empty() => reading.read(),
                Ok(_) | Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => return,
            }
        }
    }

    fn answer(&self, batch: u64, messages: Vec<Message>) -> io::Result<()> {
        match self.collecting.lock() {
            Ok(mut collecting) => collecting.answer(batch, messages),
            Err(_) => Err(io::Error::other("another thread died")),
        }
    }
}
