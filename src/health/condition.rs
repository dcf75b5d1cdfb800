//! A condition that keeps the sensor from seeing, with its share in words.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::model::record::ConditionKind;

/// A condition that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What it is.
    pub kind: ConditionKind,
    /// The affected share, 0 to 1, where it has one.
    pub share: Option<f64>,
    /// The share beyond which it holds.
    pub threshold: Option<f64>,
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
        fields.serialize_field("share", &self.share.map(thousandths))?;
        fields.serialize_field("text", &self.text)?;
        fields.end()
    }
}

/// Rounds a share to thousandths: enough for a person, and the same on every machine.
pub(super) fn thousandths(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}
