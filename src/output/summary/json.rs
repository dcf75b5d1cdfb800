//! The summary as one JSON object on one line.

use serde::Serialize;

use super::Totals;
use crate::capture::CaptureStats;
use crate::decode::DecodeStats;
use crate::flow::FlowStats;
use crate::health::Condition;
use crate::model::Timestamp;
use crate::model::latency::LatencySummary;
use crate::model::record::Record;
use crate::output::encoder::json_line;

/// The version of this object.
const SCHEMA: &str = "minewatch-summary/1";

pub(super) fn render(totals: &Totals<'_>) -> serde_json::Result<String> {
    json_line(&Summary {
        schema: SCHEMA,
        alerts: totals.alerts,
        incidents: totals.incidents,
        incidents_omitted: totals.incidents_omitted,
        first_packet: totals.span.map(|(first, _)| first),
        last_packet: totals.span.map(|(_, last)| last),
        latency: totals.latency,
        capture: totals.capture,
        decode: totals.decode,
        flow: totals.flow,
        conditions: totals.conditions,
    })
}

#[derive(Serialize)]
struct Summary<'a> {
    schema: &'static str,
    alerts: u64,
    /// The incidents, in the `native` format.
    incidents: &'a [Record],
    incidents_omitted: u64,
    first_packet: Option<Timestamp>,
    last_packet: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency: Option<LatencySummary>,
    capture: &'a CaptureStats,
    decode: &'a DecodeStats,
    flow: &'a FlowStats,
    conditions: &'a [Condition],
}
