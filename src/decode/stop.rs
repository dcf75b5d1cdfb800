//! The end of a packet's way, with the value that was not understood.

use super::stats::DecodeStop;
use super::unknown::UnknownValue;

/// Why a packet gave no segment, in detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    pub reason: DecodeStop,
    pub unknown: Option<UnknownValue>,
}

impl Stop {
    /// A stop at a value that no layer knows.
    pub(super) fn new(reason: DecodeStop, unknown: UnknownValue) -> Self {
        Stop { reason, unknown: Some(unknown) }
    }
}

impl From<DecodeStop> for Stop {
    fn from(reason: DecodeStop) -> Self {
        Stop { reason, unknown: None }
    }
}
