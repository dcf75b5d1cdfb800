//! Coins with their own kinds of jobs: a hash, a timestamp, a chain.

pub(super) mod alephium;
pub(super) mod getwork_ws;
pub(super) mod ironfish;
pub(super) mod kaspa;
pub(super) mod xatum;
pub(super) mod xelis;
