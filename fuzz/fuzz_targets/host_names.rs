//! Names of hosts in DHCP, NetBIOS, mDNS and LLMNR. The first byte's upper bits choose.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minewatch_fuzz::{Setting, play};

fuzz_target!(|input: &[u8]| {
    let port = match input.first().map_or(0, |first| first >> 5) {
        0 | 1 => 67,
        2 | 3 => 137,
        4 => 138,
        5 => 5353,
        _ => 5355,
    };
    play(&Setting::udp(port), input);
});
