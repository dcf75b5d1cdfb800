//! Tells connections apart and puts TCP streams in order: segments in, chunks out.
//!
//! A settled flow, one of whose payload nothing more is wanted, costs a hash, a look-up and two
//! counters per packet. Nothing here panics on any input, and memory stays within
//! [`FlowLimits::memory`].

mod entry;
mod expiry;
mod huge_pages;
mod index;
mod lifecycle;
mod limits;
mod prefetch;
mod stats;
mod table;
mod tap;
mod tcp;
mod visitor;
mod wheel;

pub use index::dispatch_hash;
pub use limits::FlowLimits;
pub use stats::FlowStats;
pub use table::FlowTable;
pub use visitor::Visitor;
