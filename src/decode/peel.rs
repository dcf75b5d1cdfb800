//! Goes down a packet header by header, through any stack of tags and tunnels.

use super::fragment::Defragmenter;
use super::ip::{self, Datagram, protocol};
use super::layer::{Layer, LayerStep};
use super::mpls::mpls;
use super::stats::{DecodeStats, DecodeStop};
use super::stop::Stop;
use super::unknown::UnknownValue;
use super::wifi::FrameControl;
use super::{LayerOptions, MAX_LAYERS, MAX_REASSEMBLIES};
use super::{l2tp, link, link_type, tag, transport, tunnel, wifi};
use crate::model::Transport;
use crate::model::packet::LinkType;
use crate::model::segment::{SegmentHead, TransportHeader};

/// The state of the decoding of one packet.
#[derive(Debug)]
pub(super) struct Peeling<'h> {
    /// Filled header by header.
    pub head: &'h mut SegmentHead,
    options: &'h LayerOptions,
    /// A tunnel's header was among those read.
    pub tunnelled: bool,
    layers: usize,
}

/// Where the headers of a packet end.
pub(super) enum PeelOutcome<'a> {
    /// At the payload after the transport header.
    Payload(&'a [u8]),
    /// At a fragment of a larger datagram; the step begins with its IP header.
    Fragment(LayerStep<'a>),
}

impl<'h> Peeling<'h> {
    #[inline]
    pub(super) fn new(head: &'h mut SegmentHead, options: &'h LayerOptions) -> Self {
        Peeling { head, options, tunnelled: false, layers: 0 }
    }

    #[inline(always)]
    pub(super) fn peel<'a>(
        &mut self,
        mut step: LayerStep<'a>,
        stats: &mut DecodeStats,
    ) -> Result<PeelOutcome<'a>, Stop> {
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
                    step = self.ether_type(value, step.bytes)?;
                    continue;
                }
                Layer::Llc => {
                    step = link::llc(step.bytes)?;
                    continue;
                }
                Layer::CapwapWifi => {
                    step =
                        wifi::frame(step.bytes, FrameControl::MaySwap, false, &mut self.head.link)?;
                    continue;
                }
                Layer::Link(link) => {
                    step = link_type::first(link, step.bytes, &mut self.head.link)?;
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
        Err(DecodeStop::TooDeep.into())
    }

    /// Decodes the datagram that this fragment completes, and those that fragments inside it
    /// complete.
    ///
    /// Fails with [`DecodeStop::FragmentHeld`] while a datagram is incomplete.
    pub(super) fn reassemble<'b>(
        &mut self,
        mut step: LayerStep<'b>,
        fragments: &mut Defragmenter,
        whole: &'b mut [Vec<u8>; MAX_REASSEMBLIES],
        stats: &mut DecodeStats,
    ) -> Result<&'b [u8], Stop> {
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
        Err(DecodeStop::TooDeep.into())
    }

    /// Decodes the content of a whole datagram.
    #[inline(always)]
    fn inside<'a>(
        &mut self,
        mut datagram: Datagram<'a>,
        stats: &mut DecodeStats,
    ) -> Result<Inside<'a>, Stop> {
        let Peeling { ref mut head, ref mut tunnelled, options, .. } = *self;
        if datagram.protocol == protocol::AUTHENTICATION {
            datagram = ip::extensions(datagram)?;
        }
        head.missing = datagram.missing;
        match datagram.protocol {
            protocol::TCP => {
                stats.tcp += 1;
                return Ok(Inside::Payload(transport::tcp(datagram, options.vlan_in_key, head)?));
            }
            protocol::UDP => {
                let inside = transport::udp(datagram, options, head)?;
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
        if !protocol::CONTROL.contains(&datagram.protocol) {
            stats.unknown.add(UnknownValue::IpProtocol(datagram.protocol));
        }
        head.header = TransportHeader::Other;
        let other = Transport::Other(datagram.protocol);
        transport::ends(&datagram, [0, 0], other, options.vlan_in_key, head);
        Ok(Inside::Payload(&[]))
    }

    /// Returns the first layer of a packet with this link type.
    #[inline(always)]
    pub(super) fn first<'a>(
        &mut self,
        link: LinkType,
        bytes: &'a [u8],
    ) -> Result<LayerStep<'a>, Stop> {
        match link {
            LinkType::ETHERNET => Ok(LayerStep::new(Layer::Ethernet, bytes)),
            link => link_type::first(link, bytes, &mut self.head.link),
        }
    }

    /// What an EtherType announces: IP, another layer, or a tag.
    #[inline(never)]
    fn ether_type<'a>(&mut self, value: u16, bytes: &'a [u8]) -> Result<LayerStep<'a>, Stop> {
        if let Some(found) = link::ether_type(value, bytes, &mut self.head.link) {
            return found;
        }
        let unknown = || Stop::new(DecodeStop::NotUnderstood, UnknownValue::EtherType(value));
        match tag::skip(value, bytes, &self.options.tags) {
            Some(Err(DecodeStop::NotUnderstood)) | None => Err(unknown()),
            Some(found) => Ok(found?),
        }
    }
}

/// Finds the tunnel in a datagram that is neither TCP nor UDP.
///
/// Returns `None` if its protocol is not a tunnel.
#[inline(never)]
fn within_ip<'a>(datagram: &Datagram<'a>) -> Result<Option<LayerStep<'a>>, Stop> {
    let bytes = datagram.payload;
    let next = match datagram.protocol {
        protocol::IPV4 => LayerStep::new(Layer::Ipv4, bytes),
        protocol::IPV6 => LayerStep::new(Layer::Ipv6, bytes),
        protocol::GRE => tunnel::gre(bytes)?,
        protocol::MPLS => mpls(bytes)?,
        protocol::ETHER_IP => tunnel::ether_ip(bytes)?,
        protocol::L2TP => return l2tp::over_ip(bytes).map_err(Stop::from),
        protocol::ESP => return Err(DecodeStop::Encrypted.into()),
        protocol::NO_NEXT_HEADER => return Err(DecodeStop::Signalling.into()),
        _ => return Ok(None),
    };
    Ok(Some(next))
}

/// The content of an IP datagram.
pub(super) enum Inside<'a> {
    Tunnel(LayerStep<'a>),
    /// The payload after a transport header; empty for protocols other than TCP and UDP.
    Payload(&'a [u8]),
}
