//! HTTP/1: what follows a method, and what follows a status.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minewatch::model::Direction::{ToClient, ToServer};
use minewatch_fuzz::{Opening, Setting, play};

fuzz_target!(|input: &[u8]| {
    let opening: Opening<'_> = match input.first().map_or(0, |first| first >> 6) {
        0 => &[(ToServer, b"GET /")],
        1 => &[(ToServer, b"POST / HTTP/1.1\r\nHost: pool.example\r\n")],
        2 => {
            &[(ToServer, b"CONNECT pool.example:3333 HTTP/1.1\r\n\r\n"), (ToClient, b"HTTP/1.1 2")]
        }
        _ => &[(ToServer, b"GET / HTTP/1.1\r\n\r\n"), (ToClient, b"HTTP/1.1 200 OK\r\n")],
    };
    play(&Setting::tcp(80, opening), input);
});
