//! The wall clock: the one place that reads it.
//!
//! Packet time is the only clock of an analysis. What runs on a live interface needs the other one as
//! well: the kernel stamps packets with it, so it tells how late they are, and stands in where none
//! comes.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// What the wall clock says, as a packet's time.
pub fn wall_clock() -> Timestamp {
    Timestamp::ZERO.plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
