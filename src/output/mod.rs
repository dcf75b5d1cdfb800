//! Outputs of the program: records for other programs, and the summary for a person.
//!
//! ```text
//! Outgoing ─▶ Outputs ─▶ Route: Filter ─▶ Encoder ─▶ Frames ─▶ Sink
//!             (queues)                    eve native           file, standard output
//! ```
//!
//! An encoder turns a typed record into the bytes of a format and never opens a file or a socket. A
//! sink delivers whole frames to a target and never knows a field. A new format is a file in
//! `encoder/` and a line in its registry; a new transport is a file in `sink/`.

pub mod encoder;
pub mod route;
pub mod sink;
pub mod summary;

pub use encoder::{EncodeError, Encoder, MAX_LINE};
pub use route::{Outputs, Route, RouteStats, WhenFull};
pub use sink::{Frames, Sink, SinkError, reader_left};

use std::io;

use crate::model::Timestamp;
use crate::model::record::Outgoing;

/// Consumes the records of the pipeline, in order.
pub trait RecordConsumer: Send {
    /// Consumes one record. `caused_by` is the time of the packet that led to it, if its latency is
    /// measured, as in live capture.
    ///
    /// # Errors
    /// When nothing can be delivered any more.
    fn consume(&mut self, record: &Outgoing, caused_by: Option<Timestamp>) -> io::Result<()>;

    /// Delivers the records that are buffered; called when no more follow for now.
    ///
    /// # Errors
    /// When nothing can be delivered any more.
    fn flush(&mut self) -> io::Result<()>;

    /// Reopens the targets of outputs, which may have been renamed.
    ///
    /// # Errors
    /// When nothing can be delivered any more.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The counters of each output.
    fn stats(&self) -> Vec<RouteStats> {
        Vec::new()
    }
}
