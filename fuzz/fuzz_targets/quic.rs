//! QUIC: Initial packets of a client whose frames are the fuzzer's, and datagrams that are.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minewatch_fuzz::{Setting, play, quic};

fuzz_target!(|input: &[u8]| {
    // An even first byte is left away; an odd one belongs to a datagram that is taken as it is.
    let wrap = |number, bytes: &[u8]| match bytes.split_first() {
        Some((first, frames)) if first % 2 == 0 => quic::seal(number, frames),
        _ => bytes.to_vec(),
    };
    play(&Setting { wrap, ..Setting::udp(443) }, input);
});
