//! Judges from its counters whether the sensor sees what it should.
//!
//! A sensor that finds nothing may have been blind. Each [`Condition`] says what it could not see,
//! in words and as a share that a threshold was held against.

mod condition;
mod judge;

pub use condition::{Condition, ConditionKind};
pub use judge::{HealthCounters, judge};
