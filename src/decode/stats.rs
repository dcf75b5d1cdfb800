//! What was decoded, and why packets stopped early.

use serde::{Serialize, Serializer};

/// Why a packet gave no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Stop {
    /// The link type of the capture is none that we read.
    LinkType,
    /// ARP, LLDP, spanning tree and whatever else is not IP.
    NotIp,
    LinkTruncated,
    /// A tag, label or tunnel header that is cut or contradicts itself.
    LinkMalformed,
    /// More layers than [`super::MAX_LAYERS`].
    TooDeep,
    IpTruncated,
    IpMalformed,
    TransportTruncated,
    TransportMalformed,
    /// A fragment whose siblings are still missing; not an error.
    FragmentHeld,
    FragmentMalformed,
    /// Encrypted 802.11 data, or ESP.
    Encrypted,
    /// 802.11 management, control and empty data frames.
    NoData,
    /// A tunnel's own signalling (control of PPP and L2TP, GTP echo, Teredo bubble).
    Signalling,
}

impl Stop {
    pub const ALL: [Stop; 14] = [
        Stop::LinkType,
        Stop::NotIp,
        Stop::LinkTruncated,
        Stop::LinkMalformed,
        Stop::TooDeep,
        Stop::IpTruncated,
        Stop::IpMalformed,
        Stop::TransportTruncated,
        Stop::TransportMalformed,
        Stop::FragmentHeld,
        Stop::FragmentMalformed,
        Stop::Encrypted,
        Stop::NoData,
        Stop::Signalling,
    ];

    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Stop::LinkType => "unsupported_link_type",
            Stop::NotIp => "not_ip",
            Stop::LinkTruncated => "link_truncated",
            Stop::LinkMalformed => "link_malformed",
            Stop::TooDeep => "too_many_layers",
            Stop::IpTruncated => "ip_truncated",
            Stop::IpMalformed => "ip_malformed",
            Stop::TransportTruncated => "transport_truncated",
            Stop::TransportMalformed => "transport_malformed",
            Stop::FragmentHeld => "fragment_held",
            Stop::FragmentMalformed => "fragment_malformed",
            Stop::Encrypted => "encrypted",
            Stop::NoData => "no_data",
            Stop::Signalling => "tunnel_signalling",
        }
    }
}

/// Counters of one decoder: all of them add up over several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DecodeStats {
    pub packets: u64,
    /// On the wire.
    pub bytes: u64,
    pub ipv4: u64,
    pub ipv6: u64,
    pub tcp: u64,
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
    stops: [u64; Stop::ALL.len()],
}

impl DecodeStats {
    pub(super) fn stop(&mut self, reason: Stop) {
        self.stops[reason as usize] += 1;
    }

    /// How many packets stopped for this reason.
    pub fn stopped(&self, reason: Stop) -> u64 {
        self.stops[reason as usize]
    }

    /// All reasons with their counts, those that never occurred included.
    pub fn stops(&self) -> impl Iterator<Item = (Stop, u64)> + '_ {
        Stop::ALL.iter().map(|&reason| (reason, self.stopped(reason)))
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
    stops: &[u64; Stop::ALL.len()],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(Stop::ALL.iter().map(|reason| reason.name()).zip(stops))
}
