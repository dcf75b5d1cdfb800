//! SOCKS 4 and 5 and the PROXY protocol, and what they carry.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minewatch::model::Direction::{ToClient, ToServer};
use minewatch_fuzz::{Opening, Setting, play};

fuzz_target!(|input: &[u8]| {
    let opening: Opening<'_> = match input.first().map_or(0, |first| first >> 6) {
        0 => &[(ToServer, b"\x05\x01\0"), (ToClient, b"\x05\0"), (ToServer, b"\x05\x01\0")],
        1 => &[(ToServer, b"\x04\x01")],
        2 => &[(ToServer, b"PROXY TCP")],
        _ => &[(ToServer, b"\r\n\r\n\0\r\nQUIT\n")],
    };
    play(&Setting::tcp(1080, opening), input);
});
