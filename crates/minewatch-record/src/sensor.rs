//! Records about the sensor itself: what keeps it from seeing.

use serde::de::Error;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{IncidentState, RecordKind, SCHEMA, Severity, Timestamp};

/// A record that a condition of the sensor began or ended.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorRecord {
    /// Id of the record.
    pub id: String,
    /// Id of the condition's occurrence, shared by its records.
    pub incident: String,
    /// Time at which the record is due.
    pub time: Timestamp,
    /// Whether the condition began or ended.
    pub state: IncidentState,
    /// Severity of the condition.
    pub severity: Severity,
    /// Name of the sensor, if it has one.
    pub sensor: Option<String>,
    /// The condition.
    pub condition: SensorCondition,
    /// Time at which the condition began.
    pub first_seen: Timestamp,
    /// One sentence for a person.
    pub summary: String,
}

/// A condition that keeps the sensor from seeing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SensorCondition {
    /// The kind of condition.
    pub kind: ConditionKind,
    /// The affected share of traffic, from 0 to 1, where it has one.
    pub share: Option<f64>,
    /// The share beyond which the condition holds, where it has one.
    pub threshold: Option<f64>,
}

/// What keeps the sensor from seeing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionKind {
    /// Packets that are neither IP nor a known link protocol, or whose headers cannot be read.
    NotUnderstood,
    /// Packets whose payload the snap length has cut.
    PayloadCut,
    /// A filter that left no packet.
    NothingPassedFilter,
    /// Connections of which only one direction arrives.
    OneWay,
    /// Packets that the kernel or an interface dropped.
    Drops,
    /// Payload that the capture lost and its receiver did not.
    Gaps,
    /// Packets that are encrypted below IP or in IP.
    Encrypted,
    /// Packets with times that cannot be right.
    StrayTimes,
    /// No DNS message among many connections.
    NoDns,
    /// No TLS handshake among many connections.
    NoTls,
    /// No packet for a while.
    NoPackets,
    /// An interface that is down or gone.
    InterfaceDown,
    /// Packets of settled flows left out for want of time.
    Overload,
    /// Flows given up for want of memory.
    MemoryLimit,
    /// An output that loses records.
    OutputFailing,
}

impl ConditionKind {
    /// All kinds, in the order of their signature ids.
    pub const ALL: [ConditionKind; 15] = [
        ConditionKind::NotUnderstood,
        ConditionKind::PayloadCut,
        ConditionKind::NothingPassedFilter,
        ConditionKind::OneWay,
        ConditionKind::Drops,
        ConditionKind::Gaps,
        ConditionKind::Encrypted,
        ConditionKind::StrayTimes,
        ConditionKind::NoDns,
        ConditionKind::NoTls,
        ConditionKind::NoPackets,
        ConditionKind::InterfaceDown,
        ConditionKind::Overload,
        ConditionKind::MemoryLimit,
        ConditionKind::OutputFailing,
    ];

    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            ConditionKind::NotUnderstood => "not-understood",
            ConditionKind::PayloadCut => "payload-cut",
            ConditionKind::NothingPassedFilter => "nothing-passed-filter",
            ConditionKind::OneWay => "one-way",
            ConditionKind::Drops => "drops",
            ConditionKind::Gaps => "gaps",
            ConditionKind::Encrypted => "encrypted",
            ConditionKind::StrayTimes => "stray-times",
            ConditionKind::NoDns => "no-dns",
            ConditionKind::NoTls => "no-tls",
            ConditionKind::NoPackets => "no-packets",
            ConditionKind::InterfaceDown => "interface-down",
            ConditionKind::Overload => "overload",
            ConditionKind::MemoryLimit => "memory-limit",
            ConditionKind::OutputFailing => "output-failing",
        }
    }

    /// Whether a capture in this condition counts as not analysed in full.
    pub const fn is_incomplete(self) -> bool {
        matches!(
            self,
            ConditionKind::NotUnderstood
                | ConditionKind::PayloadCut
                | ConditionKind::NothingPassedFilter
        )
    }
}

/// Serializes a line of the `native` format; what only incidents of hosts have is null or empty.
impl Serialize for SensorRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const NULL: Option<()> = None;
        const EMPTY: [(); 0] = [];
        const CERTAIN: u8 = 100;
        let mut line = serializer.serialize_struct("SensorRecord", 25)?;
        line.serialize_field("schema", SCHEMA)?;
        line.serialize_field("kind", &RecordKind::Sensor)?;
        line.serialize_field("id", &self.id)?;
        line.serialize_field("incident", &self.incident)?;
        line.serialize_field("time", &self.time)?;
        line.serialize_field("state", &self.state)?;
        line.serialize_field("verdict", &NULL)?;
        line.serialize_field("severity", &self.severity)?;
        line.serialize_field("confidence", &CERTAIN)?;
        line.serialize_field("sensor", &self.sensor)?;
        line.serialize_field("stage", &NULL)?;
        line.serialize_field("campaign", &NULL)?;
        line.serialize_field("host", &NULL)?;
        line.serialize_field("peer", &NULL)?;
        line.serialize_field("pool", &NULL)?;
        line.serialize_field("mining", &NULL)?;
        line.serialize_field("condition", &self.condition)?;
        line.serialize_field("evidence", &EMPTY)?;
        line.serialize_field("evidence_omitted", &0u64)?;
        line.serialize_field("first_seen", &self.first_seen)?;
        line.serialize_field("last_seen", &self.time)?;
        line.serialize_field("attack", &EMPTY)?;
        line.serialize_field("summary", &self.summary)?;
        line.serialize_field("flow", &NULL)?;
        line.serialize_field("truncated", &EMPTY)?;
        line.end()
    }
}

impl<'de> Deserialize<'de> for SensorRecord {
    /// Reads a line of the `native` format; unknown fields are ignored.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct ReadSensor {
            schema: String,
            kind: RecordKind,
            id: String,
            incident: String,
            time: Timestamp,
            state: IncidentState,
            severity: Severity,
            sensor: Option<String>,
            condition: SensorCondition,
            first_seen: Timestamp,
            summary: String,
        }
        let line = ReadSensor::deserialize(deserializer)?;
        if line.schema != SCHEMA || line.kind != RecordKind::Sensor {
            let problem =
                format!("expected the schema {SCHEMA} and kind sensor, found `{}`", line.schema);
            return Err(D::Error::custom(problem));
        }
        Ok(SensorRecord {
            id: line.id,
            incident: line.incident,
            time: line.time,
            state: line.state,
            severity: line.severity,
            sensor: line.sensor,
            condition: line.condition,
            first_seen: line.first_seen,
            summary: line.summary,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_into_the_same_record() {
        let record = SensorRecord {
            id: "mw-s-1".into(),
            incident: "mw-s".into(),
            time: Timestamp::from_parts(1_700_000_060, 0),
            state: IncidentState::Opened,
            severity: Severity::Medium,
            sensor: Some("campus-1".into()),
            condition: SensorCondition {
                kind: ConditionKind::OneWay,
                share: Some(0.75),
                threshold: Some(0.5),
            },
            first_seen: Timestamp::from_parts(1_700_000_000, 0),
            summary: "half of the traffic is missing".into(),
        };
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<SensorRecord>(&line).unwrap(), record);
        assert!(serde_json::from_str::<crate::Record>(&line).is_err(), "it has no host");
    }

    #[test]
    fn each_condition_has_the_name_that_its_serde_form_has() {
        for kind in ConditionKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
