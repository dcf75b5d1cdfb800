//! Reads the wall clock; the only place that does.
//!
//! The analysis uses packet time only. A live capture also needs the wall clock: the kernel stamps
//! packets with it, so it shows how late they are, and it replaces packet time while no packets
//! arrive.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// The current wall clock time, in the form of a packet time.
pub fn wall_clock() -> Timestamp {
    Timestamp::ZERO.plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
