//! Conditions that keep the sensor from seeing.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// What keeps the sensor from seeing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionKind {
    /// Packets that are neither IP nor a known link protocol, or whose headers cannot be read.
    NotUnderstood,
    /// Packets whose payload the snap length has cut.
    PayloadCut,
    /// A filter that left no packet.
    NothingPassedFilter,
    /// Connections of which only one direction arrives.
    OneWay,
    /// Payload that the capture lost and its receiver did not.
    Gaps,
    /// Packets that the kernel or an interface dropped.
    Drops,
    /// Packets that are encrypted below IP or in IP.
    Encrypted,
    /// Packets with times that cannot be right.
    StrayTimes,
    /// No DNS message among many connections.
    NoDns,
    /// No TLS handshake among many connections.
    NoTls,
}

impl ConditionKind {
    /// Its name in records and in the JSON summary.
    pub const fn name(self) -> &'static str {
        match self {
            ConditionKind::NotUnderstood => "not-understood",
            ConditionKind::PayloadCut => "payload-cut",
            ConditionKind::NothingPassedFilter => "nothing-passed-filter",
            ConditionKind::OneWay => "one-way",
            ConditionKind::Gaps => "gaps",
            ConditionKind::Drops => "drops",
            ConditionKind::Encrypted => "encrypted",
            ConditionKind::StrayTimes => "stray-times",
            ConditionKind::NoDns => "no-dns",
            ConditionKind::NoTls => "no-tls",
        }
    }

    /// Whether an input in this condition counts as not analysed in full (exit code 3).
    pub const fn is_incomplete(self) -> bool {
        matches!(
            self,
            ConditionKind::NotUnderstood
                | ConditionKind::PayloadCut
                | ConditionKind::NothingPassedFilter
        )
    }
}

/// A condition that holds for an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What it is.
    pub kind: ConditionKind,
    /// The affected share, 0 to 1.
    pub share: f64,
    /// What is wrong and what to do, as a sentence.
    pub text: String,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Condition", 3)?;
        fields.serialize_field("kind", self.kind.name())?;
        // Thousandths are enough for a person, and the same on every machine.
        fields.serialize_field("share", &((self.share * 1000.0).round() / 1000.0))?;
        fields.serialize_field("text", &self.text)?;
        fields.end()
    }
}
