//! Types that pass from one module to the next. They do no I/O.
//!
//! | from → to | type |
//! |---|---|
//! | capture → decode | [`PacketBatch`] of [`Packet`]s |
//! | decode → flow | [`SegmentBatch`] of [`Segment`]s |
//! | flow → protocol | [`Chunk`] of a [`Flow`] |
//! | protocol → detect | [`Event`] |
//! | detect → correlate | [`Signal`] |
//! | correlate → output | [`Record`] |

pub mod authority;
pub mod base64;
pub mod chunk;
pub mod event;
pub mod flow;
pub mod indicator;
pub mod latency;
pub mod link;
pub mod packet;
pub mod segment;
pub mod signal;
pub mod site;
pub mod text;

pub use chunk::{Chunk, Direction};
pub use event::{Event, EventSink};
pub use flow::{Endpoint, Flow, FlowEnds, FlowKey, KeySide, Transport};
pub use link::LinkInfo;
pub use minewatch_record::{self as record, EvidenceKind, MacAddr, Record, Timestamp};
pub use packet::{Packet, PacketBatch};
pub use segment::{Segment, SegmentBatch};
pub use signal::Signal;
