//! The grammars: each translates messages of one dialect into acts.
//!
//! A new dialect needs a file in the wing of its family and a line in [`REGISTRY`].

mod blockdag;
mod common;
mod cryptonote;
mod cuckoo;
mod ethash;
mod grammar;
pub(super) mod header;
mod named;
mod other;

use grammar::Grammar;
pub(super) use grammar::View;

/// All grammars, in the order in which they are tried.
///
/// The grammar of the conversation's known dialect is tried before them. The list begins with
/// dialects that have their own methods; the `mining.*` family follows, from the most specific
/// message format to the least specific.
pub(super) const REGISTRY: &[Grammar] = &[
    cryptonote::monero::GRAMMAR,
    cryptonote::tari::GRAMMAR,
    cuckoo::epic::GRAMMAR,
    cuckoo::grin::GRAMMAR,
    cuckoo::beam::GRAMMAR,
    ethash::ckb::GRAMMAR,
    ethash::eth_proxy::GRAMMAR,
    ethash::eth_proxy::RELATIVES,
    header::getwork::GRAMMAR,
    header::getblocktemplate::GRAMMAR,
    blockdag::getwork_ws::GRAMMAR,
    blockdag::xatum::GRAMMAR,
    other::pascal::GRAMMAR,
    cryptonote::browser::GRAMMAR,
    cryptonote::nimiq::GRAMMAR,
    blockdag::ironfish::GRAMMAR,
    blockdag::alephium::GRAMMAR,
    other::pearl::GRAMMAR,
    named::GRAMMAR,
    other::ton::GRAMMAR,
    header::handshake::GRAMMAR,
    blockdag::xelis::GRAMMAR,
    header::kadena::GRAMMAR,
    ethash::eth_stratum::GRAMMAR_2,
    ethash::kawpow::GRAMMAR,
    header::equihash::GRAMMAR,
    blockdag::kaspa::GRAMMAR,
    ethash::conflux::GRAMMAR,
    cuckoo::aeternity::GRAMMAR,
    header::ergo::GRAMMAR,
    ethash::eth_stratum::GRAMMAR_1,
    header::bitcoin::GRAMMAR,
    common::GRAMMAR,
];
