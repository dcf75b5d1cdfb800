//! Mining messages: lines of JSON, and frames of Stratum V2.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minewatch::model::Direction::{ToClient, ToServer};
use minewatch_fuzz::{Opening, Setting, play};

const LOGIN: &[u8] =
    b"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"x\",\"pass\":\"x\",\"agent\":\"a\"}}\n";
const SUBSCRIBE: &[u8] = b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n";

fuzz_target!(|input: &[u8]| {
    let opening: Opening<'_> = match input.first().map_or(0, |first| first >> 6) {
        0 => &[(ToServer, b"{\"id\":1,\"method\":\"")],
        1 => &[(ToServer, LOGIN), (ToClient, b"{\"id\":1,\"")],
        2 => &[(ToServer, SUBSCRIBE), (ToClient, b"{\"id\":1,\"result\":[")],
        // SetupConnection of the mining protocol, without its length (specification §3.2, §3.6)
        _ => &[(ToServer, b"\0\0\0")],
    };
    play(&Setting::tcp(3333, opening), input);
});
