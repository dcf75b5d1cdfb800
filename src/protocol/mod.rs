//! Protocol parsers: chunks of a flow in, events out.

pub mod parser;
pub mod stratum;
