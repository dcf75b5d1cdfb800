//! Settings whose value is one of a few words.

use std::str::FromStr;

use super::error::ValueError;

/// Format of the records of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// Suricata's EVE.
    #[default]
    Eve,
    /// minewatch's own format (docs/ALERTS.md).
    Native,
}

/// Form of the summary at the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SummaryStyle {
    /// For a person.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// Nothing.
    None,
}

/// Implements `FromStr` with a table of words; the error lists them.
macro_rules! words {
    ($type:ty, $what:literal, $($word:literal => $value:expr),+) => {
        impl FromStr for $type {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                match text {
                    $($word => Ok($value),)+
                    _ => {
                        let words = or(&[$($word),+]);
                        Err(ValueError::new(format!("{} ({words})", $what), text))
                    }
                }
            }
        }
    };
}

words!(OutputFormat, "a format", "eve" => OutputFormat::Eve, "native" => OutputFormat::Native);
words!(
    SummaryStyle, "a style of summary",
    "text" => SummaryStyle::Text, "json" => SummaryStyle::Json, "none" => SummaryStyle::None
);

/// Joins words as `a, b or c`.
fn or(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}
