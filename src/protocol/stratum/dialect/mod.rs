//! The grammars: what a message means. A new dialect is a file here and a line in [`REGISTRY`].

mod aeternity;
mod alephium;
mod beam;
mod bitcoin;
mod browser;
mod common;
mod conflux;
mod equihash;
mod ergo;
mod eth_proxy;
mod eth_stratum;
pub(super) mod getblocktemplate;
mod getwork;
mod grammar;
mod grin;
mod ironfish;
mod kaspa;
mod kawpow;
mod monero;
mod nimiq;
mod tari;

use grammar::Grammar;
pub(super) use grammar::View;

/// All dialects. The conversation's own grammar is asked first, then these in order: those with
/// methods of their own, then the `mining.*` family from the narrowest shapes to the widest.
pub(super) const REGISTRY: &[Grammar] = &[
    monero::GRAMMAR,
    tari::GRAMMAR,
    grin::GRAMMAR,
    beam::GRAMMAR,
    eth_proxy::GRAMMAR,
    getwork::GRAMMAR,
    getblocktemplate::GRAMMAR,
    browser::GRAMMAR,
    nimiq::GRAMMAR,
    ironfish::GRAMMAR,
    alephium::GRAMMAR,
    eth_stratum::GRAMMAR_2,
    kawpow::GRAMMAR,
    equihash::GRAMMAR,
    kaspa::GRAMMAR,
    conflux::GRAMMAR,
    aeternity::GRAMMAR,
    ergo::GRAMMAR,
    eth_stratum::GRAMMAR_1,
    bitcoin::GRAMMAR,
    common::GRAMMAR,
];
