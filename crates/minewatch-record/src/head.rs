//! The fields that records of all kinds share.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Evidence, MacAddr, Timestamp, Word};

/// The host, the times, the severity and the evidence of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Id of the record: unique, and equal in every replay of one input.
    pub id: String,
    /// Id of the incident, shared by all its records.
    pub incident: String,
    /// Packet time at which the record is due.
    pub time: Timestamp,
    /// State of the incident.
    pub state: IncidentState,
    /// Severity of the incident.
    pub severity: Severity,
    /// Confidence in the verdict, from 0 to 100.
    pub confidence: u8,
    /// Name of the sensor, if it has one.
    pub sensor: Option<String>,
    /// Stage of an infection to which the incident belongs.
    pub stage: Option<Stage>,
    /// The campaign to which the incident belongs, if one is known.
    pub campaign: Option<String>,
    /// The inside host that is victim or suspect.
    pub host: Host,
    /// The other end of [`Head::flow`], as on the wire.
    pub peer: Peer,
    /// The reasons, in order of first observation.
    pub evidence: Vec<Evidence>,
    /// Reasons not listed because of the size of a record.
    pub evidence_omitted: u64,
    /// Packet time of the first observation of the incident.
    pub first_seen: Timestamp,
    /// Packet time of the newest observation.
    pub last_seen: Timestamp,
    /// MITRE ATT&CK technique ids.
    pub attack: Vec<Word>,
    /// One sentence for a person.
    pub summary: String,
    /// The connection that led to this record, for formats that need a 5-tuple.
    pub flow: FlowTuple,
}

/// The state of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentState {
    /// The first record of an incident.
    Opened,
    /// A further record of an open incident.
    Updated,
    /// The last record.
    Closed,
}

/// The severity of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the names say it all
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// The stage of an infection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The host was touched for the first time: a scan, a login, an exploit.
    Entry,
    /// A program or a script was fetched.
    Dropper,
    /// Infrastructure of pools or malware was contacted.
    Contact,
    /// The host mines, or tries to.
    Mining,
    /// A mechanism that keeps the program alive was set up, or queried for updates.
    Persistence,
    /// The host tries to infect others.
    Spread,
}

/// The inside host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Its address.
    pub ip: IpAddr,
    /// Source address of its frames, as seen at the sensor: that of a router, if one lies between.
    pub mac: Option<MacAddr>,
    /// Innermost VLAN tag.
    pub vlan: Option<u16>,
    /// Names that it gives itself.
    pub names: Vec<HostName>,
    /// Whether the address is in `home_net`.
    pub inside: bool,
}

/// A name that a host gives itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostName {
    /// The name: printable, at most 255 characters.
    pub name: String,
    /// Protocol from which it was learnt: `dhcp`, `netbios`, `mdns`, …
    pub source: Word,
    /// Packet time at which the host gave it last.
    pub seen: Timestamp,
}

/// The other end of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Its address.
    pub ip: IpAddr,
    /// Its port; 0 where the protocol has none.
    pub port: u16,
    /// Names that it gives itself, or that the host uses for it.
    pub names: Vec<String>,
    /// Whether the address is in `home_net`.
    pub inside: bool,
}

/// The 5-tuple of a connection, the inside host first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowTuple {
    /// Address of the inside host.
    pub src_ip: IpAddr,
    /// Its port.
    pub src_port: u16,
    /// Address of the far end.
    pub dest_ip: IpAddr,
    /// Its port.
    pub dest_port: u16,
    /// `tcp`, `udp` or `ip`.
    pub proto: Word,
    /// Community ID v1 (seed 0).
    pub community_id: Option<String>,
    /// Number of the flow's first packet.
    pub flow_id: u64,
    /// Tags of the frames that the host sent, outermost first.
    pub vlan: Vec<u16>,
}
