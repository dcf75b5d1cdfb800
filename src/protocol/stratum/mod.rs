//! Parses mining conversations: who mines, for whom, which coin, and how much.
//!
//! ```text
//! bytes ─framing─▶ message ─dialect─▶ act ─session─▶ MiningSession
//!     frames ─sv2, zkwork, texts ─duino─▲      └─identity─▶ who, and what
//! ```
//!
//! Nothing here panics on any input. A conversation holds at most two partial lines of
//! [`MAX_TEXT`](super::condense::MAX_TEXT) and the bounded tables of `session`.

mod act;
mod conversation;
mod dialect;
pub mod duino;
mod framing;
pub(super) mod identity;
mod probe;
mod session;
pub mod sv2;
mod text;
pub mod zkwork;

use super::description::{FirstBytes, StreamProtocol};
pub use conversation::StratumConversation;
pub use probe::probe;

pub(super) const STREAM: StreamProtocol = StreamProtocol {
    // Printable ASCII, perhaps after white space.
    first_bytes: FirstBytes::Among(&[b' '..=b'~', b'\t'..=b'\n', 0x0c..=b'\r']),
    message_start: Some(probe::line_start),
    is_torn: Some(probe::is_torn),
    ..StreamProtocol::new("stratum", probe, |surroundings| {
        Box::new(StratumConversation::inside(surroundings))
    })
};
