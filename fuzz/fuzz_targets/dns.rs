//! DNS over UDP, on its port and on another, and over TCP. The first byte's upper bits choose.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minewatch_fuzz::{Setting, play};

fuzz_target!(|input: &[u8]| {
    let setting = match input.first().map_or(0, |first| first >> 6) {
        0 => Setting::udp(53),
        1 => Setting::udp(5300),
        _ => Setting::tcp(53, &[]),
    };
    play(&setting, input);
});
