//! Protocol parsers: chunks of a flow in, events out.
//!
//! ```text
//!                      ┌─ search ─ registry ◀─ one line and one folder a protocol
//! Chunk ─▶ inspector ──┤
//!                      └─ parser of the flow ─▶ Event
//!                           └─ body ─▶ readers of what HTTP and WebSocket carry
//! ```
//!
//! A new protocol is a folder with a constant of [`StreamProtocol`](description::StreamProtocol) or
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
pub mod stats;
pub mod stratum;
mod surroundings;
pub mod tls;
mod websocket;
