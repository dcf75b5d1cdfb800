//! The error for a name that is none of the allowed ones.

use super::text::printable;

/// Somebody asked for something that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} \"{given}\"; allowed: {allowed}")]
pub struct UnknownName {
    what: &'static str,
    given: String,
    allowed: String,
}

impl UnknownName {
    pub(super) fn new(what: &'static str, given: &str, allowed: &[&str]) -> Self {
        UnknownName { what, given: printable(given), allowed: allowed.join(", ") }
    }
}
