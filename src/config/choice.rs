//! Settings that are one of a few words.

use std::str::FromStr;

/// Format of alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Suricata's.
    #[default]
    Eve,
    /// Our own (docs/ALERTS.md).
    Native,
}

/// Kinds of records beside alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Dns,
    Tls,
    Quic,
    Http,
    Flow,
}

impl Event {
    pub const ALL: [Event; 5] = [Event::Dns, Event::Tls, Event::Quic, Event::Http, Event::Flow];

    /// The word in the configuration, and the `event_type` of the record.
    pub const fn name(self) -> &'static str {
        match self {
            Event::Dns => "dns",
            Event::Tls => "tls",
            Event::Quic => "quic",
            Event::Http => "http",
            Event::Flow => "flow",
        }
    }
}

/// What is told at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SummaryStyle {
    #[default]
    Text,
    Json,
    None,
}

/// Implements `FromStr` by a table of words; the error lists them.
macro_rules! words {
    ($type:ty, $what:literal, $($word:literal => $value:expr),+) => {
        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok($value),)+
                    _ => Err(format!(
                        "`{text}` is no {}: {} is possible", $what, or(&[$($word),+])
                    )),
                }
            }
        }
    };
}

words!(Format, "format", "eve" => Format::Eve, "native" => Format::Native);
words!(
    Event, "kind of event",
    "dns" => Event::Dns, "tls" => Event::Tls, "quic" => Event::Quic, "http" => Event::Http,
    "flow" => Event::Flow
);
words!(
    SummaryStyle, "summary",
    "text" => SummaryStyle::Text, "json" => SummaryStyle::Json, "none" => SummaryStyle::None
);

/// `a, b or c`.
fn or(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}
