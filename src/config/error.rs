//! Errors in a configuration: file, line, column, the line itself and what is allowed.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::string::FromUtf8Error;

/// Why a configuration cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages say it
pub enum ConfigError {
    #[error("{}: cannot be read: {source}", .file.display())]
    Read { file: PathBuf, source: io::Error },
    #[error("{0}")]
    Content(Complaint),
}

/// An error at a position in a file.
#[derive(Debug)]
pub struct Complaint {
    file: String,
    /// Line of the error, from 1, as is `column`.
    line: usize,
    column: usize,
    message: String,
    /// The line with the error, with the position marked below.
    excerpt: String,
}

/// A value that a setting cannot have: what would be right, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct ValueError {
    expected: String,
    found: String,
}

impl ValueError {
    /// `expected` says what can be written, `found` is what was.
    pub fn new(expected: impl Into<String>, found: impl fmt::Display) -> Self {
        ValueError { expected: expected.into(), found: format!("`{found}`") }
    }
}

/// An impossible value: its position in bytes, and what is wrong with it.
#[derive(Debug)]
pub(super) struct ConfigProblem {
    pub span: Range<usize>,
    pub message: String,
}

impl ConfigError {
    pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        let message = error
            .message()
            .replace("expected a boolean", "expected true or false")
            .replace("expected a sequence", "expected a list");
        Self::value(file, text, ConfigProblem { span, message })
    }

    pub(super) fn no_text(file: &str, error: &FromUtf8Error) -> Self {
        let start = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let message = "a byte that is no UTF-8: save the file as UTF-8".to_owned();
        Self::value(file, &text, ConfigProblem { span: start..start, message })
    }

    pub(super) fn value(file: &str, text: &str, problem: ConfigProblem) -> Self {
        let before = text.get(..problem.span.start).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let whole = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let indent = before.get(start..).unwrap_or_default().chars().count();
        let marked = text.get(problem.span).unwrap_or_default().lines().next().unwrap_or_default();
        let mark = "^".repeat(marked.chars().count().max(1));
        ConfigError::Content(Complaint {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: indent + 1,
            message: problem.message,
            excerpt: format!("{whole}\n{}{mark}", " ".repeat(indent)),
        })
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Complaint { file, line, column, message, excerpt } = self;
        write!(f, "{file}:{line}:{column}: {message}")?;
        excerpt.lines().try_for_each(|line| write!(f, "\n  | {line}"))
    }
}
