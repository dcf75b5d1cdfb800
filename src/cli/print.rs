//! What commands say. Whoever closes the pipe has seen enough, as `head` does: `println!` and
//! `eprintln!` would panic, so the crate denies them.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to standard output: the answer to a question.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Writes a remark to standard error.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "minewatch: {text}");
}
