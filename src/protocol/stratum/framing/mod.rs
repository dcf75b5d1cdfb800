//! Splits a stream into lines, reads the lines as JSON, and the JSON as messages.
//!
//! ```text
//! bytes ─line─▶ lines ─json─▶ borrowed values ─message─▶ method, id, parameters, outcome
//! ```

pub(super) mod json;
pub(super) mod line;
pub(super) mod message;
pub(super) mod torn;
