//! Turns signals into commands: SIGINT and SIGTERM end the run, SIGHUP reopens outputs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::{Exit, Failure};
use crate::capture::{CaptureError, CaptureStats, FillOutcome, InputProblem, Progress, Source};
use crate::model::PacketBatch;
use crate::pipeline::Control;

/// Creates the control channel of a run, fed by signals. The first SIGINT or SIGTERM ends the run
/// cleanly, the second one ends the process at once.
pub(super) fn control() -> Result<Control, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the first signal must not find its own flag set.
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(cannot_register)?;
    }
    let control = Control { stop, ..Control::none() };
    flag::register(SIGHUP, Arc::clone(&control.reopen)).map_err(cannot_register)?;
    Ok(control)
}

fn cannot_register(error: std::io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("signals: {error}"))
}

/// A source that ends when a flag is set, and then reports that the input was cut short.
pub(super) struct Stoppable {
    source: Box<dyn Source>,
    stop: Arc<AtomicBool>,
    stopped: bool,
}

impl Stoppable {
    pub(super) fn new(source: Box<dyn Source>, stop: Arc<AtomicBool>) -> Self {
        Stoppable { source, stop, stopped: false }
    }
}

impl Source for Stoppable {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError> {
        if self.stop.load(Ordering::Relaxed) {
            self.stopped = true;
            return Ok(FillOutcome::End);
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
