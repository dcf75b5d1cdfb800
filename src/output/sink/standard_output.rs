//! A sink that writes lines to standard output.

use std::io::{self, Write};

use super::{Frames, Sink, SinkError};

/// Writes frames as lines to standard output, or to a writer that a test supplies.
pub struct StandardOutputSink {
    output: Box<dyn Write + Send>,
}

impl StandardOutputSink {
    /// A sink to standard output.
    pub fn new() -> Self {
        StandardOutputSink::over(Box::new(io::stdout()))
    }

    /// A sink that writes to `output` instead.
    pub fn over(output: Box<dyn Write + Send>) -> Self {
        StandardOutputSink { output }
    }
}

impl Default for StandardOutputSink {
    fn default() -> Self {
        StandardOutputSink::new()
    }
}

impl Sink for StandardOutputSink {
    fn name(&self) -> &str {
        "standard output"
    }

    fn write(&mut self, frames: &Frames) -> Result<(), SinkError> {
        let written = self.output.write_all(frames.lines()).and_then(|()| self.output.flush());
        written.map_err(SinkError::Fatal)
    }
}
