//! Peels packets down to the transport layer: packets in, segments out.
//!
//! One loop goes from header to header, through any stack of tags and tunnels, with a budget of
//! [`MAX_LAYERS`]. Packets that end before a transport header are counted by reason. No input makes
//! this panic, and nothing is allocated for a packet but for fragments that wait for their siblings.

mod fragment;
mod ip;
mod link;
mod metadata;
mod stats;
mod tunnel;
mod wifi;

use etherparse::{TcpHeaderSlice, UdpHeaderSlice};

pub use fragment::FragmentLimits;
pub use stats::{DecodeStats, Stop};

use fragment::Defragmenter;
use ip::{Datagram, protocol};

use crate::model::flow::AddressWords;
use crate::model::packet::LinkType;
use crate::model::segment::{TcpFlags, TcpHeader, TransportHeader};
use crate::model::{FlowKey, LinkInfo, Packet, Segment, Transport};

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

/// What came of one packet.
#[derive(Debug)]
pub enum Decoded<'a> {
    /// It borrows from the packet alone.
    Segment(Segment<'a>),
    /// A part of a datagram, for [`Decoder::reassemble`].
    Fragment(Fragment<'a>),
    /// The packet stopped early, which is counted.
    Stopped,
}

/// A packet that was peeled down to a fragment of an IP datagram.
#[derive(Debug)]
pub struct Fragment<'a> {
    peeling: Peeling<'a>,
    datagram: Datagram<'a>,
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

    /// Peels `packet`. Fragments are set aside, so that segments of many packets can be at hand at
    /// the same time.
    pub fn peel<'a>(&mut self, packet: &Packet<'a>) -> Decoded<'a> {
        self.stats.packets += 1;
        self.stats.bytes += u64::from(packet.wire_len);
        if (packet.bytes.len() as u64) < u64::from(packet.wire_len) {
            self.stats.cut += 1;
        }
        let mut peeling = Peeling::new(packet);
        let outcome = peeling.first().and_then(|step| peeling.peel(step, &mut self.stats));
        match outcome {
            Ok(Peeled::Transport(found)) => {
                self.count_layers(&peeling);
                Decoded::Segment(found.segment(&peeling, self.vlan_in_key))
            }
            Ok(Peeled::Fragment(datagram)) => Decoded::Fragment(Fragment { peeling, datagram }),
            Err(reason) => {
                self.count_layers(&peeling);
                self.stats.stop(reason);
                Decoded::Stopped
            }
        }
    }

    /// Adds a fragment to its siblings: the segment in the datagram that it completes, if it does.
    pub fn reassemble<'a>(&'a mut self, fragment: Fragment<'a>) -> Option<Segment<'a>> {
        let Decoder { vlan_in_key, fragments, whole, stats } = self;
        let Fragment { mut peeling, datagram } = fragment;
        let outcome = peeling.reassemble(datagram, fragments, whole, stats);
        stats.fragments_dropped = fragments.dropped;
        stats.vlan += u64::from(peeling.link.vlan_count > 0);
        stats.tunnelled += u64::from(peeling.tunnelled);
        match outcome {
            Ok(found) => Some(found.segment(&peeling, *vlan_in_key)),
            Err(reason) => {
                stats.stop(reason);
                None
            }
        }
    }

    /// The segment in `packet`; `None` if the packet stops early, which is counted.
    pub fn decode<'a>(&'a mut self, packet: &Packet<'a>) -> Option<Segment<'a>> {
        match self.peel(packet) {
            Decoded::Segment(segment) => Some(segment),
            Decoded::Fragment(fragment) => self.reassemble(fragment),
            Decoded::Stopped => None,
        }
    }

    fn count_layers(&mut self, peeling: &Peeling<'_>) {
        self.stats.vlan += u64::from(peeling.link.vlan_count > 0);
        self.stats.tunnelled += u64::from(peeling.tunnelled);
    }

    pub fn stats(&self) -> &DecodeStats {
        &self.stats
    }
}

/// The state of one packet's way down.
#[derive(Debug)]
struct Peeling<'a> {
    packet: Packet<'a>,
    link: LinkInfo,
    tunnelled: bool,
    layers: usize,
}

/// How far the way down led.
enum Peeled<'a> {
    Transport(Found<'a>),
    /// The payload is a part of a larger datagram.
    Fragment(Datagram<'a>),
}

impl<'a> Peeling<'a> {
    fn new(packet: &Packet<'a>) -> Self {
        Peeling { packet: *packet, link: LinkInfo::default(), tunnelled: false, layers: 0 }
    }

    #[inline]
    fn peel<'b>(
        &mut self,
        mut step: Step<'b>,
        stats: &mut DecodeStats,
    ) -> Result<Peeled<'b>, Stop> {
        while self.layers < MAX_LAYERS {
            self.layers += 1;
            step = match step.layer {
                Layer::Ethernet => link::ethernet(step.bytes, &mut self.link)?,
                Layer::EtherType(value) => link::ether_type(value, step.bytes, &mut self.link)?,
                Layer::Llc => link::llc(step.bytes)?,
                Layer::Ipv4 | Layer::Ipv6 => {
                    let datagram = if step.layer == Layer::Ipv4 {
                        stats.ipv4 += 1;
                        ip::ipv4(step.bytes)?
                    } else {
                        stats.ipv6 += 1;
                        ip::ipv6(step.bytes)?
                    };
                    if datagram.piece.is_some() {
                        return Ok(Peeled::Fragment(datagram));
                    }
                    match self.inside(datagram, stats)? {
                        Inside::Tunnel(next) => next,
                        Inside::Transport(found) => return Ok(Peeled::Transport(found)),
                    }
                }
            };
        }
        Err(Stop::TooDeep)
    }

    /// Goes on with the datagrams that this fragment, and those inside it, complete.
    fn reassemble<'b>(
        &mut self,
        datagram: Datagram<'a>,
        fragments: &mut Defragmenter,
        whole: &'b mut [Vec<u8>; MAX_REASSEMBLIES],
        stats: &mut DecodeStats,
    ) -> Result<Found<'b>, Stop>
    where
        'a: 'b,
    {
        let now = self.packet.time;
        let mut datagram: Datagram<'b> = datagram;
        for buffer in whole {
            let Some(piece) = datagram.piece.take() else { break };
            fragments.push(piece, datagram.payload, now, buffer)?;
            stats.reassembled += 1;
            let v6 = datagram.v6;
            datagram = Datagram { payload: buffer, missing: 0, ..datagram };
            if v6 {
                datagram = ip::extensions(datagram)?;
            }
            match self.inside(datagram, stats)? {
                Inside::Transport(found) => return Ok(found),
                Inside::Tunnel(next) => match self.peel(next, stats)? {
                    Peeled::Transport(found) => return Ok(found),
                    Peeled::Fragment(inner) => datagram = inner,
                },
            }
        }
        Err(Stop::TooDeep)
    }

    /// What a whole datagram holds.
    #[inline]
    fn inside<'b>(
        &mut self,
        mut datagram: Datagram<'b>,
        stats: &mut DecodeStats,
    ) -> Result<Inside<'b>, Stop> {
        if datagram.protocol == protocol::AUTHENTICATION {
            datagram = ip::extensions(datagram)?;
        }
        let inside = transport(&datagram, stats)?;
        self.tunnelled |= matches!(inside, Inside::Tunnel(_));
        Ok(inside)
    }

    /// What the link type of the capture says about the first bytes.
    #[inline]
    fn first(&mut self) -> Result<Step<'a>, Stop> {
        let bytes = self.packet.bytes;
        match self.packet.link {
            LinkType::ETHERNET => Ok(Step::new(Layer::Ethernet, bytes)),
            // Some writers put both versions under the link type of one.
            LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => link::ip(bytes),
            LinkType::NFLOG => link::ip(metadata::nflog(bytes)?),
            LinkType::PKTAP => {
                let (link, bytes) = metadata::pktap(bytes)?;
                self.packet = Packet { link, bytes, ..self.packet };
                self.first()
            }
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
}

#[inline]
fn transport<'a>(datagram: &Datagram<'a>, stats: &mut DecodeStats) -> Result<Inside<'a>, Stop> {
    let bytes = datagram.payload;
    match datagram.protocol {
        protocol::TCP => tcp(datagram, stats).map(Inside::Transport),
        protocol::UDP => udp(datagram, stats),
        protocol::IPV4 => Ok(Inside::Tunnel(Step::new(Layer::Ipv4, bytes))),
        protocol::IPV6 => Ok(Inside::Tunnel(Step::new(Layer::Ipv6, bytes))),
        protocol::GRE => tunnel::gre(bytes).map(Inside::Tunnel),
        protocol::MPLS => link::mpls(bytes).map(Inside::Tunnel),
        protocol::ESP => Err(Stop::Encrypted),
        protocol::NO_NEXT_HEADER => Err(Stop::Signalling),
        other => {
            stats.other += 1;
            Ok(Inside::Transport(Found {
                src: (datagram.src, 0),
                dst: (datagram.dst, 0),
                transport: Transport::Other(other),
                header: TransportHeader::Other,
                payload: &[],
                missing: 0,
            }))
        }
    }
}

#[inline]
fn tcp<'a>(datagram: &Datagram<'a>, stats: &mut DecodeStats) -> Result<Found<'a>, Stop> {
    use etherparse::err::tcp::HeaderSliceError;
    /// Offset of the control bits (RFC 9293 §3.1).
    const FLAGS: usize = 13;
    let bytes = datagram.payload;
    let header = TcpHeaderSlice::from_slice(bytes).map_err(|error| match error {
        HeaderSliceError::Len(_) => Stop::TransportTruncated,
        HeaderSliceError::Content(_) => Stop::TransportMalformed,
    })?;
    stats.tcp += 1;
    Ok(Found {
        src: (datagram.src, header.source_port()),
        dst: (datagram.dst, header.destination_port()),
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

#[inline]
fn udp<'a>(datagram: &Datagram<'a>, stats: &mut DecodeStats) -> Result<Inside<'a>, Stop> {
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
    stats.udp += 1;
    Ok(Inside::Transport(Found {
        src: (datagram.src, src),
        dst: (datagram.dst, dst),
        transport: Transport::Udp,
        header: TransportHeader::Udp,
        payload,
        missing: datagram.missing,
    }))
}

/// What an IP datagram holds.
enum Inside<'a> {
    Tunnel(Step<'a>),
    Transport(Found<'a>),
}

/// A transport header and its payload.
struct Found<'a> {
    src: (AddressWords, u16),
    dst: (AddressWords, u16),
    transport: Transport,
    header: TransportHeader,
    payload: &'a [u8],
    missing: u32,
}

impl<'a> Found<'a> {
    #[inline]
    fn segment(self, peeling: &Peeling<'_>, vlan_in_key: bool) -> Segment<'a> {
        let Peeling { packet, link, .. } = peeling;
        let vlan = if vlan_in_key { link.vlans().last().copied().unwrap_or(0) } else { 0 };
        let (key, from) = FlowKey::of_words(self.src, self.dst, self.transport, vlan);
        Segment {
            packet: packet.number,
            time: packet.time,
            key,
            from,
            link: *link,
            header: self.header,
            payload: self.payload,
            missing: self.missing,
            wire_len: packet.wire_len,
        }
    }
}
