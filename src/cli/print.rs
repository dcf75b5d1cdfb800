//! Prints the output of commands, and ignores closed pipes.
//!
//! A reader may close the pipe early, as `head` does. `println!` and `eprintln!` would then panic,
//! so the crate denies them.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to standard output: a result of the command.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Writes a note to standard error.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "minewatch: {text}");
}
