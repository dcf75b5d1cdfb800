//! Reads packets from capture files, standard input or interfaces, in batches.
//!
//! ```text
//! path ─ file (input, decompress, pcap | pcapng) ─ merge ─┐
//!                                                         ├─ filter ─▶ PacketBatch
//! interface ─ live (one socket of a fanout group per worker)┘
//! ```
//!
//! A part of the input that cannot be read becomes an [`InputProblem`] in the [`CaptureStats`]. An
//! error that stops the whole capture is a [`CaptureError`].

mod bypass;
mod clock;
mod fanout;
mod file;
mod filter;
mod interfaces;
mod linktype;
mod live;
mod merge;
mod problem;
mod replay;
mod stats;

pub use bypass::{Bypass, BypassStats};
pub use clock::wall_clock;
pub use filter::check_filter;
pub use interfaces::{InterfaceInfo, interfaces};
pub use live::{LiveOptions, open_live};
pub use problem::{CaptureError, InputProblem, ProblemReason};
pub use replay::{ReplayOptions, open_replay};
pub use stats::CaptureStats;

use crate::model::PacketBatch;

/// The result of [`Source::fill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOutcome {
    /// Packets were read. The batch is empty only if the filter or the bypass left out all of them.
    Packets,
    /// No packet arrived within the poll time (10 ms for interfaces, 100 ms for pipes).
    Idle,
    /// No more packets will come: the last file ended, or the stop flag is set.
    End,
}

/// How much of the input files has been read, in bytes on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read so far.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
}

/// A source of packets: a replay, or one worker's share of a live capture.
pub trait Source: Send {
    /// Appends packets to a cleared batch; the caller sets its `first_packet`.
    ///
    /// A batch has about 512 KiB from files and 1 MiB from interfaces. Fails only if the capture
    /// cannot go on; a damaged file or a lost interface is a problem in [`Source::stats`] instead.
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError>;

    /// Returns counters and problems since the start. A live source also asks the kernel, so call
    /// it about once a second, not for each batch.
    fn stats(&mut self) -> CaptureStats;

    /// Sets the bypass to ask before each packet is copied, and returns the previous one.
    ///
    /// A source that cannot be overloaded uses no bypass and returns the given one.
    fn exchange_bypass(&mut self, bypass: Option<Box<Bypass>>) -> Option<Box<Bypass>> {
        bypass
    }

    /// Returns the progress of a replay; `None` for interfaces and pipes, which have no known end.
    fn progress(&self) -> Option<Progress>;
}
