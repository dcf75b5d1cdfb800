//! The program `minewatch`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    minewatch::cli::main()
}
