//! Signals: a clean stop on SIGINT and SIGTERM, and a new file on SIGHUP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::{Exit, Failure};
use crate::capture::{CaptureError, CaptureStats, Filled, InputProblem, Progress, Source};
use crate::model::PacketBatch;

/// A flag that the first SIGINT or SIGTERM raises; the second one ends the process at once.
pub(super) fn flag_on_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal must not find its own flag raised.
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(cannot_register)?;
    }
    Ok(stop)
}

/// A flag that each SIGHUP raises: the output file was renamed, as logrotate does.
pub(super) fn flag_on_hangup() -> Result<Arc<AtomicBool>, Failure> {
    let renamed = Arc::new(AtomicBool::new(false));
    flag::register(SIGHUP, Arc::clone(&renamed)).map_err(cannot_register)?;
    Ok(renamed)
}

fn cannot_register(error: std::io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("signals: {error}"))
}

/// A source that ends when a flag is raised, and then says that there was more.
pub(super) struct Stoppable {
    source: Box<dyn Source>,
    stop: Arc<AtomicBool>,
    stopped: bool,
}

impl Stoppable {
    pub fn new(source: Box<dyn Source>, stop: Arc<AtomicBool>) -> Self {
        Stoppable { source, stop, stopped: false }
    }
}

impl Source for Stoppable {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<Filled, CaptureError> {
        if self.stop.load(Ordering::Relaxed) {
            self.stopped = true;
            return Ok(Filled::End);
        }
        self.source.fill(batch)
    }

    fn stats(&mut self) -> CaptureStats {
        let mut stats = self.source.stats();
        if self.stopped {
            stats.problems.push(InputProblem::interrupted());
        }
        stats
    }

    fn progress(&self) -> Option<Progress> {
        self.source.progress()
    }
}
