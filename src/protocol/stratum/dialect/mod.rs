//! The grammars: each translates messages of one dialect into acts.
//!
//! A new dialect needs a file here and a line in [`REGISTRY`].

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

/// All grammars, in the order in which they are tried.
///
/// The grammar of the conversation's known dialect is tried before them. The list begins with
/// dialects that have their own methods; the `mining.*` family follows, from the most specific
/// message format to the least specific.
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
