//! The records that minewatch writes, as typed values.
//!
//! | type | what it is |
//! |---|---|
//! | [`Record`] | a record of the state of one incident: a [`Head`] and a [`Body`] by kind |
//! | [`EventRecord`] | an event that a parser extracted: a DNS answer, a TLS handshake, … |
//! | [`SensorRecord`] | that the sensor cannot see something, or can again |
//! | [`Outgoing`] | any of them, on its way to an output |
//!
//! The serde form of a [`Record`] is the `native` format, which reads back into the same value. This
//! crate depends on serde alone, so that stores and consoles can read records without the sensor.

mod event;
mod evidence;
mod head;
mod link;
mod mining;
mod record;
mod sensor;
mod time;

pub use event::{
    CertificateEvent, DnsAnswer, DnsAnswerData, DnsEvent, DnsQuestion, EventBody, EventEndpoint,
    EventHead, EventKind, EventKinds, EventRecord, FlowEndReason, FlowEvent, HttpEvent, QuicEvent,
    TlsEvent, TlsFingerprint, UnknownEventKind,
};
pub use evidence::{Evidence, EvidenceKind};
pub use head::{FlowTuple, Head, Host, HostName, IncidentState, Peer, Severity, Stage};
pub use link::MacAddr;
pub use mining::{Carrier, Checksum, Mining, MiningIncident, Pool, Shares, Verdict, WalletState};
pub use record::{Body, Record, RecordKind, SCHEMA};
pub use sensor::{ConditionKind, SensorCondition, SensorRecord};
pub use time::Timestamp;

use std::borrow::Cow;
use std::sync::Arc;

/// A word of the sensor's vocabulary: static in the sensor, owned after it is read back.
pub type Word = Cow<'static, str>;

/// A record on its way to the outputs, shared by all of them.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// A record about an incident.
    Alert(Arc<Record>),
    /// An extracted event.
    Event(Arc<EventRecord>),
    /// A record about the sensor itself.
    Sensor(Arc<SensorRecord>),
}
