//! What the library and the program do, from outside, in one test program.

#[path = "../support"]
mod support {
    pub mod files;
    pub mod flow;
    pub mod json_lines;
    pub mod nobody;
    pub mod play;
    pub mod program;
    pub mod setup;
    pub mod shared;
    pub mod tap;
    pub mod trial;
    pub mod wire;
}

mod detection;
mod output;
mod packets;
mod program;
mod protocol;
mod stratum;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use support::trial::all;

fn main() -> ExitCode {
    // What takes long begins first.
    let trials = all([
        detection::trials(),
        program::trials(),
        output::trials(),
        protocol::trials(),
        stratum::trials(),
        packets::trials(),
    ]);
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
