//! TCP segments in any order, with losses, repetitions and restarts.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| minewatch_fuzz::reassembly::run(input));
