//! The fields that all EVE records share: time, flow, source and destination.
//!
//! Only fields that Suricata's schemas of versions 7.0 and 8.0 both allow are used.

use std::net::IpAddr;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::super::json;
use super::{alert, dns, flow, http, tls};
use crate::model::flow::{Endpoint, Transport};
use crate::model::record::EventEndpoint;

/// An EVE record. `timestamp` comes first: log shippers distinguish files by their first bytes, and
/// some readers look for it there.
#[derive(Serialize)]
pub(super) struct Envelope {
    pub timestamp: String,
    pub flow_id: u64,
    pub event_type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vlan: Vec<u16>,
    pub src_ip: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_port: Option<u16>,
    pub dest_ip: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dest_port: Option<u16>,
    pub proto: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_proto: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community_id: Option<String>,
    /// Name of the sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ether: Option<Ether>,
    #[serde(flatten)]
    pub body: EnvelopeBody,
}

impl Envelope {
    pub(super) fn line(&self) -> serde_json::Result<String> {
        json::line(self)
    }
}

/// The part that depends on the `event_type`, under a key of the same name.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EnvelopeBody {
    Alert(alert::AlertBody),
    Dns(dns::DnsBody),
    Tls(tls::TlsBody),
    Quic(tls::QuicBody),
    Http(http::HttpBody),
    Flow(flow::FlowBody),
}

#[derive(Serialize)]
pub(super) struct Ether {
    pub src_mac: String,
}

impl From<EventEndpoint> for Endpoint {
    fn from(end: EventEndpoint) -> Self {
        Endpoint { ip: end.ip, port: end.port.unwrap_or(0) }
    }
}

/// Cuts the name of the sensor to a length that leaves room for the other fields.
pub(super) fn sensor_name(sensor: Option<&str>) -> Option<String> {
    /// A host name has at most 253 characters (RFC 1035 §2.3.4).
    const MAX: usize = 256;
    sensor.map(|sensor| json::clipped(sensor, MAX))
}

/// The `flow_id` of EVE, which is equal for all records of a flow and in every replay. The ends are
/// part of it, since the number of the flow alone starts again with every start of a sensor. It has
/// 53 bits, which JavaScript represents exactly.
pub(super) fn flow_id(number: u64, one: Endpoint, other: Endpoint) -> u64 {
    let mut digest = Sha256::new();
    digest.update(number.to_be_bytes());
    for end in [one.min(other), one.max(other)] {
        digest.update(end.to_string());
        digest.update(b"|");
    }
    let head =
        digest.finalize().iter().take(8).fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
    head >> (64 - 53)
}

/// The name of the protocol in EVE, in capitals.
pub(super) fn proto(transport: Transport) -> String {
    let name = match transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
        Transport::Other(1) => "ICMP",
        Transport::Other(47) => "GRE",
        Transport::Other(50) => "ESP",
        Transport::Other(51) => "AH",
        Transport::Other(58) => "IPv6-ICMP",
        Transport::Other(132) => "SCTP",
        Transport::Other(number) => return number.to_string(),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(ip: &str, port: u16) -> Endpoint {
        Endpoint { ip: ip.parse().unwrap(), port }
    }

    #[test]
    fn a_flow_has_one_identifier_whichever_end_comes_first() {
        let (a, b) = (endpoint("10.0.0.7", 50512), endpoint("192.0.2.9", 3333));
        assert_eq!(flow_id(7, a, b), flow_id(7, b, a));
        assert_ne!(flow_id(7, a, b), flow_id(8, a, b));
        assert!(flow_id(7, a, b) < 1 << 53);
    }
}
