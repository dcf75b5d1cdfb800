//! A clean stop on SIGINT and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::{Exit, Failure};
use crate::capture::{CaptureError, CaptureStats, Filled, Progress, Source};
use crate::model::PacketBatch;

/// A flag that the first SIGINT or SIGTERM raises; the second one ends the process at once.
pub(super) fn flag_on_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal must not find its own flag raised.
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| Failure::new(Exit::Failure, format!("signals: {error}")))?;
    }
    Ok(stop)
}

/// A source that ends when a flag is raised.
pub(super) struct Stoppable {
    pub source: Box<dyn Source>,
    pub stop: Arc<AtomicBool>,
}

impl Source for Stoppable {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<Filled, CaptureError> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(Filled::End);
        }
        self.source.fill(batch)
    }

    fn origins(&self) -> Vec<String> {
        self.source.origins()
    }

    fn stats(&mut self) -> CaptureStats {
        self.source.stats()
    }

    fn progress(&self) -> Option<Progress> {
        self.source.progress()
    }
}
