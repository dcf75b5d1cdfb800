//! Events that parsers extract, for sites that log them: DNS, TLS, QUIC, HTTP, flows.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One extracted event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Time and flow of the event.
    pub head: EventHead,
    /// The extracted fields.
    pub body: EventBody,
}

/// The time and the flow of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventHead {
    /// Packet time.
    pub time: Timestamp,
    /// Name of the sensor, if it has one.
    pub sensor: Option<String>,
    /// Number of the flow's first packet.
    pub flow_id: u64,
    /// Community ID v1 (seed 0) of the flow.
    pub community_id: Option<String>,
    /// The end that sends requests.
    pub client: EventEndpoint,
    /// The end that answers.
    pub server: EventEndpoint,
    /// IP protocol (IANA assigned numbers).
    pub ip_protocol: u8,
    /// VLAN tags of the client's frames, else of the server's; outermost first.
    pub vlan: Vec<u16>,
}

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventEndpoint {
    /// Its address.
    pub ip: IpAddr,
    /// `None` for protocols without ports.
    pub port: Option<u16>,
}

/// The extracted fields, by kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventBody {
    /// A DNS message.
    Dns(DnsEvent),
    /// A TLS handshake over TCP.
    Tls(TlsEvent),
    /// A QUIC client's first packet.
    Quic(QuicEvent),
    /// A request or a response.
    Http(HttpEvent),
    /// The end of a flow.
    Flow(FlowEvent),
}

impl EventBody {
    /// The kind of event.
    pub const fn kind(&self) -> EventKind {
        match self {
            EventBody::Dns(_) => EventKind::Dns,
            EventBody::Tls(_) => EventKind::Tls,
            EventBody::Quic(_) => EventKind::Quic,
            EventBody::Http(_) => EventKind::Http,
            EventBody::Flow(_) => EventKind::Flow,
        }
    }
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // see EventBody
pub enum EventKind {
    Dns,
    Tls,
    Quic,
    Http,
    Flow,
    /// A [`SensorRecord`](crate::SensorRecord): no parser extracts it.
    Sensor,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [EventKind; 6] = [
        EventKind::Dns,
        EventKind::Tls,
        EventKind::Quic,
        EventKind::Http,
        EventKind::Flow,
        EventKind::Sensor,
    ];

    /// The name in the configuration and in records.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Dns => "dns",
            EventKind::Tls => "tls",
            EventKind::Quic => "quic",
            EventKind::Http => "http",
            EventKind::Flow => "flow",
            EventKind::Sensor => "sensor",
        }
    }
}

/// The error for a word that is not the name of an [`EventKind`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEventKind(String);

impl fmt::Display for UnknownEventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a kind of event (dns, tls, quic, http or flow), found `{}`", self.0)
    }
}

impl std::error::Error for UnknownEventKind {}

impl FromStr for EventKind {
    type Err = UnknownEventKind;

    fn from_str(text: &str) -> Result<Self, UnknownEventKind> {
        let named = EventKind::ALL.into_iter().find(|kind| kind.name() == text);
        named.ok_or_else(|| UnknownEventKind(text.to_owned()))
    }
}

/// A set of [`EventKind`]s, empty by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventKinds {
    wanted: [bool; EventKind::ALL.len()],
}

impl EventKinds {
    /// Whether the set has any kind.
    #[inline]
    pub fn any(&self) -> bool {
        self.wanted.contains(&true)
    }

    /// Whether the set has this kind.
    #[inline]
    pub const fn has(self, kind: EventKind) -> bool {
        self.wanted[kind as usize]
    }
}

impl FromIterator<EventKind> for EventKinds {
    fn from_iter<I: IntoIterator<Item = EventKind>>(kinds: I) -> Self {
        let mut all = EventKinds::default();
        kinds.into_iter().for_each(|kind| all.wanted[kind as usize] = true);
        all
    }
}

/// A DNS message (RFC 1035). Names are in lower case, without the final dot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsEvent {
    /// The message's identifier.
    pub id: u16,
    /// Whether it is a response.
    pub response: bool,
    /// OPCODE: 0 for a standard query.
    pub opcode: u8,
    /// RCODE: 0 for no error; twelve bits where EDNS is used (RFC 6891 §6.1.3).
    pub rcode: u16,
    /// The questions: one, hardly ever more.
    pub questions: Vec<DnsQuestion>,
    /// The answer section.
    pub answers: Vec<DnsAnswer>,
}

/// One question of a DNS message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsQuestion {
    /// The name asked for.
    pub name: String,
    /// TYPE (IANA registry).
    pub rtype: u16,
}

/// One record of the answer section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsAnswer {
    /// The record's owner.
    pub name: String,
    /// TYPE (IANA registry).
    pub rtype: u16,
    /// Time to live, in seconds.
    pub ttl: u32,
    /// The data of the record.
    pub data: DnsAnswerData,
}

/// The data of a DNS record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DnsAnswerData {
    /// The address of an A or AAAA record.
    Address(IpAddr),
    /// The name to which the record points.
    Name(String),
    /// Any other data, or data that could not be parsed.
    Other,
}

/// The unencrypted parts of a TLS handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsEvent {
    /// Negotiated version; `None` if no ServerHello was seen.
    pub version: Option<u16>,
    /// `server_name` (RFC 6066 §3).
    pub sni: Option<String>,
    /// The server's own certificate.
    pub certificate: Option<CertificateEvent>,
    /// Of the client.
    pub ja3: Option<TlsFingerprint>,
    /// Of the server.
    pub ja3s: Option<TlsFingerprint>,
    /// Of the client.
    pub ja4: Option<String>,
}

/// The identifying fields of a certificate (RFC 5280).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateEvent {
    /// Name of the subject, most general part first: `C=IT, ST=Pool, CN=mining.pool`.
    pub subject: String,
    /// Name of the issuer.
    pub issuer: String,
    /// Serial number in upper-case hexadecimal, separated by colons.
    pub serial: String,
    /// SHA-1 digest of the whole certificate.
    pub sha1: [u8; 20],
    /// Seconds since the Unix epoch.
    pub not_before: Option<i64>,
    /// Seconds since the Unix epoch.
    pub not_after: Option<i64>,
}

/// A JA3 fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsFingerprint {
    /// The text that is hashed.
    pub string: String,
    /// MD5 of `string`, in hexadecimal.
    pub hash: String,
}

/// A QUIC client's first packet (RFC 9001).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuicEvent {
    /// Wire version.
    pub version: u32,
    /// `server_name`.
    pub sni: Option<String>,
    /// Of the client.
    pub ja3: TlsFingerprint,
    /// Of the client.
    pub ja4: String,
}

/// A message of HTTP/1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpEvent {
    /// A request of a client.
    Request {
        /// As sent.
        method: String,
        /// Target as sent: a path, an absolute URL, or host:port for CONNECT.
        target: String,
        /// `Host` header or the authority of an absolute target.
        authority: Option<String>,
        /// The `User-Agent` header.
        user_agent: Option<String>,
        /// Version, as in `HTTP/1.1`; clients of HTTP/0.9 send none.
        version: Option<String>,
    },
    /// A response of a server.
    Response {
        /// Status code.
        status: u16,
        /// The `Content-Type` header.
        content_type: Option<String>,
        /// Version, as in `HTTP/1.1`.
        version: String,
    },
}

/// Packets and bytes of a flow. Arrays hold the values of the client and the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowEvent {
    /// Packets sent.
    pub packets: [u64; 2],
    /// Bytes sent, on the wire.
    pub bytes: [u64; 2],
    /// Packet time of the first packet.
    pub first_seen: Timestamp,
    /// Packet time of the last packet.
    pub last_seen: Timestamp,
    /// Why it ended.
    pub reason: FlowEndReason,
}

/// Why a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlowEndReason {
    /// FIN in both directions, or RST.
    Closed,
    /// No packet for longer than the timeout.
    Timeout,
    /// A new connection used the 5-tuple of this flow.
    Reused,
    /// Evicted to keep within the memory budget.
    Evicted,
    /// The input ended.
    Input,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_by_its_name_and_others_are_listed() {
        for kind in EventKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        let error = "ftp".parse::<EventKind>().unwrap_err();
        assert!(error.to_string().ends_with("http or flow), found `ftp`"), "{error}");
    }

    #[test]
    fn a_set_has_what_it_was_filled_with() {
        let kinds = EventKinds::from_iter([EventKind::Dns, EventKind::Flow]);
        assert!(kinds.any() && kinds.has(EventKind::Dns) && !kinds.has(EventKind::Http));
        assert!(!EventKinds::default().any());
    }
}
