//! Peels packets down to the transport layer: packets in, segments out.
//!
//! Plain packets are read in one step. For all others, one loop goes from header to header, through
//! any stack of tags and tunnels, up to [`MAX_LAYERS`] headers. Packets that end before a transport
//! header are counted by reason. No input makes the decoder panic. Memory is allocated only for
//! fragments and their reassembly.

mod capwap;
mod fragment;
mod frame_relay;
mod ip;
mod l2tp;
mod layer;
mod link;
mod link_type;
mod metadata;
mod mpls;
mod peel;
mod plain;
mod stats;
mod stop;
mod switch_tag;
mod tag;
mod transport;
mod tunnel;
mod udp_tunnel;
mod unknown;
mod wifi;

pub use fragment::FragmentLimits;
pub use stats::{DecodeStats, DecodeStop};
pub use tag::SiteTags;
pub use udp_tunnel::{SiteTunnels, has_tunnel_port};
pub use unknown::{UnknownCounts, UnknownValue};

use fragment::Defragmenter;
use layer::LayerStep;
use peel::{PeelOutcome, Peeling};
use stop::Stop;

use crate::model::packet::LinkType;
use crate::model::segment::SegmentHead;
use crate::model::{LinkInfo, Packet};

/// Maximum number of headers peeled from one packet. A mirrored frame in ERSPAN with two tags, MPLS
/// and PPPoE has twelve; attackers can stack thousands.
pub const MAX_LAYERS: usize = 24;
/// Maximum number of reassemblies for one packet: a fragmented datagram may contain a fragment of
/// another.
const MAX_REASSEMBLIES: usize = 2;

/// Options of a decoder.
#[derive(Clone, Debug, Default)]
pub struct DecodeOptions {
    /// Whether the VLAN is part of the flow key. Off by default, since mirrors often tag the two
    /// directions of a flow differently.
    pub layers: LayerOptions,
    /// Limits on the memory for fragments.
    pub fragments: FragmentLimits,
}

/// How to read the headers of a packet.
#[derive(Clone, Debug, Default)]
pub struct LayerOptions {
    /// Whether the VLAN is part of the flow key. Off by default, since mirrors often tag the two
    /// directions of a flow differently.
    pub vlan_in_key: bool,
    /// Tags that only this site knows.
    pub tags: SiteTags,
    /// Ports of tunnels that only this site knows.
    pub tunnels: SiteTunnels,
}

/// Decodes packets and keeps fragments of earlier packets.
#[derive(Debug)]
pub struct Decoder {
    options: LayerOptions,
    reassembly: Reassembly,
    stats: DecodeStats,
}

/// Fragments of earlier packets, and the datagrams that the last packet completed.
#[derive(Debug)]
struct Reassembly {
    fragments: Defragmenter,
    /// Buffers for reassembled datagrams, one for each level of nesting.
    whole: [Vec<u8>; MAX_REASSEMBLIES],
    /// See [`Payload::Reassembled`].
    payload: Vec<u8>,
}

impl Reassembly {
    fn new(limits: FragmentLimits) -> Self {
        Reassembly {
            fragments: Defragmenter::new(limits),
            whole: Default::default(),
            payload: Vec::new(),
        }
    }

    /// Adds a fragment to its datagram, and finds the payload if that completes the datagram.
    #[cold]
    #[inline(never)]
    fn complete<'a>(
        &mut self,
        peeling: &mut Peeling<'_>,
        step: LayerStep<'a>,
        stats: &mut DecodeStats,
    ) -> Result<Payload<'a>, Stop> {
        let Reassembly { fragments, whole, payload } = self;
        let found = peeling.reassemble(step, fragments, whole, stats);
        stats.fragments_dropped = fragments.dropped;
        payload.clear();
        payload.extend_from_slice(found?);
        Ok(Payload::Reassembled)
    }
}

/// Where the payload of a segment is.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// The payload lies in the packet.
    InPacket(&'a [u8]),
    /// The payload lies in a datagram that this packet completed: see [`Decoder::reassembled`].
    Reassembled,
}

impl<'a> Payload<'a> {
    /// Returns the payload bytes. `decoder` must have decoded this packet last.
    pub fn bytes(self, decoder: &'a Decoder) -> &'a [u8] {
        match self {
            Payload::InPacket(bytes) => bytes,
            Payload::Reassembled => decoder.reassembled(),
        }
    }
}

impl Decoder {
    /// Creates a decoder that has seen no packets.
    pub fn new(options: DecodeOptions) -> Self {
        Decoder {
            options: options.layers,
            reassembly: Reassembly::new(options.fragments),
            stats: DecodeStats::default(),
        }
    }

    /// Writes the headers of `packet` into `head` and returns where the payload is.
    ///
    /// The earlier content of `head` does not matter. If the packet stops early, the reason is
    /// counted and `None` is returned.
    #[inline]
    pub fn decode<'a>(
        &mut self,
        packet: &Packet<'a>,
        head: &mut SegmentHead,
    ) -> Option<Payload<'a>> {
        self.begin(packet, head);
        let Packet { link, bytes, wire_len, .. } = *packet;
        if self.stats.cut > 0 {
            return self.decode_and_count(link, bytes, wire_len, head);
        }
        self.decode_headers(link, bytes, head)
    }

    #[inline(always)]
    fn decode_headers<'a>(
        &mut self,
        link: LinkType,
        bytes: &'a [u8],
        head: &mut SegmentHead,
    ) -> Option<Payload<'a>> {
        match plain::decode(link, bytes, &self.options, head, &mut self.stats) {
            Some(payload) => Some(Payload::InPacket(payload)),
            None => self.peel(link, bytes, head),
        }
    }

    /// Decodes a packet of an input of which some packets are cut: those with payload are counted.
    #[cold]
    #[inline(never)]
    fn decode_and_count<'a>(
        &mut self,
        link: LinkType,
        bytes: &'a [u8],
        wire_len: u32,
        head: &mut SegmentHead,
    ) -> Option<Payload<'a>> {
        let found = self.decode_headers(link, bytes, head);
        self.count_payload(found, bytes.len() < wire_len as usize, head.missing);
        found
    }

    /// Counts a packet that has payload, or may have had some before it was `cut`.
    fn count_payload(&mut self, found: Option<Payload<'_>>, cut: bool, missing: u32) {
        let (payload, missing) = match found {
            Some(Payload::InPacket(bytes)) => (!bytes.is_empty(), missing > 0),
            Some(Payload::Reassembled) => (true, missing > 0),
            // What is behind the headers of a cut packet is unknown.
            None => (false, cut),
        };
        self.stats.payloads += u64::from(payload || missing);
        self.stats.cut_payloads += u64::from(missing);
    }

    /// Counts the packet and fills the fields of `head` that do not depend on its headers.
    #[inline]
    fn begin(&mut self, packet: &Packet<'_>, head: &mut SegmentHead) {
        self.stats.packets += 1;
        self.stats.bytes += u64::from(packet.wire_len);
        self.stats.cut += u64::from(packet.bytes.len() < packet.wire_len as usize);
        head.packet = packet.number;
        head.time = packet.time;
        head.wire_len = packet.wire_len;
    }

    /// Decodes a packet of any kind, layer by layer.
    #[inline(never)]
    fn peel<'a>(
        &mut self,
        link: LinkType,
        bytes: &'a [u8],
        head: &mut SegmentHead,
    ) -> Option<Payload<'a>> {
        head.link = LinkInfo::NONE;
        let Decoder { options, reassembly, stats } = self;
        let mut peeling = Peeling::new(head, options);
        let first = peeling.first(link, bytes);
        let mut found = first.and_then(|step| peeling.peel(step, stats));
        if let Err(Stop { reason: DecodeStop::NotUnderstood | DecodeStop::NotIp, .. }) = found
            && let Some(step) = ip::unannounced(bytes)
        {
            // Raw IP in a capture of another link type, as drivers of mobile modems write it.
            peeling.head.link = LinkInfo::NONE;
            found = peeling.peel(step, stats);
        }
        let found = match found {
            Ok(PeelOutcome::Payload(bytes)) => Ok(Payload::InPacket(bytes)),
            Ok(PeelOutcome::Fragment(step)) => reassembly.complete(&mut peeling, step, stats),
            Err(stop) => Err(stop),
        };
        stats.vlan += u64::from(peeling.head.link.is_tagged());
        stats.tunnelled += u64::from(peeling.tunnelled);
        found.inspect_err(|&stop| stats.stop(stop)).ok()
    }

    /// The payload of the last segment that was reassembled from fragments.
    pub fn reassembled(&self) -> &[u8] {
        &self.reassembly.payload
    }

    /// The counters of this decoder.
    pub fn stats(&self) -> &DecodeStats {
        &self.stats
    }
}
