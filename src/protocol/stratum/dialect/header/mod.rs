//! Bitcoin's calls, and `mining.*` with the parts of a header.

pub(super) mod bitcoin;
pub(super) mod equihash;
pub(super) mod ergo;
pub(in crate::protocol::stratum) mod getblocktemplate;
pub(super) mod getwork;
pub(super) mod handshake;
pub(super) mod kadena;
