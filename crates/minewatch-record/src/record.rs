//! One record, and its form in JSON: the `native` format.

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    Evidence, FlowTuple, Head, Host, IncidentState, Mining, MiningIncident, Pool, Severity,
    Timestamp, Verdict, Word,
};

/// The version of the `native` format.
pub const SCHEMA: &str = "minewatch/1";

/// One statement about one incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What all kinds have in common.
    pub head: Head,
    /// What only this kind has.
    pub body: Body,
}

/// What a record is about, and what only such records tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A host mines, or something points to it.
    Mining(MiningIncident),
}

/// The word for a [`Body`] in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// [`Body::Mining`].
    Mining,
}

impl Record {
    /// The kind of its body.
    pub const fn kind(&self) -> RecordKind {
        match self.body {
            Body::Mining(_) => RecordKind::Mining,
        }
    }

    /// The body of a record of kind `mining`.
    pub const fn mining(&self) -> Option<&MiningIncident> {
        match &self.body {
            Body::Mining(incident) => Some(incident),
        }
    }
}

/// The fields of a line, in their order.
#[derive(Serialize)]
struct Line<'a> {
    schema: &'a str,
    id: &'a str,
    incident: &'a str,
    time: Timestamp,
    state: IncidentState,
    verdict: Option<Verdict>,
    severity: Severity,
    confidence: u8,
    host: &'a Host,
    pool: Option<&'a Pool>,
    mining: Option<&'a Mining>,
    evidence: &'a [Evidence],
    evidence_omitted: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    attack: &'a [Word],
    summary: &'a str,
    flow: &'a FlowTuple,
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { head, body } = self;
        let Body::Mining(incident) = body;
        let line = Line {
            schema: SCHEMA,
            id: &head.id,
            incident: &head.incident,
            time: head.time,
            state: head.state,
            verdict: Some(incident.verdict),
            severity: head.severity,
            confidence: head.confidence,
            host: &head.host,
            pool: Some(&incident.pool),
            mining: incident.mining.as_ref(),
            evidence: &head.evidence,
            evidence_omitted: head.evidence_omitted,
            first_seen: head.first_seen,
            last_seen: head.last_seen,
            attack: &head.attack,
            summary: &head.summary,
            flow: &head.flow,
        };
        line.serialize(serializer)
    }
}
