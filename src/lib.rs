//! minewatch finds cryptocurrency mining in a network's traffic and names the inside host.
//!
//! ```text
//! capture ──PacketBatch──▶ decode ──SegmentBatch──▶ flow ──Chunk──▶ protocol ──Event──▶ detect ──Finding──▶ correlate ──Alert──▶ output
//!   live, files              layers, tunnels,         table, TCP        dns tls quic        + intel             per host:            eve, native
//!   pcapng, gz, stdin        defragmentation          reassembly        http ws stratum                         incidents
//! ```
//!
//! One named type crosses each arrow ([`model`]), and a module imports only what stands to its
//! left: `tests/behaviour/program/layering.rs` checks it.

#![deny(unsafe_code)]
// They panic when nobody reads any more; see `cli::print`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod model;

pub mod capture;
pub mod cli;
pub mod config;
pub mod correlate;
pub mod decode;
pub mod detect;
pub mod flow;
pub mod intel;
pub mod output;
pub mod pipeline;
pub mod protocol;
