//! What needs a network of its own or the whole machine, one test after the other.

#[path = "../support"]
mod support {
    pub mod namespace;
    pub mod program;
    pub mod setup;
    pub mod shared;
    pub mod trial;
}

mod health;
mod interfaces;
mod overload;
mod replay;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use support::trial::all;

fn main() -> ExitCode {
    let trials =
        all([health::trials(), interfaces::trials(), overload::trials(), replay::trials()]);
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials).exit_code()
}
