//! Counters of decoded packets, and the reasons why packets stop early.

use serde::{Serialize, Serializer};

use super::stop::Stop;
use super::unknown::UnknownCounts;

/// The reason why a packet gave no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum DecodeStop {
    /// The link type is not supported.
    LinkType,
    /// ARP, LLDP, spanning tree or anything else that is not IP.
    NotIp,
    /// An EtherType, LLC or PPP protocol that this program does not read. [`DecodeStats::unknown`]
    /// counts them by value.
    NotUnderstood,
    /// The header of a link layer or tunnel is cut.
    LinkTruncated,
    /// The header of a link layer or tunnel is invalid or contradicts itself.
    LinkMalformed,
    /// More layers than [`super::MAX_LAYERS`], or too many MPLS labels, IPv6 extension headers or
    /// fragmented datagrams inside each other.
    TooDeep,
    /// The IP header is cut.
    IpTruncated,
    /// The IP header contradicts itself.
    IpMalformed,
    /// The TCP or UDP header is cut.
    TransportTruncated,
    /// The TCP header contradicts itself.
    TransportMalformed,
    /// A fragment of a datagram that is still incomplete; not an error.
    FragmentHeld,
    /// A fragment with an invalid offset or length, or one too many for its datagram.
    FragmentMalformed,
    /// Encrypted 802.11 data, or ESP.
    Encrypted,
    /// An 802.11 management, control or empty data frame.
    NoData,
    /// A tunnel's own signalling (control of PPP, PPPoE and L2TP, GTP echo, Teredo bubble).
    Signalling,
}

impl DecodeStop {
    /// All reasons, in order of their counters.
    pub const ALL: [DecodeStop; 15] = [
        DecodeStop::LinkType,
        DecodeStop::NotIp,
        DecodeStop::NotUnderstood,
        DecodeStop::LinkTruncated,
        DecodeStop::LinkMalformed,
        DecodeStop::TooDeep,
        DecodeStop::IpTruncated,
        DecodeStop::IpMalformed,
        DecodeStop::TransportTruncated,
        DecodeStop::TransportMalformed,
        DecodeStop::FragmentHeld,
        DecodeStop::FragmentMalformed,
        DecodeStop::Encrypted,
        DecodeStop::NoData,
        DecodeStop::Signalling,
    ];

    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            DecodeStop::LinkType => "unsupported_link_type",
            DecodeStop::NotIp => "not_ip",
            DecodeStop::NotUnderstood => "not_understood",
            DecodeStop::LinkTruncated => "link_truncated",
            DecodeStop::LinkMalformed => "link_malformed",
            DecodeStop::TooDeep => "too_many_layers",
            DecodeStop::IpTruncated => "ip_truncated",
            DecodeStop::IpMalformed => "ip_malformed",
            DecodeStop::TransportTruncated => "transport_truncated",
            DecodeStop::TransportMalformed => "transport_malformed",
            DecodeStop::FragmentHeld => "fragment_held",
            DecodeStop::FragmentMalformed => "fragment_malformed",
            DecodeStop::Encrypted => "encrypted",
            DecodeStop::NoData => "no_data",
            DecodeStop::Signalling => "tunnel_signalling",
        }
    }
}

/// Counters of one decoder. Each can be summed over several decoders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DecodeStats {
    /// Packets read.
    pub packets: u64,
    /// Bytes of these packets on the wire.
    pub bytes: u64,
    /// IPv4 headers, including those inside tunnels.
    pub ipv4: u64,
    /// IPv6 headers, including those inside tunnels.
    pub ipv6: u64,
    /// TCP segments.
    pub tcp: u64,
    /// UDP datagrams.
    pub udp: u64,
    /// IP datagrams of other protocols.
    pub other: u64,
    /// Packets with at least one VLAN tag.
    pub vlan: u64,
    /// Packets with a tunnel.
    pub tunnelled: u64,
    /// Packets of which the capture holds only the first bytes.
    pub cut: u64,
    /// Packets with payload, counted from the first cut packet on.
    pub payloads: u64,
    /// Of these, the packets whose payload or headers are cut.
    pub cut_payloads: u64,
    /// Datagrams reassembled from fragments.
    pub reassembled: u64,
    /// Fragments given up because they were too old or the limits were reached.
    pub fragments_dropped: u64,
    /// Packets by the value that was not read.
    pub unknown: UnknownCounts,
    #[serde(rename = "stopped", serialize_with = "by_name")]
    stops: [u64; DecodeStop::ALL.len()],
}

impl DecodeStats {
    pub(super) fn stop(&mut self, stop: Stop) {
        self.stops[stop.reason as usize] += 1;
        if let Some(value) = stop.unknown {
            self.unknown.add(value);
        }
    }

    /// Returns the number of packets that stopped for `reason`.
    pub fn stopped(&self, reason: DecodeStop) -> u64 {
        self.stops[reason as usize]
    }

    /// Returns all reasons with their counts, including those that are zero.
    pub fn stops(&self) -> impl Iterator<Item = (DecodeStop, u64)> + '_ {
        DecodeStop::ALL.iter().map(|&reason| (reason, self.stopped(reason)))
    }

    /// Adds the counters of another decoder, such as another worker's.
    pub fn merge(&mut self, other: &DecodeStats) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.ipv4 += other.ipv4;
        self.ipv6 += other.ipv6;
        self.tcp += other.tcp;
        self.udp += other.udp;
        self.other += other.other;
        self.vlan += other.vlan;
        self.tunnelled += other.tunnelled;
        self.cut += other.cut;
        self.payloads += other.payloads;
        self.cut_payloads += other.cut_payloads;
        self.reassembled += other.reassembled;
        self.fragments_dropped += other.fragments_dropped;
        self.unknown.merge(&other.unknown);
        for (mine, theirs) in self.stops.iter_mut().zip(other.stops) {
            *mine += theirs;
        }
    }
}

fn by_name<S: Serializer>(
    stops: &[u64; DecodeStop::ALL.len()],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(DecodeStop::ALL.iter().map(|reason| reason.name()).zip(stops))
}
