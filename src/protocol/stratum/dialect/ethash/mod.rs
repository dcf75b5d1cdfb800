//! Ethereum's dialects and those of coins that changed little of them.

pub(super) mod ckb;
pub(super) mod conflux;
pub(super) mod eth_proxy;
pub(super) mod eth_stratum;
pub(super) mod kawpow;
