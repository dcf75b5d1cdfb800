//! The grammars: each translates messages of one dialect into acts.
//!
//! A new dialect needs a file here and a line in [`REGISTRY`].

mod aeternity;
mod alephium;
mod beam;
mod bitcoin;
mod browser;
mod ckb;
mod common;
mod conflux;
mod epic;
mod equihash;
mod ergo;
mod eth_proxy;
mod eth_stratum;
pub(super) mod getblocktemplate;
mod getwork;
mod getwork_ws;
mod grammar;
mod grin;
mod handshake;
mod ironfish;
mod kadena;
mod kaspa;
mod kawpow;
mod monero;
mod named;
mod nimiq;
mod pascal;
mod pearl;
mod tari;
mod ton;
mod xatum;
mod xelis;

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
    epic::GRAMMAR,
    grin::GRAMMAR,
    beam::GRAMMAR,
    ckb::GRAMMAR,
    eth_proxy::GRAMMAR,
    eth_proxy::RELATIVES,
    getwork::GRAMMAR,
    getblocktemplate::GRAMMAR,
    getwork_ws::GRAMMAR,
    xatum::GRAMMAR,
    pascal::GRAMMAR,
    browser::GRAMMAR,
    nimiq::GRAMMAR,
    ironfish::GRAMMAR,
    alephium::GRAMMAR,
    pearl::GRAMMAR,
    named::GRAMMAR,
    ton::GRAMMAR,
    handshake::GRAMMAR,
    xelis::GRAMMAR,
    kadena::GRAMMAR,
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
