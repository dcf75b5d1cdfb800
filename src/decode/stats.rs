//! What was decoded, and why packets stopped early.

use serde::{Serialize, Serializer};

/// Why a packet gave no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum DecodeStop {
    /// The link type of the capture is none that we read.
    LinkType,
    /// ARP, LLDP, spanning tree and whatever else is not IP.
    NotIp,
    /// The link layer's header is cut.
    LinkTruncated,
    /// A tag, label or tunnel header that is cut or contradicts itself.
    LinkMalformed,
    /// More layers than [`super::MAX_LAYERS`].
    TooDeep,
    /// The IP header is cut.
    IpTruncated,
    /// The IP header contradicts itself.
    IpMalformed,
    /// The header of TCP or UDP is cut.
    TransportTruncated,
    /// The header of TCP or UDP contradicts itself.
    TransportMalformed,
    /// A fragment whose siblings are still missing; not an error.
    FragmentHeld,
    /// A fragment contradicts itself or others.
    FragmentMalformed,
    /// Encrypted 802.11 data, or ESP.
    Encrypted,
    /// 802.11 management, control and empty data frames.
    NoData,
    /// A tunnel's own signalling (control of PPP and L2TP, GTP echo, Teredo bubble).
    Signalling,
}

impl DecodeStop {
    /// All reasons.
    pub const ALL: [DecodeStop; 14] = [
        DecodeStop::LinkType,
        DecodeStop::NotIp,
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

/// Counters of one decoder: all of them add up over several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DecodeStats {
    /// Packets taken.
    pub packets: u64,
    /// On the wire.
    pub bytes: u64,
    /// Packets with IPv4, tunnels' inner packets among them.
    pub ipv4: u64,
    /// Packets with IPv6, tunnels' inner packets among them.
    pub ipv6: u64,
    /// TCP segments.
    pub tcp: u64,
    /// UDP datagrams.
    pub udp: u64,
    /// Other IP protocols.
    pub other: u64,
    /// Packets with at least one VLAN tag.
    pub vlan: u64,
    /// Packets that came through a tunnel.
    pub tunnelled: u64,
    /// Packets of which the capture holds only the beginning.
    pub cut: u64,
    /// Datagrams put together from fragments.
    pub reassembled: u64,
    /// Fragments given up: too old, too many, or evicted by others.
    pub fragments_dropped: u64,
    #[serde(rename = "stopped", serialize_with = "by_name")]
    stops: [u64; DecodeStop::ALL.len()],
}

impl DecodeStats {
    pub(super) fn stop(&mut self, reason: DecodeStop) {
        self.stops[reason as usize] += 1;
    }

    /// How many packets stopped for this reason.
    pub fn stopped(&self, reason: DecodeStop) -> u64 {
        self.stops[reason as usize]
    }

    /// All reasons with their counts, those that never occurred included.
    pub fn stops(&self) -> impl Iterator<Item = (DecodeStop, u64)> + '_ {
        DecodeStop::ALL.iter().map(|&reason| (reason, self.stopped(reason)))
    }

    /// Adds the counters of another decoder, as of another worker with packets of its own.
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
        self.reassembled += other.reassembled;
        self.fragments_dropped += other.fragments_dropped;
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
