//! Protocol parsers: chunks of a flow in, events out.

mod body;
mod condense;
pub mod dns;
pub mod http;
pub mod inspector;
pub mod neighbours;
mod p2pool;
pub mod parser;
mod prelude;
pub mod quic;
mod search;
pub mod stats;
pub mod stratum;
mod surroundings;
pub mod tls;
pub mod websocket;
