//! What leaves the program: alerts and event records as JSON lines, and the summary for a person.

mod envelope;
pub mod eve;
pub mod eve_events;
mod fit;
mod json;
pub mod native;
#[cfg(test)]
mod sample;
pub mod summary;
mod technique;
mod writer;

use std::io;

use crate::model::Alert;

pub use fit::MAX_LINE;
pub use writer::{Writer, reader_left};

/// Takes what the pipeline produces, in order.
pub trait Outlet: Send {
    fn alert(&mut self, alert: &Alert) -> io::Result<()>;
    /// A line of `--events`, without its line feed.
    fn record(&mut self, line: &str) -> io::Result<()>;
    /// Nothing more for now: hand on what is buffered.
    fn flush(&mut self) -> io::Result<()>;
}
