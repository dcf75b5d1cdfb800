//! Protocol parsers: they take chunks of a flow and emit events.
//!
//! ```text
//!                      ┌─ detector ─ registry ◀─ one line for each protocol
//! Chunk ─▶ inspector ──┤
//!                      └─ parser of the flow ─▶ Event
//!                           └─ body ─▶ readers of HTTP and WebSocket bodies
//! ```
//!
//! A new protocol needs a module with a constant of type
//! [`StreamProtocol`](description::StreamProtocol) or
//! [`DatagramProtocol`](description::DatagramProtocol), and a line in [`registry`]. A new reader of
//! bodies implements [`BodyReader`](body::BodyReader) and has a line in [`body`]'s registry.

mod body;
mod condense;
mod description;
mod detector;
pub mod dns;
mod host_names;
mod http;
pub mod inspector;
mod p2pool;
pub mod parser;
mod proxy_handshake;
mod quic;
mod registry;
pub mod spare_names;
pub mod stats;
pub mod stratum;
mod surroundings;
pub mod tls;
mod websocket;
