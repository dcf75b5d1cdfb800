//! TCP and UDP: flow key, header and payload of a segment.

use etherparse::{TcpHeaderSlice, UdpHeaderSlice};

use super::ip::Datagram;
use super::peel::Inside;
use super::stats::DecodeStop;
use super::stop::Stop;
use super::{LayerOptions, udp_tunnel};
use crate::model::segment::{SegmentHead, TcpFlags, TcpHeader, TransportHeader};
use crate::model::{FlowKey, Transport};

/// Writes the TCP header into `head` and returns the payload.
#[inline(always)]
pub(super) fn tcp<'a>(
    datagram: Datagram<'a>,
    vlan_in_key: bool,
    head: &mut SegmentHead,
) -> Result<&'a [u8], DecodeStop> {
    use etherparse::err::tcp::HeaderSliceError;
    /// Offset of the control bits (RFC 9293 §3.1).
    const FLAGS: usize = 13;
    let bytes = datagram.payload;
    let header = TcpHeaderSlice::from_slice(bytes).map_err(|error| match error {
        HeaderSliceError::Len(_) => DecodeStop::TransportTruncated,
        HeaderSliceError::Content(_) => DecodeStop::TransportMalformed,
    })?;
    head.header = TransportHeader::Tcp(TcpHeader {
        seq: header.sequence_number(),
        ack: header.acknowledgment_number(),
        flags: TcpFlags(bytes[FLAGS]),
    });
    let ports = [header.source_port(), header.destination_port()];
    ends(&datagram, ports, Transport::Tcp, vlan_in_key, head);
    Ok(&bytes[header.slice().len()..])
}

/// Reads a UDP header and returns the tunnel or payload after it.
///
/// If it is a payload, the header goes into `head`.
#[inline(always)]
pub(super) fn udp<'a>(
    datagram: Datagram<'a>,
    options: &LayerOptions,
    head: &mut SegmentHead,
) -> Result<Inside<'a>, Stop> {
    let bytes = datagram.payload;
    let header = UdpHeaderSlice::from_slice(bytes).map_err(|_| DecodeStop::TransportTruncated)?;
    let after = &bytes[header.slice().len()..];
    // A length that does not fit (0 in jumbograms, wrong in hostile packets) is ignored.
    let payload = usize::from(header.length())
        .checked_sub(header.slice().len())
        .and_then(|length| after.get(..length))
        .unwrap_or(after);
    let ports = [header.source_port(), header.destination_port()];
    if udp_tunnel::is_possible(ports, payload, &options.tunnels)
        && let Some(next) = udp_tunnel::find(ports, payload, &options.tunnels)?
    {
        return Ok(Inside::Tunnel(next));
    }
    head.header = TransportHeader::Udp;
    ends(&datagram, ports, Transport::Udp, options.vlan_in_key, head);
    Ok(Inside::Payload(payload))
}

/// Writes the flow key and the sending side into `head`.
#[inline(always)]
pub(super) fn ends(
    datagram: &Datagram<'_>,
    [src, dst]: [u16; 2],
    transport: Transport,
    vlan_in_key: bool,
    head: &mut SegmentHead,
) {
    let vlan = match vlan_in_key {
        true => head.link.innermost_vlan().unwrap_or(0),
        false => 0,
    };
    let (src, dst) = ((datagram.src, src), (datagram.dst, dst));
    (head.key, head.from) = FlowKey::from_words(src, dst, transport, vlan);
}
