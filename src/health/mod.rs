//! Judges from its counters whether the sensor sees what it should.
//!
//! A sensor that finds nothing may have been blind. Each [`Condition`] says what it could not see,
//! in words and as a share that a threshold was held against. [`judge()`] looks at a whole input, a
//! [`HealthMonitor`] at the last minute of a live capture, again and again.

mod condition;
mod counters;
mod judge;
mod monitor;

pub use condition::Condition;
pub use counters::HealthCounters;
pub use judge::judge;
pub use monitor::{HealthMonitor, HealthState, records_of_input};
