//! Merges capture files in packet-time order, with a bounded number of files open at a time.
//!
//! Files are sorted by the time of their first packet and opened when that is due. While only one
//! file is open, its blocks are handed on without a copy. Packets are copied only where files
//! overlap in time.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{PacketBatch, Timestamp};

use super::FillOutcome;
use super::file::CaptureFile;
use super::filter::PacketFilter;
use super::problem::ProblemReason;
use super::stats::CaptureStats;

/// Files open at a time: half of a process's usual limit of 1024 descriptors.
pub(super) const MAX_OPEN: usize = 512;
/// Bytes of a batch, and of a read while only one file is open.
const BLOCK: usize = 512 << 10;
/// Bytes of a read while files overlap: 512 open files hold 32 MiB.
const OVERLAP_BLOCK: usize = 64 << 10;

/// A file that is not open yet.
pub(super) struct WaitingFile {
    pub first: Timestamp,
    pub name: String,
    /// Whether it was due while too many other files were open.
    pub late: bool,
    /// Opens the file; an error becomes a problem in the statistics.
    pub open: Box<dyn FnOnce() -> Result<CaptureFile, ProblemReason> + Send>,
}

/// An open file, and the packets of its last batch from `next` on, not yet delivered.
struct OpenFile {
    file: CaptureFile,
    name: String,
    batch: PacketBatch,
    next: usize,
}

impl OpenFile {
    fn head(&self) -> Option<Timestamp> {
        self.batch.records.get(self.next).map(|record| record.time)
    }

    /// Reads the file's next packets into `batch`.
    fn read(
        file: &mut CaptureFile,
        name: &str,
        batch: &mut PacketBatch,
        block: usize,
        filter: Option<&mut PacketFilter>,
        stats: &mut CaptureStats,
    ) -> FillOutcome {
        batch.clear();
        let filled = file.fill(batch, block, stats);
        if let Some(filter) = filter {
            filter.apply(batch, stats, name);
        }
        filled
    }
}

/// Files in packet-time order. A single file keeps its own order, whatever its times.
pub(super) struct Merge {
    /// Files not opened yet, sorted by first packet.
    pending: VecDeque<WaitingFile>,
    /// Open files, by the time of the next packet, then by the order of opening: every run
    /// delivers the same order.
    active: BTreeMap<(Timestamp, usize), Box<OpenFile>>,
    opened: usize,
    filter: Option<PacketFilter>,
    pub stats: CaptureStats,
}

impl Merge {
    pub(super) fn new(filter: Option<PacketFilter>) -> Merge {
        Merge {
            pending: VecDeque::new(),
            active: BTreeMap::new(),
            opened: 0,
            filter,
            stats: CaptureStats::default(),
        }
    }

    /// Sets the files to read; they must be sorted by first packet.
    pub(super) fn add(&mut self, pending: Vec<WaitingFile>) {
        self.pending = pending.into();
    }

    /// Fills a cleared batch.
    pub(super) fn fill(&mut self, batch: &mut PacketBatch) -> FillOutcome {
        let filled = loop {
            let Some(((head, age), mut active)) = self.active.pop_first() else {
                match self.open_next() {
                    true => continue,
                    false => break FillOutcome::End,
                }
            };
            if active.head().is_some() {
                self.active.insert((head, age), active);
                self.merge(batch);
                break FillOutcome::Packets;
            }
            // This file has no buffered packets. If it is the only open one, read it straight
            // into the caller's batch.
            if self.active.is_empty() {
                match self.read_alone(&mut active, batch) {
                    FillOutcome::End => continue,
                    filled => {
                        // A batch that overlaps the next file was kept back for merging.
                        let kept = active.head();
                        self.active.insert((kept.unwrap_or(head), age), active);
                        if kept.is_none() {
                            break filled;
                        }
                        continue;
                    }
                }
            }
            self.refill(age, active);
        };
        self.stats.count_delivered(batch);
        filled
    }

    /// Opens the next file; `false` if there is none. Unreadable files become problems.
    fn open_next(&mut self) -> bool {
        while let Some(pending) = self.pending.pop_front() {
            match (pending.open)() {
                Ok(file) => {
                    let (name, batch) = (pending.name, PacketBatch::default());
                    let active = Box::new(OpenFile { file, name, batch, next: 0 });
                    self.active.insert((pending.first, self.opened), active);
                    self.opened += 1;
                    return true;
                }
                Err(reason) => self.stats.report(&pending.name, None, reason),
            }
        }
        false
    }

    /// Reads the only open file into the caller's batch.
    ///
    /// Keeps the whole batch back if one of its packets is later than the start of the next file.
    fn read_alone(&mut self, active: &mut OpenFile, batch: &mut PacketBatch) -> FillOutcome {
        let OpenFile { file, name, .. } = active;
        let filled =
            OpenFile::read(file, name, batch, BLOCK, self.filter.as_mut(), &mut self.stats);
        if let Some(next) = self.pending.front()
            && batch.records.iter().any(|record| record.time > next.first)
        {
            std::mem::swap(&mut active.batch, batch);
            batch.clear();
            active.next = 0;
        }
        filled
    }

    /// Reads more packets of one of several open files, or drops the file at its end.
    fn refill(&mut self, age: usize, mut active: Box<OpenFile>) {
        active.next = 0;
        loop {
            let OpenFile { file, name, batch, .. } = &mut *active;
            let filter = self.filter.as_mut();
            match OpenFile::read(file, name, batch, OVERLAP_BLOCK, filter, &mut self.stats) {
                FillOutcome::End => return,
                // Without a packet the filter rejected all: read on.
                _ => {
                    if let Some(head) = active.head() {
                        self.active.insert((head, age), active);
                        return;
                    }
                }
            }
        }
    }

    /// Copies packets of the open files into the batch in time order.
    ///
    /// Stops when the batch is full, or when the only file left has no buffered packets.
    fn merge(&mut self, batch: &mut PacketBatch) {
        while batch.bytes.len() < BLOCK {
            let Some(((head, age), mut active)) = self.active.pop_first() else { return };
            let room = self.active.len() + 1 < MAX_OPEN;
            if let Some(due) = self.pending.front_mut().filter(|next| next.first < head) {
                if room {
                    self.active.insert((head, age), active);
                    self.open_next();
                    continue;
                }
                if !std::mem::replace(&mut due.late, true) {
                    self.stats.report(&due.name, None, ProblemReason::OutOfOrder);
                }
            }
            if active.head().is_none() {
                if self.active.is_empty() {
                    self.active.insert((head, age), active);
                    return;
                }
                self.refill(age, active);
                continue;
            }
            // Copy all packets up to the next packet of another file in one run.
            let others = self.active.first_key_value().map(|(key, _)| *key);
            let unopened = self.pending.front().map(|pending| (pending.first, usize::MAX));
            let limit = others.into_iter().chain(unopened.filter(|_| room)).min();
            while let Some(record) = active.batch.records.get(active.next) {
                let due = limit.is_none_or(|limit| (record.time, age) <= limit);
                if !due || batch.bytes.len() >= BLOCK {
                    break;
                }
                let start = record.offset as usize;
                let end = start + record.captured as usize;
                let bytes = active.batch.bytes.get(start..end).unwrap_or_default();
                batch.push(record.time, record.link, record.wire_len, bytes);
                active.next += 1;
            }
            // A file with an empty buffer keeps its key, so that it is refilled next.
            let key = active.head().unwrap_or(head);
            self.active.insert((key, age), active);
        }
    }
}
