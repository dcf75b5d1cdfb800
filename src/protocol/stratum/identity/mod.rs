//! Identifies who mines which coin, for whom, and with which program.
//!
//! ```text
//! login ─▶ wallet, worker, coin ────┐
//! agent ────────────────────────────┼─▶ profile
//! algorithm, dialect ─▶ evidence ───┘
//! ```

pub(super) mod agent;
pub(super) mod coin;
pub(in crate::protocol) mod evidence;
pub(super) mod login;
pub(super) mod profile;
pub(super) mod wallet;
