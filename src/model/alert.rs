//! What an operator is told: one record of one incident. Its serde form is the `native` format,
//! whose JSON Schema is `docs/native.schema.json`.

use std::net::IpAddr;

use serde::Serialize;

use super::event::mining::{Carrier, Checksum, Shares};
use super::link::MacAddr;
use super::time::Timestamp;

/// How far a host went, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Many pools tried, none worked for: a scanner, a pool catalogue, a monitoring system.
    Probe,
    /// A pool's name was looked up or its address reached.
    Contact,
    /// The host spoke a mining protocol and got no answer, or was refused.
    Attempt,
    /// The pool answered in the protocol.
    Session,
    /// Work was delivered.
    Mining,
    /// Shares were submitted.
    Active,
}

impl Verdict {
    /// What usually proves it.
    pub const fn evidence(self) -> EvidenceKind {
        match self {
            Verdict::Probe => EvidenceKind::Probe,
            Verdict::Contact => EvidenceKind::PoolAddress,
            Verdict::Attempt => EvidenceKind::Login,
            Verdict::Session => EvidenceKind::LoginReply,
            Verdict::Mining => EvidenceKind::Job,
            Verdict::Active => EvidenceKind::Share,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Probe => "probe",
            Verdict::Contact => "contact",
            Verdict::Attempt => "attempt",
            Verdict::Session => "session",
            Verdict::Mining => "mining",
            Verdict::Active => "active",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Opened,
    Updated,
    Closed,
}

/// The version of the `native` format.
pub const SCHEMA: &str = "minewatch/1";

/// One record.
#[derive(Clone, Debug, Serialize)]
pub struct Alert {
    pub schema: &'static str,
    /// Unique to the record and the same in every replay of the same input.
    pub id: String,
    /// Shared by all records of an incident.
    pub incident: String,
    pub time: Timestamp,
    pub state: State,
    pub verdict: Verdict,
    pub severity: Severity,
    /// 0 to 100.
    pub confidence: u8,
    pub host: Host,
    pub pool: Pool,
    /// Null while nothing of a mining protocol was seen.
    pub mining: Option<Mining>,
    pub evidence: Vec<Evidence>,
    /// Evidence not listed because of the size of a record.
    pub evidence_omitted: u64,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// MITRE ATT&CK technique ids.
    pub attack: Vec<&'static str>,
    /// One sentence for a person.
    pub summary: String,
    /// The connection that brought this record about; for formats that need a 5-tuple.
    pub flow: FlowTuple,
}

/// The inside machine.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    pub ip: IpAddr,
    /// Of the frames it sent, as seen at the sensor: a router's, if one lies between.
    pub mac: Option<MacAddr>,
    /// Innermost VLAN.
    pub vlan: Option<u16>,
    pub names: Vec<HostName>,
    /// Whether the address is in `home_net`.
    pub inside: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct HostName {
    pub name: String,
    /// Where it was learnt: `dhcp`, `netbios`, `mdns`, …
    pub source: &'static str,
    pub seen: Timestamp,
}

/// The far end.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pool {
    /// Name of the pool in the intelligence, else null.
    pub name: Option<String>,
    /// Name under which the host reached it (DNS, SNI, HTTP, tunnel target).
    pub domain: Option<String>,
    /// Null while only a name was looked up.
    pub ip: Option<IpAddr>,
    pub port: Option<u16>,
    pub transport: Option<&'static str>,
    /// `pool`, `proxy`, `browser`, `malware` or `policy`, where the intelligence knows it.
    pub class: Option<&'static str>,
}

/// What is known of the mining itself.
#[derive(Clone, Debug, Serialize)]
pub struct Mining {
    pub dialect: &'static str,
    pub coin: Option<String>,
    pub coin_reason: Option<&'static str>,
    pub algorithm: Option<String>,
    pub agent: Option<String>,
    pub wallet: Option<String>,
    pub wallet_checksum: Option<Checksum>,
    /// The login is no wallet: a proxy or a pool account hides it.
    pub wallet_hidden: bool,
    pub worker: Option<String>,
    pub login: Option<String>,
    pub carriers: Vec<Carrier>,
    pub jobs: u64,
    pub shares: Shares,
    pub difficulty: Option<f64>,
    /// Estimated from shares; hashes per second.
    pub hashrate_hs: Option<f64>,
    /// One standard error of `hashrate_hs`, in hashes per second.
    pub hashrate_error: Option<f64>,
    /// The miner's own figure, where its protocol carries one.
    pub hashrate_reported_hs: Option<f64>,
    pub connections: u64,
    pub refused: Option<String>,
    pub donation: bool,
    pub one_way: bool,
    pub midstream: bool,
}

/// One reason for the verdict.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    pub kind: EvidenceKind,
    pub time: Timestamp,
    pub detail: String,
    /// The entry of the intelligence that matched.
    pub indicator: Option<String>,
    /// Where that entry comes from, or `protocol` for what was read in the conversation.
    pub source: String,
    /// Community ID v1 (seed 0) of the flow.
    pub community_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    DnsQuery,
    DnsAnswer,
    TlsSni,
    TlsCertificate,
    QuicSni,
    HttpHost,
    HttpUrl,
    PoolAddress,
    TunnelTarget,
    Login,
    LoginReply,
    Job,
    Share,
    Probe,
}

impl EvidenceKind {
    /// A name was asked for.
    pub const fn is_lookup(self) -> bool {
        matches!(self, EvidenceKind::DnsQuery | EvidenceKind::DnsAnswer)
    }

    /// A connection was opened to what the intelligence knows.
    pub const fn is_connection(self) -> bool {
        use EvidenceKind::{
            HttpHost, HttpUrl, PoolAddress, QuicSni, TlsCertificate, TlsSni, TunnelTarget,
        };
        matches!(
            self,
            PoolAddress | TlsSni | TlsCertificate | QuicSni | HttpHost | HttpUrl | TunnelTarget
        )
    }
}

/// The 5-tuple of a connection, the inside host first.
#[derive(Clone, Debug, Serialize)]
pub struct FlowTuple {
    pub src_ip: IpAddr,
    pub src_port: u16,
    pub dest_ip: IpAddr,
    pub dest_port: u16,
    pub proto: &'static str,
    pub community_id: Option<String>,
    /// [`super::Flow::id`].
    pub flow_id: u64,
    /// Tags of the frames that the host sent, outermost first.
    pub vlan: Vec<u16>,
}
