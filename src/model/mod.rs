//! The nouns that cross the arrows between modules, without I/O and without behaviour of their own.
//!
//! | arrow | type |
//! |---|---|
//! | capture → decode | [`PacketBatch`] of [`Packet`]s |
//! | decode → flow | [`SegmentBatch`] of [`Segment`]s |
//! | flow → protocol | [`Chunk`] of a [`Flow`] |
//! | protocol → detect | [`Event`] |
//! | detect → correlate | [`Finding`] |
//! | correlate → output | [`Alert`] |

pub mod alert;
pub mod authority;
pub mod base64;
pub mod chunk;
pub mod event;
pub mod finding;
pub mod flow;
pub mod gate;
pub mod latency;
pub mod link;
pub mod packet;
pub mod segment;
pub mod text;
pub mod time;

pub use alert::Alert;
pub use chunk::{Chunk, Direction};
pub use event::{Event, EventSink};
pub use finding::Finding;
pub use flow::{Endpoint, Flow, FlowKey, Side, Transport};
pub use gate::{Gate, Shed};
pub use link::{LinkInfo, MacAddr};
pub use packet::{Packet, PacketBatch};
pub use segment::{Segment, SegmentBatch};
pub use time::Timestamp;
