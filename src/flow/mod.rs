//! Tells connections apart and puts TCP streams in order: segments in, chunks out.
//!
//! A settled flow, one of whose payload nothing more is wanted, costs a hash, a look-up and two
//! counters per packet. Nothing here panics on any input, and memory stays within
//! [`FlowLimits::memory`].

mod limits;
mod stats;
mod table;
mod tcp;
mod wheel;

pub use limits::FlowLimits;
pub use stats::FlowStats;
pub use table::{FlowTable, LOOKUP_BATCH, Visitor, dispatch_hash};
