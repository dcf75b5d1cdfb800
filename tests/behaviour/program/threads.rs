//! Threads that share a replay lose nothing, say the same, and come to an end, however the input is cut
//! and whatever goes wrong.

use std::io;
use std::path::Path;

use minewatch::capture::{
    CaptureError, CaptureStats, FillOutcome, Progress, ReplayOptions, Source, open_replay,
};
use minewatch::model::Timestamp;
use minewatch::model::packet::PacketBatch;
use minewatch::model::record::Outgoing;
use minewatch::output::RecordConsumer;
use minewatch::pipeline::{self, Control, PipelineError};

use crate::support::nobody::Nobody;
use crate::support::setup::setup;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        threads_say_the_same_whatever_the_batches,
        a_full_disk_ends_the_replay_with_its_error,
        an_input_that_breaks_off_ends_the_replay_with_its_error,
    ]
}

/// The samples of the repository, in batches of so many packets.
struct Pieces {
    whole: PacketBatch,
    next: usize,
    size: usize,
    /// Whether it fails instead of ending.
    fails: bool,
}

impl Pieces {
    fn new(size: usize) -> Self {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps");
        let mut source = open_replay(&[samples], &ReplayOptions::default()).unwrap();
        let (mut whole, mut batch) = (PacketBatch::default(), PacketBatch::default());
        while source.fill(&mut batch).unwrap() != FillOutcome::End {
            for (packet, record) in batch.packets().zip(&batch.records) {
                whole.push(record.time, record.link, record.wire_len, packet.bytes);
            }
            batch.clear();
        }
        Pieces { whole, next: 0, size, fails: false }
    }
}

impl Source for Pieces {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError> {
        let end = self.next.saturating_add(self.size).min(self.whole.records.len());
        for (record, packet) in
            self.whole.records.iter().zip(self.whole.packets()).take(end).skip(self.next)
        {
            batch.push(record.time, record.link, record.wire_len, packet.bytes);
        }
        let over = self.next == end;
        self.next = end;
        match (over, self.fails) {
            (false, _) => Ok(FillOutcome::Packets),
            (true, false) => Ok(FillOutcome::End),
            (true, true) => Err(CaptureError::NoInput),
        }
    }

    fn stats(&mut self) -> CaptureStats {
        CaptureStats::default()
    }

    fn progress(&self) -> Option<Progress> {
        Some(Progress { done: 0, total: 0 })
    }
}

/// Takes so many alerts, then the disk is full.
struct Disk {
    room: usize,
    alerts: Vec<String>,
}

impl RecordConsumer for Disk {
    fn consume(&mut self, record: &Outgoing, _: Option<Timestamp>) -> io::Result<()> {
        if self.alerts.len() == self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.alerts.push(format!("{record:?}"));
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The alerts, and the packets that were decoded.
fn replay(
    pieces: Pieces,
    threads: usize,
    room: usize,
) -> Result<(Vec<String>, u64), PipelineError> {
    let mut disk = Disk { room, alerts: Vec::new() };
    let report = pipeline::replay(
        Box::new(pieces),
        &setup(),
        threads,
        &mut disk,
        Control::none(),
        &mut Nobody,
    )?;
    Ok((disk.alerts, report.counters.decode.packets))
}

fn threads_say_the_same_whatever_the_batches() {
    let one = replay(Pieces::new(usize::MAX), 1, usize::MAX).unwrap();
    assert!(one.0.len() > 10, "{} alerts", one.0.len());
    for threads in [2, 3, 8] {
        for size in [1, 7, 100, usize::MAX] {
            let many = replay(Pieces::new(size), threads, usize::MAX).unwrap();
            assert!(many == one, "{threads} threads, {size} packets a batch");
        }
    }
}

fn a_full_disk_ends_the_replay_with_its_error() {
    for threads in [1, 2, 8] {
        let error = replay(Pieces::new(3), threads, 5).unwrap_err();
        assert!(matches!(error, PipelineError::Output(_)), "{threads} threads: {error}");
    }
}

fn an_input_that_breaks_off_ends_the_replay_with_its_error() {
    for threads in [1, 2, 8] {
        let pieces = Pieces { fails: true, ..Pieces::new(3) };
        let error = replay(pieces, threads, usize::MAX).unwrap_err();
        assert!(matches!(error, PipelineError::Capture(_)), "{threads} threads: {error}");
    }
}
