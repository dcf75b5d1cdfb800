//! Peels packets down to the transport layer: packets in, segments out.
//!
//! One loop goes from header to header, through any stack of tags and tunnels, with a budget of
//! [`MAX_LAYERS`]. Packets that end before a transport header are counted by reason. No input makes
//! this panic, and nothing is allocated for a packet but for fragments that wait for their siblings.

mod fragment;
mod ip;
mod link;
mod stats;
mod tunnel;
mod wifi;

use etherparse::{TcpHeaderSlice, UdpHeaderSlice};

pub use fragment::FragmentLimits;
pub use stats::{DecodeStats, Stop};

use fragment::Defragmenter;
use ip::{Datagram, protocol};

use crate::model::packet::LinkType;
use crate::model::segment::{TcpFlags, TcpHeader, TransportHeader};
use crate::model::{Endpoint, FlowKey, LinkInfo, Packet, Segment, Transport};

/// Headers peeled from one packet. A mirrored frame in ERSPAN with two tags, MPLS and PPPoE has
/// twelve; attackers can stack thousands.
pub const MAX_LAYERS: usize = 24;
/// Fragmented datagrams inside fragmented datagrams in one packet.
const MAX_REASSEMBLIES: usize = 2;

/// How to decode.
#[derive(Clone, Debug, Default)]
pub struct DecodeOptions {
    /// Keep flows of different VLANs apart. Off by default: mirrors often tag the two directions of
    /// a flow differently.
    pub vlan_in_key: bool,
    pub fragments: FragmentLimits,
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Ethernet,
    EtherType(u16),
    Llc,
    Ipv4,
    Ipv6,
}

/// A header has been read: what comes next, and where.
#[derive(Clone, Copy, Debug)]
struct Step<'a> {
    layer: Layer,
    bytes: &'a [u8],
}

impl<'a> Step<'a> {
    fn new(layer: Layer, bytes: &'a [u8]) -> Self {
        Step { layer, bytes }
    }
}

/// Decodes the packets of one worker.
#[derive(Debug)]
pub struct Decoder {
    vlan_in_key: bool,
    fragments: Defragmenter,
    /// Payloads that fragments were put together to.
    whole: [Vec<u8>; MAX_REASSEMBLIES],
    stats: DecodeStats,
}

impl Decoder {
    pub fn new(options: DecodeOptions) -> Self {
        Decoder {
            vlan_in_key: options.vlan_in_key,
            fragments: Defragmenter::new(options.fragments),
            whole: Default::default(),
            stats: DecodeStats::default(),
        }
    }

    /// The segment in `packet`; `None` if the packet stops early, which is counted.
    pub fn decode<'a>(&'a mut self, packet: &Packet<'a>) -> Option<Segment<'a>> {
        let Decoder { vlan_in_key, fragments, whole, stats } = self;
        stats.packets += 1;
        stats.bytes += u64::from(packet.wire_len);
        if (packet.bytes.len() as u64) < u64::from(packet.wire_len) {
            stats.cut += 1;
        }
        let mut peeling =
            Peeling { packet, link: LinkInfo::default(), fragments, stats, tunnelled: false };
        let result = peeling.peel(whole);
        let (link, tunnelled) = (peeling.link, peeling.tunnelled);
        stats.vlan += u64::from(link.vlan_count > 0);
        stats.tunnelled += u64::from(tunnelled);
        stats.fragments_dropped = fragments.dropped;
        match result {
            Ok(found) => Some(found.segment(packet, link, *vlan_in_key)),
            Err(reason) => {
                stats.stop(reason);
                None
            }
        }
    }

    pub fn stats(&self) -> &DecodeStats {
        &self.stats
    }
}

/// The state of one packet's way down.
struct Peeling<'p, 'a> {
    packet: &'p Packet<'a>,
    link: LinkInfo,
    fragments: &'p mut Defragmenter,
    stats: &'p mut DecodeStats,
    tunnelled: bool,
}

impl<'a> Peeling<'_, 'a> {
    fn peel(&mut self, whole: &'a mut [Vec<u8>; MAX_REASSEMBLIES]) -> Result<Found<'a>, Stop> {
        let mut buffers = whole.iter_mut();
        let mut step = self.first()?;
        for _ in 0..MAX_LAYERS {
            step = match step.layer {
                Layer::Ethernet => link::ethernet(step.bytes, &mut self.link)?,
                Layer::EtherType(value) => link::ether_type(value, step.bytes, &mut self.link)?,
                Layer::Llc => link::llc(step.bytes)?,
                Layer::Ipv4 | Layer::Ipv6 => {
                    let v4 = step.layer == Layer::Ipv4;
                    let mut datagram = if v4 {
                        self.stats.ipv4 += 1;
                        ip::ipv4(step.bytes)?
                    } else {
                        self.stats.ipv6 += 1;
                        ip::ipv6(step.bytes)?
                    };
                    if let Some(piece) = datagram.piece.take() {
                        let buffer = buffers.next().ok_or(Stop::TooDeep)?;
                        let now = self.packet.time;
                        self.fragments.push(piece, datagram.payload, now, buffer)?;
                        self.stats.reassembled += 1;
                        datagram.payload = buffer;
                        datagram.missing = 0;
                        if !v4 {
                            datagram = ip::extensions(datagram)?;
                        }
                    }
                    if datagram.protocol == protocol::AUTHENTICATION {
                        datagram = ip::extensions(datagram)?;
                    }
                    match self.transport(&datagram)? {
                        Inside::Tunnel(next) => {
                            self.tunnelled = true;
                            next
                        }
                        Inside::Transport(found) => return Ok(found),
                    }
                }
            };
        }
        Err(Stop::TooDeep)
    }

    /// What the link type of the capture says about the first bytes.
    fn first(&mut self) -> Result<Step<'a>, Stop> {
        let bytes = self.packet.bytes;
        match self.packet.link {
            LinkType::ETHERNET => Ok(Step::new(Layer::Ethernet, bytes)),
            LinkType::RAW => match bytes.first().ok_or(Stop::IpTruncated)? >> 4 {
                4 => Ok(Step::new(Layer::Ipv4, bytes)),
                6 => Ok(Step::new(Layer::Ipv6, bytes)),
                _ => Err(Stop::NotIp),
            },
            LinkType::IPV4 => Ok(Step::new(Layer::Ipv4, bytes)),
            LinkType::IPV6 => Ok(Step::new(Layer::Ipv6, bytes)),
            LinkType::LINUX_SLL => link::cooked(bytes, &mut self.link),
            LinkType::LINUX_SLL2 => link::cooked2(bytes, &mut self.link),
            LinkType::NULL | LinkType::LOOP => link::loopback(bytes),
            LinkType::PPP => link::ppp(bytes),
            LinkType::PPP_HDLC | LinkType::C_HDLC => link::hdlc(bytes),
            LinkType::PPP_ETHER => link::pppoe(bytes),
            LinkType::IEEE802_11 => wifi::frame(bytes, false, &mut self.link),
            LinkType::IEEE802_11_RADIOTAP => {
                let (frame, padded) = wifi::radiotap(bytes)?;
                wifi::frame(frame, padded, &mut self.link)
            }
            _ => Err(Stop::LinkType),
        }
    }

    fn transport(&mut self, datagram: &Datagram<'a>) -> Result<Inside<'a>, Stop> {
        let bytes = datagram.payload;
        match datagram.protocol {
            protocol::TCP => self.tcp(datagram).map(Inside::Transport),
            protocol::UDP => self.udp(datagram),
            protocol::IPV4 => Ok(Inside::Tunnel(Step::new(Layer::Ipv4, bytes))),
            protocol::IPV6 => Ok(Inside::Tunnel(Step::new(Layer::Ipv6, bytes))),
            protocol::GRE => tunnel::gre(bytes).map(Inside::Tunnel),
            protocol::MPLS => link::mpls(bytes).map(Inside::Tunnel),
            protocol::ESP => Err(Stop::Encrypted),
            protocol::NO_NEXT_HEADER => Err(Stop::Signalling),
            other => {
                self.stats.other += 1;
                Ok(Inside::Transport(Found {
                    src: Endpoint { ip: datagram.src, port: 0 },
                    dst: Endpoint { ip: datagram.dst, port: 0 },
                    transport: Transport::Other(other),
                    header: TransportHeader::Other,
                    payload: &[],
                    missing: 0,
                }))
            }
        }
    }

    fn tcp(&mut self, datagram: &Datagram<'a>) -> Result<Found<'a>, Stop> {
        use etherparse::err::tcp::HeaderSliceError;
        /// Offset of the control bits (RFC 9293 §3.1).
        const FLAGS: usize = 13;
        let bytes = datagram.payload;
        let header = TcpHeaderSlice::from_slice(bytes).map_err(|error| match error {
            HeaderSliceError::Len(_) => Stop::TransportTruncated,
            HeaderSliceError::Content(_) => Stop::TransportMalformed,
        })?;
        self.stats.tcp += 1;
        Ok(Found {
            src: Endpoint { ip: datagram.src, port: header.source_port() },
            dst: Endpoint { ip: datagram.dst, port: header.destination_port() },
            transport: Transport::Tcp,
            header: TransportHeader::Tcp(TcpHeader {
                seq: header.sequence_number(),
                ack: header.acknowledgment_number(),
                flags: TcpFlags(header.slice()[FLAGS]),
                window: header.window_size(),
            }),
            payload: &bytes[header.slice().len()..],
            missing: datagram.missing,
        })
    }

    fn udp(&mut self, datagram: &Datagram<'a>) -> Result<Inside<'a>, Stop> {
        let bytes = datagram.payload;
        let header = UdpHeaderSlice::from_slice(bytes).map_err(|_| Stop::TransportTruncated)?;
        let after = &bytes[header.slice().len()..];
        // A length that does not fit (0 in jumbograms, wrong in hostile packets) is passed over.
        let payload = usize::from(header.length())
            .checked_sub(header.slice().len())
            .and_then(|length| after.get(..length))
            .unwrap_or(after);
        let (src, dst) = (header.source_port(), header.destination_port());
        if let Some(next) = tunnel::over_udp(src, dst, payload) {
            return Ok(Inside::Tunnel(next));
        }
        self.stats.udp += 1;
        Ok(Inside::Transport(Found {
            src: Endpoint { ip: datagram.src, port: src },
            dst: Endpoint { ip: datagram.dst, port: dst },
            transport: Transport::Udp,
            header: TransportHeader::Udp,
            payload,
            missing: datagram.missing,
        }))
    }
}

/// What an IP datagram holds.
enum Inside<'a> {
    Tunnel(Step<'a>),
    Transport(Found<'a>),
}

/// A transport header and its payload.
struct Found<'a> {
    src: Endpoint,
    dst: Endpoint,
    transport: Transport,
    header: TransportHeader,
    payload: &'a [u8],
    missing: u32,
}

impl<'a> Found<'a> {
    fn segment(self, packet: &Packet<'_>, link: LinkInfo, vlan_in_key: bool) -> Segment<'a> {
        let vlan = if vlan_in_key { link.vlans().last().copied().unwrap_or(0) } else { 0 };
        let (key, from) = FlowKey::new(self.src, self.dst, self.transport, vlan);
        Segment {
            packet: packet.number,
            time: packet.time,
            key,
            from,
            link,
            header: self.header,
            payload: self.payload,
            missing: self.missing,
            wire_len: packet.wire_len,
        }
    }
}
