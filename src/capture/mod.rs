//! Takes packets from capture files, standard input or interfaces and hands them on in batches.
//!
//! ```text
//! path ─ input (decompress) ─ file (pcap | pcapng) ─ merge ─┐
//!                                                           ├─ filter ─▶ PacketBatch
//! interface ─ live (one socket of a fanout group per worker)┘
//! ```
//!
//! Whatever could not be read is an [`InputProblem`] in the [`CaptureStats`]; what stops the
//! whole capture is a [`CaptureError`].

mod bypass;
mod bytes;
mod clock;
mod decompress;
mod fanout;
mod file;
mod filter;
mod input;
mod interfaces;
mod linktype;
mod live;
mod merge;
mod pcap;
mod pcapng;
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

/// What a call of [`Source::fill`] brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOutcome {
    /// The batch holds packets; none only where a filter rejected or the bypass left out everything.
    Packets,
    /// A live handle or a pipe had nothing within the poll time (10 or 100 ms).
    Idle,
    /// There is nothing more: the last file ended, or the stop flag is up.
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

/// Where packets come from.
pub trait Source: Send {
    /// Appends packets to a cleared batch; its `first_packet` is the caller's.
    ///
    /// A batch is about 1 MiB of packet bytes. Errors are those nothing can be done about;
    /// a damaged file or a lost interface is a problem in [`Source::stats`] instead.
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError>;

    /// Counters and problems since the start. On a live source it also asks the kernel, so
    /// call it about once a second, not once a batch.
    fn stats(&mut self) -> CaptureStats;

    /// Takes the bypass that this source shall ask before it copies a packet, and gives back the one
    /// that it has. Sources that cannot be overloaded have no use for one.
    fn exchange_bypass(&mut self, bypass: Option<Box<Bypass>>) -> Option<Box<Bypass>> {
        bypass
    }

    /// How far the replay is; `None` for interfaces and pipes, which have no known end.
    fn progress(&self) -> Option<Progress>;
}
