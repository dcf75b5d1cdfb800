//! The summary of a run, as text for a person or as one JSON object.

mod figures;
mod hosts;
mod json;
mod page;
mod text;

use std::io::{self, Write};

use crate::capture::CaptureStats;
use crate::config::SummaryStyle;
use crate::decode::DecodeStats;
use crate::flow::FlowStats;
use crate::health::Condition;
use crate::model::Timestamp;
use crate::model::latency::LatencySummary;
use crate::model::record::Record;

/// The contents of a summary, added up over all workers.
#[derive(Clone, Copy, Debug)]
pub struct Totals<'a> {
    /// The last record of each incident.
    pub incidents: &'a [Record],
    /// Incidents beyond those listed.
    pub incidents_omitted: u64,
    /// Records about incidents written.
    pub alerts: u64,
    /// Packet time of the first and the last packet.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Counters and problems of the input.
    pub capture: &'a CaptureStats,
    /// Latency from packets to records, in a live capture.
    pub latency: Option<LatencySummary>,
    /// Counters of the decoders.
    pub decode: &'a DecodeStats,
    /// Counters of the flow tables.
    pub flow: &'a FlowStats,
    /// What the sensor could not see.
    pub conditions: &'a [Condition],
}

/// The screen on which the summary is shown.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Characters of a line.
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
    style: SummaryStyle,
    screen: Screen,
) -> io::Result<()> {
    match style {
        SummaryStyle::Text => sink.write_all(text::render(totals, screen).as_bytes()),
        SummaryStyle::Json => writeln!(sink, "{}", json::render(totals)?),
        SummaryStyle::None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
