//! A record, and its form in JSON: the `native` format.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    Evidence, FlowTuple, Head, Host, IncidentState, Mining, MiningIncident, Peer, Pool, Severity,
    Stage, Timestamp, Verdict, Word,
};

/// The version of the `native` format.
pub const SCHEMA: &str = "minewatch/2";

/// A record of the state of one incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The fields that all kinds share.
    pub head: Head,
    /// The fields of this kind.
    pub body: Body,
}

/// The kind of a record, with the fields of that kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A host mines, or there is evidence that it may.
    Mining(MiningIncident),
}

/// The name of a [`Body`]'s kind in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// [`Body::Mining`].
    Mining,
    /// A [`SensorRecord`](crate::SensorRecord), which is about no host.
    Sensor,
}

impl Record {
    /// The kind of the record's body.
    pub const fn kind(&self) -> RecordKind {
        match self.body {
            Body::Mining(_) => RecordKind::Mining,
        }
    }

    /// The body, if the record is of kind `mining`.
    pub const fn mining(&self) -> Option<&MiningIncident> {
        match &self.body {
            Body::Mining(incident) => Some(incident),
        }
    }
}

/// Declares the fields of a line once, in their order, for writing and for reading.
macro_rules! line {
    ($life:lifetime; $($field:ident: $written:ty, $read:ty;)+) => {
        #[derive(Serialize)]
        struct WrittenLine<$life> { $($field: $written,)+ }

        #[derive(Deserialize)]
        struct ReadLine { $($field: $read,)+ }
    };
}

line! {
    'a;
    schema: &'a str, String;
    kind: RecordKind, RecordKind;
    id: &'a str, String;
    incident: &'a str, String;
    time: Timestamp, Timestamp;
    state: IncidentState, IncidentState;
    verdict: Option<Verdict>, Option<Verdict>;
    severity: Severity, Severity;
    confidence: u8, u8;
    sensor: Option<&'a str>, Option<String>;
    stage: Option<Stage>, Option<Stage>;
    campaign: Option<&'a str>, Option<String>;
    host: &'a Host, Host;
    peer: &'a Peer, Peer;
    pool: Option<&'a Pool>, Option<Pool>;
    mining: Option<&'a Mining>, Option<Mining>;
    evidence: &'a [Evidence], Vec<Evidence>;
    evidence_omitted: u64, u64;
    first_seen: Timestamp, Timestamp;
    last_seen: Timestamp, Timestamp;
    attack: &'a [Word], Vec<Word>;
    summary: &'a str, String;
    flow: &'a FlowTuple, FlowTuple;
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { head, body } = self;
        let Body::Mining(incident) = body;
        let line = WrittenLine {
            schema: SCHEMA,
            kind: self.kind(),
            id: &head.id,
            incident: &head.incident,
            time: head.time,
            state: head.state,
            verdict: Some(incident.verdict),
            severity: head.severity,
            confidence: head.confidence,
            sensor: head.sensor.as_deref(),
            stage: head.stage,
            campaign: head.campaign.as_deref(),
            host: &head.host,
            peer: &head.peer,
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

impl<'de> Deserialize<'de> for Record {
    /// Reads a line of the `native` format; unknown fields are ignored.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = ReadLine::deserialize(deserializer)?;
        if line.schema != SCHEMA {
            let problem = format!("expected the schema {SCHEMA}, found `{}`", line.schema);
            return Err(D::Error::custom(problem));
        }
        let body = match line.kind {
            RecordKind::Sensor => {
                return Err(D::Error::custom(
                    "expected a record about a host, found kind `sensor`",
                ));
            }
            RecordKind::Mining => Body::Mining(MiningIncident {
                verdict: line.verdict.ok_or_else(|| D::Error::missing_field("verdict"))?,
                pool: line.pool.ok_or_else(|| D::Error::missing_field("pool"))?,
                mining: line.mining,
            }),
        };
        let head = Head {
            id: line.id,
            incident: line.incident,
            time: line.time,
            state: line.state,
            severity: line.severity,
            confidence: line.confidence,
            sensor: line.sensor,
            stage: line.stage,
            campaign: line.campaign,
            host: line.host,
            peer: line.peer,
            evidence: line.evidence,
            evidence_omitted: line.evidence_omitted,
            first_seen: line.first_seen,
            last_seen: line.last_seen,
            attack: line.attack,
            summary: line.summary,
            flow: line.flow,
        };
        Ok(Record { head, body })
    }
}
