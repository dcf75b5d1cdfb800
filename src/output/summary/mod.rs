//! What a run has found and seen, for a person or as one JSON object.

mod figures;
mod hosts;
mod json;
mod text;

use std::io::{self, Write};
use std::str::FromStr;

use super::choice::UnknownName;
use crate::capture::CaptureStats;
use crate::decode::DecodeStats;
use crate::flow::FlowStats;
use crate::model::{Alert, Timestamp};

/// Everything a summary tells, added up over all workers.
#[derive(Clone, Copy, Debug)]
pub struct Totals<'a> {
    /// The last record of each incident.
    pub incidents: &'a [Alert],
    /// Incidents beyond those listed.
    pub incidents_omitted: u64,
    /// Alert lines written.
    pub alerts: u64,
    /// Packet time of the first and the last packet.
    pub span: Option<(Timestamp, Timestamp)>,
    pub capture: &'a CaptureStats,
    /// Each packet counted once: in a replay every worker decodes all of them.
    pub decode: &'a DecodeStats,
    pub flow: &'a FlowStats,
}

/// How a summary is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SummaryFormat {
    #[default]
    Text,
    Json,
    None,
}

impl SummaryFormat {
    const ALL: [SummaryFormat; 3] = [SummaryFormat::Text, SummaryFormat::Json, SummaryFormat::None];
    const NAMES: [&'static str; 3] = ["text", "json", "none"];

    pub const fn name(self) -> &'static str {
        SummaryFormat::NAMES[self as usize]
    }
}

impl FromStr for SummaryFormat {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        SummaryFormat::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownName::new("summary", name, &SummaryFormat::NAMES))
    }
}

/// What the summary is shown on.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub columns: usize,
    /// Only for a terminal.
    pub colour: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Screen { columns: 100, colour: false }
    }
}

/// Writes the summary.
///
/// # Errors
/// When `sink` cannot be written.
pub fn write(
    sink: &mut dyn Write,
    totals: &Totals<'_>,
    format: SummaryFormat,
    screen: Screen,
) -> io::Result<()> {
    match format {
        SummaryFormat::Text => sink.write_all(text::render(totals, screen).as_bytes()),
        SummaryFormat::Json => writeln!(sink, "{}", json::render(totals)?),
        SummaryFormat::None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
