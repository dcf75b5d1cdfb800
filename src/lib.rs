//! minewatch finds cryptocurrency mining in a network's traffic and names the inside host.
//!
//! ```text
//! capture ──PacketBatch──▶ decode ──SegmentBatch──▶ flow ──Chunk──▶ protocol ──Event──▶ detect ──Signal──▶ correlate ──Record──▶ output
//!   live, files              layers, tunnels,         table, TCP        dns tls quic  │     intel              per host:            encoder × sink
//!   pcapng, gz, stdin        defragmentation          reassembly        http ws       │     mining             rules, incidents
//!                                                                       stratum       └─▶ extract ──EventRecord────────────────▶
//! ```
//!
//! One named type crosses each arrow ([`model`]), and a module imports only what stands to its
//! left: `tests/behaviour/program/layering.rs` checks it.

#![deny(unsafe_code)]
#![warn(unreachable_pub, missing_docs)]
// They panic when nobody reads any more; see `cli::print`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod model;

pub mod capture;
pub mod cli;
pub mod config;
pub mod correlate;
pub mod decode;
pub mod detect;
pub mod extract;
pub mod flow;
pub mod health;
pub mod intel;
pub mod output;
pub mod pipeline;
pub mod protocol;
