//! EVE `alert` records about the sensor itself.
//!
//! They have a signature id and no addresses: nobody on the network has caused them.

use serde::Serialize;

use super::envelope;
use crate::model::record::{ConditionKind, IncidentState, SensorRecord, Severity};
use crate::output::encoder::json;

/// Class `misc-activity` of Suricata's `classification.config`.
const CATEGORY: &str = "Misc activity";
/// Base of the signature ids; the position of the kind in [`ConditionKind::ALL`] is added, and
/// [`ENDED`] for a condition that has ended.
const FIRST_SID: u32 = 1_497_000;
/// Offset between the ids of a condition's beginning and its end.
const ENDED: u32 = 100;
/// Revision of the meaning of the signature ids.
const REVISION: u32 = 1;

/// Encodes a record as one line without its line feed.
///
/// # Errors
/// None that a record can cause.
pub(super) fn line(record: &SensorRecord) -> serde_json::Result<String> {
    let ended = record.state == IncidentState::Closed;
    let condition = &record.condition;
    json::line(&SensorLine {
        timestamp: record.time.to_eve(),
        event_type: "alert",
        host: envelope::sensor_name(record.sensor.as_deref()),
        alert: SensorAlert {
            action: "allowed",
            gid: 1,
            signature_id: signature_id(condition.kind, ended),
            rev: REVISION,
            signature: signature(condition.kind, ended),
            category: CATEGORY,
            severity: match record.severity {
                Severity::Critical => 1,
                Severity::High => 2,
                Severity::Medium => 3,
                Severity::Low => 4,
            },
            metadata: SensorMetadata {
                alert_id: [&record.id],
                incident: [&record.incident],
                kind: ["sensor"],
                state: [if ended { "closed" } else { "opened" }],
                condition: [condition.kind.name()],
                share: condition.share.map(|share| share.to_string()).into_iter().collect(),
                threshold: condition.threshold.map(|share| share.to_string()).into_iter().collect(),
                first_seen: [record.first_seen.to_eve()],
                summary: [&record.summary],
            },
        },
    })
}

/// The signature id of a condition's beginning or end. Each has its own, so that either can be
/// suppressed.
fn signature_id(kind: ConditionKind, ended: bool) -> u32 {
    let place = ConditionKind::ALL.iter().position(|known| *known == kind).unwrap_or_default();
    FIRST_SID + place as u32 + if ended { ENDED } else { 0 }
}

/// The signature text of a [`signature_id`].
fn signature(kind: ConditionKind, ended: bool) -> String {
    let state = if ended { "ended" } else { "began" };
    format!("MINEWATCH sensor condition {state} ({})", kind.name())
}

#[derive(Serialize)]
struct SensorLine<'a> {
    timestamp: String,
    event_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    alert: SensorAlert<'a>,
}

#[derive(Serialize)]
struct SensorAlert<'a> {
    action: &'static str,
    gid: u32,
    signature_id: u32,
    rev: u32,
    signature: String,
    category: &'static str,
    severity: u8,
    metadata: SensorMetadata<'a>,
}

/// Lists of strings, as Suricata's schemas have them.
#[derive(Serialize)]
struct SensorMetadata<'a> {
    alert_id: [&'a str; 1],
    incident: [&'a str; 1],
    kind: [&'static str; 1],
    state: [&'static str; 1],
    condition: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    share: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    threshold: Vec<String>,
    first_seen: [String; 1],
    summary: [&'a str; 1],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_has_two_ids_of_its_own() {
        let mut ids: Vec<u32> = ConditionKind::ALL
            .into_iter()
            .flat_map(|kind| [signature_id(kind, false), signature_id(kind, true)])
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 2 * ConditionKind::ALL.len());
        assert_eq!(
            signature(ConditionKind::OneWay, true),
            "MINEWATCH sensor condition ended (one-way)"
        );
    }
}
