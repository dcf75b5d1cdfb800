//! Bytes of a stream become lines, lines JSON, JSON messages.
//!
//! ```text
//! bytes ─line─▶ one text a line ─json─▶ values, not copied ─message─▶ method, id, parameters, outcome
//! ```

pub(super) mod json;
pub(super) mod line;
pub(super) mod message;
