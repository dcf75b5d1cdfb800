//! Commands that a running pipeline accepts from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, never};

use super::Snapshot;
use crate::intel::Intel;

/// One command. The collector executes commands in order, between two batches.
pub enum Command {
    /// Ends the run as if the input had ended.
    Stop,
    /// Replaces the intelligence. Learnt names and open incidents stay.
    Reload(Arc<Intel>),
    /// Reopens the targets of outputs, which may have been renamed.
    Reopen,
    /// Sends a snapshot of all counters.
    Status(Sender<Snapshot>),
}

/// The control channel of a run.
pub struct Control {
    /// Delivers the commands.
    pub commands: Receiver<Command>,
    /// Ends the sources once it is set.
    pub stop: Arc<AtomicBool>,
    /// [`Command::Reopen`] for a signal handler, which can do no more than set a flag.
    pub reopen: Arc<AtomicBool>,
}

impl Control {
    /// A control channel that never delivers a command.
    pub fn none() -> Self {
        Control { commands: never(), stop: Arc::default(), reopen: Arc::default() }
    }

    /// The next command, if one waits.
    pub(super) fn next(&self) -> Option<Command> {
        if self.reopen.swap(false, Ordering::Relaxed) {
            return Some(Command::Reopen);
        }
        self.commands.try_recv().ok()
    }
}
