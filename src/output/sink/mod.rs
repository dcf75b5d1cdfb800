//! Transports: a sink delivers whole frames to a file or elsewhere.

mod file;
mod frames;
mod standard_output;

use std::io;

pub use file::FileSink;
pub use frames::Frames;
pub use standard_output::StandardOutputSink;

/// Delivers frames to one target.
///
/// A sink never reads the content of a frame. It has its own way to separate frames: lines of a
/// file, datagrams, a length before each.
pub trait Sink: Send {
    /// Name of the target in messages: `standard output`, the path of a file.
    fn name(&self) -> &str;

    /// Delivers all of `frames`, in order.
    ///
    /// # Errors
    /// When the target fails. No frame counts as delivered then, though some may have been, so a
    /// retry may deliver frames twice.
    fn write(&mut self, frames: &Frames) -> Result<(), SinkError>;

    /// Reopens the target, which may have been renamed.
    ///
    /// # Errors
    /// When the target cannot be opened.
    fn reopen(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Why frames were not delivered.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// A temporary failure: a retry may succeed.
    #[error("{0}")]
    Retry(#[source] io::Error),
    /// A permanent failure: nothing will ever be delivered.
    #[error("{0}")]
    Fatal(#[source] io::Error),
}

impl SinkError {
    /// The error of the system behind it.
    pub fn into_io(self) -> io::Error {
        match self {
            SinkError::Retry(error) | SinkError::Fatal(error) => error,
        }
    }
}

/// Whether a write failed because the reader has gone, as with `minewatch … | head`. This is a
/// reason to stop, not a failure.
pub fn reader_left(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}
