//! Warnings and errors about intelligence files: where, what is wrong and what to do.

use std::fmt;
use std::path::PathBuf;

/// A warning about a line of a file that was refused, or was loaded but deserves a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Path of the file as given.
    pub file: String,
    /// Line, from 1; 0 if the warning is about the whole file.
    pub line: u32,
    /// Column in characters, from 1; 0 if the warning is about the whole line.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
    /// The indicator was not loaded.
    pub refused: bool,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().filter(|&number| number > 0) {
            write!(f, ":{number}")?;
        }
        let kind = if self.refused { "refused" } else { "warning" };
        write!(f, ": {kind}: {}", self.message)?;
        if !self.help.is_empty() {
            write!(f, " ({})", self.help)?;
        }
        Ok(())
    }
}

/// Why intelligence cannot be loaded at all.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages say it
pub enum IntelError {
    #[error("{file}: cannot be read: {source}", file = .file.display())]
    Read { file: PathBuf, source: std::io::Error },
    #[error("{file}: has {size} bytes, more than {limit}; split it", file = .file.display())]
    TooLarge { file: PathBuf, size: u64, limit: u64 },
    #[error("{file}:{line}:{column}: {message}")]
    Syntax { file: String, line: usize, column: usize, message: String },
    #[error("{file}: {message}")]
    Format { file: String, message: &'static str },
    #[error("{file}: more than {limit} indicators in all; load fewer lists")]
    TooMany { file: String, limit: usize },
    #[error(
        "no indicator was loaded from {files}: give a list of names and addresses, one a line, or leave the built-in intelligence on"
    )]
    Empty { files: String },
}

/// `text` made safe to show: without control characters, and at most 80 characters long.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
