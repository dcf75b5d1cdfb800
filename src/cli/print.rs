//! Standard output of the commands that answer a question.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line. Whoever closes the pipe has seen enough, as `head` does: `println!` would panic.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}
