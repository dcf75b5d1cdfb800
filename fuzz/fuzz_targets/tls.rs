//! TLS: what follows the first three bytes of a handshake record.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minewatch::model::Direction::{ToClient, ToServer};
use minewatch_fuzz::{Setting, play};

fuzz_target!(|input: &[u8]| {
    let opening: [(_, &[u8]); 2] = [(ToServer, b"\x16\x03\x01"), (ToClient, b"\x16\x03\x03")];
    // Sometimes the server's side is missing.
    let count = if input.first().is_some_and(|first| first & 0x80 != 0) { 1 } else { 2 };
    play(&Setting::tcp(443, &opening[..count]), input);
});
