//! Exit codes, and failures that end a command with an exit code.

use std::fmt::Display;
use std::process::ExitCode;

use crate::capture::CaptureError;
use crate::config::ConfigError;
use crate::intel::IntelError;
use crate::output::reader_left;
use crate::pipeline::PipelineError;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    /// The command failed while it ran.
    Failure,
    /// The command line is wrong.
    Usage,
    /// Part of the input could not be analysed; all readable input was.
    InputIncomplete,
    /// Configuration or intelligence is wrong (`EX_CONFIG` of sysexits.h).
    Config,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::InputIncomplete => 3,
            Exit::Config => 78,
        })
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub(super) struct Failure {
    /// Message for the user; `None` if nothing is to be printed.
    pub message: Option<String>,
    pub exit: Exit,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Display) -> Self {
        Failure { message: Some(message.to_string()), exit }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure::new(Exit::Config, error)
    }
}

impl From<IntelError> for Failure {
    fn from(error: IntelError) -> Self {
        Failure::new(Exit::Config, error)
    }
}

impl From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Self {
        let exit = match error {
            CaptureError::NoInput
            | CaptureError::NoInterface
            | CaptureError::PipeAmongFiles { .. }
            | CaptureError::Filter { .. } => Exit::Usage,
            _ => Exit::Failure,
        };
        Failure::new(exit, error)
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Capture(error) => error.into(),
            // The reader of the records has closed the pipe, as `head` does.
            PipelineError::Output(error) if reader_left(&error) => {
                Failure { message: None, exit: Exit::Done }
            }
            error => Failure::new(Exit::Failure, error),
        }
    }
}
