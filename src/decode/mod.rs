//! Peels packets down to the transport layer: packets in, segments out.
//!
//! Plain packets are read in one step. For all others, one loop goes from header to header, through
//! any stack of tags and tunnels, up to [`MAX_LAYERS`] headers. Packets that end before a transport
//! header are counted by reason. No input makes the decoder panic. Memory is allocated only for
//! fragments and their reassembly.

mod fragment;
mod ip;
mod l2tp;
mod link;
mod metadata;
mod plain;
mod stats;
mod transport;
mod tunnel;
mod wifi;

pub use fragment::FragmentLimits;
pub use stats::{DecodeStats, DecodeStop};
pub use tunnel::has_port as has_tunnel_port;

use fragment::Defragmenter;
use ip::{Datagram, protocol};

use crate::model::packet::LinkType;
use crate::model::segment::{SegmentHead, TransportHeader};
use crate::model::{LinkInfo, Packet, Transport};

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
    pub vlan_in_key: bool,
    /// Limits on the memory for fragments.
    pub fragments: FragmentLimits,
}

/// The kind of header that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Ethernet,
    EtherType(u16),
    Llc,
    Ipv4,
    Ipv6,
    /// The first header of a packet with this link type.
    Link(LinkType),
}

/// The result of reading one header: the next layer, and the bytes that it begins with.
#[derive(Clone, Copy, Debug)]
struct LayerStep<'a> {
    layer: Layer,
    bytes: &'a [u8],
}

impl<'a> LayerStep<'a> {
    fn new(layer: Layer, bytes: &'a [u8]) -> Self {
        LayerStep { layer, bytes }
    }
}

/// Decodes packets and keeps fragments of earlier packets.
#[derive(Debug)]
pub struct Decoder {
    vlan_in_key: bool,
    fragments: Defragmenter,
    /// Buffers for reassembled datagrams, one for each level of nesting.
    whole: [Vec<u8>; MAX_REASSEMBLIES],
    /// See [`Payload::Reassembled`].
    reassembled: Vec<u8>,
    stats: DecodeStats,
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
            vlan_in_key: options.vlan_in_key,
            fragments: Defragmenter::new(options.fragments),
            whole: Default::default(),
            reassembled: Vec::new(),
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
        let Packet { link, bytes, .. } = *packet;
        match plain::decode(link, bytes, self.vlan_in_key, head, &mut self.stats) {
            Some(payload) => Some(Payload::InPacket(payload)),
            None => self.peel(link, bytes, head),
        }
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
        let mut peeling = Peeling::new(head, self.vlan_in_key);
        let first = peeling.first(link, bytes);
        let found = match first.and_then(|step| peeling.peel(step, &mut self.stats)) {
            Ok(PeelOutcome::Payload(bytes)) => Ok(Payload::InPacket(bytes)),
            Ok(PeelOutcome::Fragment(step)) => self.reassemble(&mut peeling, step),
            Err(reason) => Err(reason),
        };
        self.stats.vlan += u64::from(peeling.head.link.is_tagged());
        self.stats.tunnelled += u64::from(peeling.tunnelled);
        match found {
            Ok(payload) => Some(payload),
            Err(reason) => {
                self.stats.stop(reason);
                None
            }
        }
    }

    /// Adds a fragment to its datagram, and finds the payload if that completes the datagram.
    ///
    /// Fails with [`DecodeStop::FragmentHeld`] while the datagram is incomplete.
    #[cold]
    #[inline(never)]
    fn reassemble<'a>(
        &mut self,
        peeling: &mut Peeling<'_>,
        step: LayerStep<'a>,
    ) -> Result<Payload<'a>, DecodeStop> {
        let Decoder { fragments, whole, reassembled, stats, .. } = self;
        let found = peeling.reassemble(step, fragments, whole, stats);
        stats.fragments_dropped = fragments.dropped;
        reassembled.clear();
        reassembled.extend_from_slice(found?);
        Ok(Payload::Reassembled)
    }

    /// The payload of the last segment that was reassembled from fragments.
    pub fn reassembled(&self) -> &[u8] {
        &self.reassembled
    }

    /// The counters of this decoder.
    pub fn stats(&self) -> &DecodeStats {
        &self.stats
    }
}

/// The state of the decoding of one packet.
#[derive(Debug)]
struct Peeling<'h> {
    /// Filled header by header.
    head: &'h mut SegmentHead,
    vlan_in_key: bool,
    tunnelled: bool,
    /// Headers peeled so far.
    layers: usize,
}

/// Where the headers of a packet end.
enum PeelOutcome<'a> {
    /// At the payload after the transport header.
    Payload(&'a [u8]),
    /// At a fragment of a larger datagram; the step begins with its IP header.
    Fragment(LayerStep<'a>),
}

impl<'h> Peeling<'h> {
    #[inline]
    fn new(head: &'h mut SegmentHead, vlan_in_key: bool) -> Self {
        Peeling { head, vlan_in_key, tunnelled: false, layers: 0 }
    }

    #[inline(always)]
    fn peel<'a>(
        &mut self,
        mut step: LayerStep<'a>,
        stats: &mut DecodeStats,
    ) -> Result<PeelOutcome<'a>, DecodeStop> {
        while self.layers < MAX_LAYERS {
            self.layers += 1;
            let datagram = match step.layer {
                Layer::Ipv4 => {
                    stats.ipv4 += 1;
                    ip::ipv4(step.bytes)?
                }
                Layer::Ipv6 => {
                    stats.ipv6 += 1;
                    ip::ipv6(step.bytes)?
                }
                Layer::Ethernet => {
                    step = link::ethernet(step.bytes, &mut self.head.link)?;
                    continue;
                }
                Layer::EtherType(value) => {
                    step = link::ether_type(value, step.bytes, &mut self.head.link)?;
                    continue;
                }
                Layer::Llc => {
                    step = link::llc(step.bytes)?;
                    continue;
                }
                Layer::Link(link) => {
                    step = self.first_of(link, step.bytes)?;
                    continue;
                }
            };
            if datagram.piece.is_some() {
                return Ok(PeelOutcome::Fragment(step));
            }
            match self.inside(datagram, stats)? {
                Inside::Tunnel(next) => step = next,
                Inside::Payload(bytes) => return Ok(PeelOutcome::Payload(bytes)),
            }
        }
        Err(DecodeStop::TooDeep)
    }

    /// Decodes the datagram that this fragment completes, and those that fragments inside it
    /// complete.
    fn reassemble<'b>(
        &mut self,
        mut step: LayerStep<'b>,
        fragments: &mut Defragmenter,
        whole: &'b mut [Vec<u8>; MAX_REASSEMBLIES],
        stats: &mut DecodeStats,
    ) -> Result<&'b [u8], DecodeStop> {
        let now = self.head.time;
        for buffer in whole {
            let datagram = match step.layer {
                Layer::Ipv4 => ip::ipv4(step.bytes)?,
                _ => ip::ipv6(step.bytes)?,
            };
            let Some(piece) = datagram.piece else { break };
            fragments.push(piece, datagram.payload, now, buffer)?;
            stats.reassembled += 1;
            let v6 = datagram.v6;
            let mut datagram = Datagram { payload: buffer, missing: 0, piece: None, ..datagram };
            if v6 {
                datagram = ip::extensions(datagram)?;
            }
            match self.inside(datagram, stats)? {
                Inside::Payload(bytes) => return Ok(bytes),
                Inside::Tunnel(next) => match self.peel(next, stats)? {
                    PeelOutcome::Payload(bytes) => return Ok(bytes),
                    PeelOutcome::Fragment(inner) => step = inner,
                },
            }
        }
        Err(DecodeStop::TooDeep)
    }

    /// Decodes the content of a whole datagram.
    #[inline(always)]
    fn inside<'a>(
        &mut self,
        mut datagram: Datagram<'a>,
        stats: &mut DecodeStats,
    ) -> Result<Inside<'a>, DecodeStop> {
        let Peeling { ref mut head, ref mut tunnelled, vlan_in_key, .. } = *self;
        if datagram.protocol == protocol::AUTHENTICATION {
            datagram = ip::extensions(datagram)?;
        }
        head.missing = datagram.missing;
        match datagram.protocol {
            protocol::TCP => {
                stats.tcp += 1;
                return transport::tcp(datagram, vlan_in_key, head).map(Inside::Payload);
            }
            protocol::UDP => {
                let inside = transport::udp(datagram, vlan_in_key, head)?;
                match inside {
                    Inside::Tunnel(_) => *tunnelled = true,
                    Inside::Payload(_) => stats.udp += 1,
                }
                return Ok(inside);
            }
            _ => {}
        }
        if let Some(next) = within_ip(&datagram)? {
            *tunnelled = true;
            return Ok(Inside::Tunnel(next));
        }
        stats.other += 1;
        head.header = TransportHeader::Other;
        let other = Transport::Other(datagram.protocol);
        transport::ends(&datagram, [0, 0], other, vlan_in_key, head);
        Ok(Inside::Payload(&[]))
    }

    /// Returns the first layer of a packet with this link type.
    #[inline(always)]
    fn first<'a>(&mut self, link: LinkType, bytes: &'a [u8]) -> Result<LayerStep<'a>, DecodeStop> {
        match link {
            LinkType::ETHERNET => Ok(LayerStep::new(Layer::Ethernet, bytes)),
            link => self.first_of(link, bytes),
        }
    }

    #[inline(never)]
    fn first_of<'a>(
        &mut self,
        link: LinkType,
        bytes: &'a [u8],
    ) -> Result<LayerStep<'a>, DecodeStop> {
        let info = &mut self.head.link;
        match link {
            LinkType::ETHERNET => Ok(LayerStep::new(Layer::Ethernet, bytes)),
            // Some writers use the link type of one IP version for both.
            LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => link::ip(bytes),
            LinkType::NFLOG => link::ip(metadata::nflog(bytes)?),
            LinkType::PFLOG => link::ip(metadata::pflog(bytes)?),
            LinkType::ENC => link::ip(metadata::enc(bytes)?),
            LinkType::PKTAP => metadata::pktap(bytes),
            LinkType::PPI => metadata::ppi(bytes),
            LinkType::JUNIPER_ETHER => metadata::juniper_ether(bytes),
            LinkType::LINUX_SLL => link::cooked(bytes, info),
            LinkType::LINUX_SLL2 => link::cooked2(bytes, info),
            LinkType::NULL | LinkType::LOOP => link::loopback(bytes),
            LinkType::PPP => link::ppp(bytes),
            LinkType::PPP_HDLC | LinkType::C_HDLC => link::hdlc(bytes),
            LinkType::PPP_ETHER => link::pppoe(bytes),
            LinkType::IEEE802_11 => wifi::frame(bytes, false, info),
            LinkType::IEEE802_11_RADIOTAP => {
                let (frame, padded) = wifi::radiotap(bytes)?;
                wifi::frame(frame, padded, info)
            }
            LinkType::IEEE802_11_PRISM => wifi::frame(wifi::prism(bytes)?, false, info),
            LinkType::IEEE802_11_AVS => wifi::frame(wifi::avs(bytes)?, false, info),
            _ => Err(DecodeStop::LinkType),
        }
    }
}

/// Finds the tunnel in a datagram that is neither TCP nor UDP.
///
/// Returns `None` if its protocol is not a tunnel.
#[inline(never)]
fn within_ip<'a>(datagram: &Datagram<'a>) -> Result<Option<LayerStep<'a>>, DecodeStop> {
    let bytes = datagram.payload;
    let next = match datagram.protocol {
        protocol::IPV4 => LayerStep::new(Layer::Ipv4, bytes),
        protocol::IPV6 => LayerStep::new(Layer::Ipv6, bytes),
        protocol::GRE => tunnel::gre(bytes)?,
        protocol::MPLS => link::mpls(bytes)?,
        protocol::ETHER_IP => tunnel::ether_ip(bytes)?,
        protocol::L2TP => return l2tp::over_ip(bytes),
        protocol::ESP => return Err(DecodeStop::Encrypted),
        protocol::NO_NEXT_HEADER => return Err(DecodeStop::Signalling),
        _ => return Ok(None),
    };
    Ok(Some(next))
}

/// The content of an IP datagram.
enum Inside<'a> {
    Tunnel(LayerStep<'a>),
    /// The payload after a transport header; empty for protocols other than TCP and UDP.
    Payload(&'a [u8]),
}
