//! Counters of a route, readable from other threads.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counters of one route, shared with its thread.
#[derive(Debug)]
pub(super) struct RouteCounters {
    name: String,
    written: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
    retries: AtomicU64,
    waiting: AtomicU64,
}

/// The counters of a route at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RouteStats {
    /// Name of the target.
    pub name: String,
    /// Counter: records written.
    pub written: u64,
    /// Counter: bytes of these records, with line feeds.
    pub bytes: u64,
    /// Counter: records dropped because the queue was full or the sink failed for good.
    pub dropped: u64,
    /// Counter: retried writes.
    pub retries: u64,
    /// Gauge: records accepted and not yet written.
    pub waiting: u64,
}

impl RouteCounters {
    pub(super) fn new(name: &str) -> Self {
        RouteCounters {
            name: name.to_owned(),
            written: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
        }
    }

    /// Counts records that were written, with `bytes` in all.
    pub(super) fn written(&self, records: usize, bytes: usize) {
        self.waiting.fetch_sub(records as u64, Ordering::Relaxed);
        self.written.fetch_add(records as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts records that the route has accepted: they wait until they are written or lost.
    pub(super) fn accepted(&self, records: u64) {
        self.waiting.fetch_add(records, Ordering::Relaxed);
    }

    /// Counts a record that the filter rejects, or that has no frame in this format.
    pub(super) fn passed_by(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts records for which the queue had no room, or that the sink refused for good.
    pub(super) fn lost(&self, records: u64) {
        self.waiting.fetch_sub(records, Ordering::Relaxed);
        self.dropped.fetch_add(records, Ordering::Relaxed);
    }

    /// Counts all waiting records as lost, once nobody waits for them any longer.
    pub(super) fn give_up(&self) {
        let waiting = self.waiting.swap(0, Ordering::Relaxed);
        self.dropped.fetch_add(waiting, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// The present counters.
    pub(super) fn stats(&self) -> RouteStats {
        RouteStats {
            name: self.name.clone(),
            written: self.written.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}
