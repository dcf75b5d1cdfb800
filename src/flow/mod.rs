//! Tells connections apart and puts TCP streams in order: segments in, chunks out.
//!
//! A settled flow, whose payload is no longer wanted, costs a hash, a look-up and two counters per
//! packet. Memory stays within [`FlowLimits::memory`].
//!
//! Nothing here panics on any input. Slots from the index or from a list are looked up with `get`,
//! because the flow may be gone. `[]` is used only where the same function or type shows the bound:
//! an array of both directions, a mask, a remainder.

mod community_id;
mod entry;
mod expiry;
mod handler;
mod huge_pages;
mod index;
mod lifecycle;
mod limits;
mod prefetch;
mod stats;
mod table;
mod tap;
mod tcp;
mod wheel;

pub use community_id::community_id;
pub use handler::FlowHandler;
pub use index::dispatch_hash;
pub use limits::FlowLimits;
pub use stats::FlowStats;
pub use table::FlowTable;
