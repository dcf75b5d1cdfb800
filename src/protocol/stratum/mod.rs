//! Stratum: the protocol between miners and pools.

pub mod wallet;
