//! Identifies who mines which coin, for whom, and with which program.
//!
//! ```text
//! login ─▶ wallet, worker, coin ─┐
//! agent ─────────────────────────┼─▶ profile
//! algorithm, dialect ─▶ coin ────┘
//! ```

pub(super) mod agent;
pub(in crate::protocol) mod coin;
pub(super) mod login;
pub(super) mod profile;
pub(super) mod wallet;
