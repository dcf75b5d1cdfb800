//! Runs a route on its own thread, behind a bounded queue.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::latency::Latency;
use super::stats::{RouteCounters, RouteStats};
use super::{Route, SinkError};
use crate::model::Timestamp;
use crate::model::record::Outgoing;

/// Capacity of the queue, in records. A record about an incident has 2 to 8 kB, so a full queue
/// takes some 20 MB.
const QUEUE: usize = 4096;
/// Pause before a write is retried: the first, and the longest. Each pause is twice the one before.
const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// Time that the end of a run waits for the sink to write the queued records.
const FINISH_WAIT: Duration = Duration::from_secs(5);

/// The policy for a record for which the queue has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// The producer waits. For replays, which have time.
    Wait,
    /// The record is dropped and counted. For live capture, where packets do not wait.
    DropNewest,
}

/// An entry of the queue.
enum Delivery {
    Record(Outgoing, Option<Timestamp>),
    /// Makes an idle thread look at [`QueuedRoute::reopen`].
    Wake,
}

/// A route behind a queue. Dropping it without [`QueuedRoute::finish`] leaves its thread behind.
pub(super) struct QueuedRoute {
    queue: Sender<Delivery>,
    when_full: WhenFull,
    counters: Arc<RouteCounters>,
    /// The sink is to reopen its target before its next record. A flag, since a full queue must not
    /// lose the request.
    reopen: Arc<AtomicBool>,
    /// The error for which the sink has given up, until it is reported.
    failure: Arc<Mutex<Option<io::Error>>>,
    /// Delivers the measured latency when the thread ends.
    finished: Receiver<Option<Latency>>,
}

impl QueuedRoute {
    /// Starts the thread of `route`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(mut route: Route, when_full: WhenFull) -> io::Result<Self> {
        let (queue, deliveries) = bounded(QUEUE);
        let (finish, finished) = bounded(1);
        let failure = Arc::new(Mutex::new(None));
        let counters = Arc::clone(&route.counters);
        let reopen = Arc::new(AtomicBool::new(false));
        let (shared, requested) = (Arc::clone(&failure), Arc::clone(&reopen));
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            let failed = work(&mut route, &deliveries, &requested).err();
            *shared.lock().unwrap_or_else(PoisonError::into_inner) = failed;
            // The failure is stored before the producer can find the queue closed.
            drop(deliveries);
            let _ = finish.send(route.latency);
        })?;
        Ok(QueuedRoute { queue, when_full, counters, reopen, failure, finished })
    }

    /// Queues one record.
    ///
    /// # Errors
    /// The error for which the sink has given up.
    pub(super) fn deliver(
        &self,
        record: &Outgoing,
        caused_by: Option<Timestamp>,
    ) -> io::Result<()> {
        let delivery = Delivery::Record(record.clone(), caused_by);
        self.counters.accepted(1);
        let sent = match self.when_full {
            WhenFull::Wait => self.queue.send(delivery).map_err(|_| true),
            WhenFull::DropNewest => self.queue.try_send(delivery).map_err(|e| e.is_disconnected()),
        };
        let Err(disconnected) = sent else { return Ok(()) };
        self.counters.lost(1);
        if disconnected { self.check() } else { Ok(()) }
    }

    /// Requests that the sink reopens its target before it writes another record.
    pub(super) fn reopen(&self) {
        self.reopen.store(true, Ordering::Release);
        // The thread looks at the flag before each record, so only an idle one has to be woken.
        let _ = self.queue.try_send(Delivery::Wake);
    }

    /// Returns the error for which the sink has given up, once. The thread writes the gathered
    /// records by itself as soon as its queue is empty, so a flush is nothing but this.
    pub(super) fn check(&self) -> io::Result<()> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    pub(super) fn stats(&self) -> RouteStats {
        self.counters.stats()
    }

    /// Waits for at most [`FINISH_WAIT`] until all records are written. The rest counts as dropped.
    pub(super) fn finish(self) -> (RouteStats, Option<Latency>, io::Result<()>) {
        let QueuedRoute { queue, counters, failure, finished, .. } = self;
        // The thread ends when the queue is empty and no sender is left.
        drop(queue);
        let latency = finished.recv_timeout(FINISH_WAIT).unwrap_or_default();
        counters.give_up();
        let failed = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        (counters.stats(), latency, failed.map_or(Ok(()), Err))
    }
}

/// Runs the thread of a route: processes deliveries until the queue is closed.
///
/// # Errors
/// The fatal error of the sink, which ends the thread early.
fn work(route: &mut Route, deliveries: &Receiver<Delivery>, reopen: &AtomicBool) -> io::Result<()> {
    loop {
        let delivery = match deliveries.try_recv() {
            Ok(delivery) => delivery,
            Err(_) => {
                // The queue is empty: write the gathered records, then sleep.
                persist(route, Route::flush)?;
                match deliveries.recv() {
                    Ok(delivery) => delivery,
                    Err(_) => return Ok(()),
                }
            }
        };
        if reopen.swap(false, Ordering::Acquire) {
            persist(route, Route::reopen)?;
        }
        if let Delivery::Record(record, caused_by) = delivery {
            let gathered = route.gather(&record, caused_by);
            if gathered.map_err(|error| route.named(error))? {
                persist(route, Route::flush)?;
            }
        }
    }
}

/// Retries `work` until it succeeds or fails for good, with growing pauses.
fn persist(
    route: &mut Route,
    work: impl Fn(&mut Route) -> Result<(), SinkError>,
) -> io::Result<()> {
    let (mut pause, longest) = RETRY_PAUSE;
    loop {
        match work(route) {
            Ok(()) => return Ok(()),
            Err(SinkError::Retry(_)) => {
                route.counters.retried();
                thread::sleep(pause);
                pause = (pause * 2).min(longest);
            }
            Err(error) => return Err(route.named(error)),
        }
    }
}
