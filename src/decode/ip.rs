//! IPv4, IPv6 and the extension headers between IP and transport.

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::fragment::{DatagramKey, FragmentPiece};
use super::layer::{Layer, LayerStep};
use super::stats::DecodeStop;
use crate::model::flow::AddressWords;

/// Protocol numbers (IANA "Protocol Numbers").
pub(super) mod protocol {
    pub(crate) const HOP_BY_HOP: u8 = 0;
    pub(crate) const IPV4: u8 = 4;
    pub(crate) const TCP: u8 = 6;
    pub(crate) const UDP: u8 = 17;
    pub(crate) const IPV6: u8 = 41;
    pub(crate) const ROUTING: u8 = 43;
    pub(crate) const FRAGMENT: u8 = 44;
    pub(crate) const GRE: u8 = 47;
    pub(crate) const ESP: u8 = 50;
    pub(crate) const AUTHENTICATION: u8 = 51;
    pub(crate) const NO_NEXT_HEADER: u8 = 59;
    pub(crate) const DESTINATION: u8 = 60;
    pub(crate) const ETHER_IP: u8 = 97;
    pub(crate) const L2TP: u8 = 115;
    pub(crate) const MOBILITY: u8 = 135;
    pub(crate) const MPLS: u8 = 137;
    pub(crate) const HIP: u8 = 139;
    pub(crate) const SHIM6: u8 = 140;
    /// Control protocols whose payload is not decoded and not counted as unknown: ICMP, IGMP,
    /// ICMPv6, EIGRP, OSPF, PIM, VRRP.
    pub(crate) const CONTROL: [u8; 7] = [1, 2, 58, 88, 89, 103, 112];
}

/// An IP packet whose headers have been read.
#[derive(Debug)]
pub(super) struct Datagram<'a> {
    pub src: AddressWords,
    pub dst: AddressWords,
    pub v6: bool,
    pub protocol: u8,
    pub payload: &'a [u8],
    /// Payload bytes that the header announces but the capture lacks.
    pub missing: u32,
    /// Set if the payload is a fragment of a larger datagram.
    pub piece: Option<FragmentPiece>,
}

/// Reads the header of an IPv4 packet.
///
/// A sender's segmentation offload leaves a total length of zero; then all captured bytes count.
/// Checksums are not verified, since offload leaves wrong ones as well.
#[inline(always)]
pub(super) fn ipv4(bytes: &[u8]) -> Result<Datagram<'_>, DecodeStop> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|error| match error {
        etherparse::err::ipv4::HeaderSliceError::Len(_) => DecodeStop::IpTruncated,
        etherparse::err::ipv4::HeaderSliceError::Content(_) => DecodeStop::IpMalformed,
    })?;
    let header_length = header.slice().len();
    let announced = match usize::from(header.total_len()) {
        0 => bytes.len() - header_length,
        total => total.checked_sub(header_length).ok_or(DecodeStop::IpMalformed)?,
    };
    let (payload, missing) = trim(&bytes[header_length..], announced);
    let (src, dst) = (AddressWords::v4(header.source()), AddressWords::v4(header.destination()));
    let protocol = header.protocol().0;
    let piece = header.is_fragmenting_payload().then(|| FragmentPiece {
        key: DatagramKey { src, dst, protocol, id: u32::from(header.identification()) },
        offset: usize::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
    });
    let piece = piece.filter(|piece| piece.is_part(missing));
    Ok(Datagram { src, dst, v6: false, protocol, payload, missing, piece })
}

/// Returns whether the bytes look like an IP packet of the length that its header announces.
///
/// After a short packet, Ethernet padding is allowed.
pub(super) fn has_announced_length(bytes: &[u8]) -> bool {
    /// Minimum payload of a frame in bytes; shorter payload is padded (IEEE 802.3 §4A.4.2).
    const MIN_CARRIED: usize = 46;
    let (announced, header) = match bytes {
        [0x45..=0x4f, _, high, low, ..] => (u16::from_be_bytes([*high, *low]), 0),
        [0x60..=0x6f, _, _, _, high, low, ..] => (u16::from_be_bytes([*high, *low]), 40),
        _ => return false,
    };
    let (announced, length) = (header + usize::from(announced), bytes.len());
    announced == length || (20..length).contains(&announced) && length <= MIN_CARRIED
}

/// Returns whether the bytes are certainly an IP packet, though no outer header announces one.
///
/// The packet must have the length that its header announces. In IPv4 the header's checksum must be
/// right; in IPv6 the next header must be a common one.
fn is_certain(bytes: &[u8]) -> bool {
    use protocol::{DESTINATION, FRAGMENT, HOP_BY_HOP, NO_NEXT_HEADER, TCP, UDP};
    const ICMPV6: u8 = 58;
    const NEXT_HEADERS: [u8; 7] =
        [TCP, UDP, ICMPV6, FRAGMENT, HOP_BY_HOP, DESTINATION, NO_NEXT_HEADER];
    if !has_announced_length(bytes) {
        return false;
    }
    match bytes {
        [0x45..=0x4f, ..] => Ipv4HeaderSlice::from_slice(bytes).is_ok_and(|header| {
            header.to_header().calc_header_checksum() == header.header_checksum()
        }),
        _ => Ipv6HeaderSlice::from_slice(bytes)
            .is_ok_and(|header| NEXT_HEADERS.contains(&header.next_header().0)),
    }
}

/// Returns the step to an IP packet that no outer header announces.
///
/// Returns `None` if the bytes are not certainly an IP packet.
pub(super) fn unannounced(bytes: &[u8]) -> Option<LayerStep<'_>> {
    if !is_certain(bytes) {
        return None;
    }
    let layer = if bytes.first()? >> 4 == 4 { Layer::Ipv4 } else { Layer::Ipv6 };
    Some(LayerStep::new(layer, bytes))
}

/// Reads the headers of an IPv6 packet.
///
/// It stops after the extension headers, or after the fragment header of a piece of a larger
/// datagram.
#[inline]
pub(super) fn ipv6(bytes: &[u8]) -> Result<Datagram<'_>, DecodeStop> {
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|error| match error {
        etherparse::err::ipv6::HeaderSliceError::Len(_) => DecodeStop::IpTruncated,
        etherparse::err::ipv6::HeaderSliceError::Content(_) => DecodeStop::IpMalformed,
    })?;
    let after = &bytes[header.slice().len()..];
    // A length of zero is a jumbogram, or left by segmentation offload.
    let announced = match usize::from(header.payload_length()) {
        0 => after.len(),
        length => length,
    };
    let (payload, missing) = trim(after, announced);
    let datagram = Datagram {
        src: AddressWords::v6(header.source()),
        dst: AddressWords::v6(header.destination()),
        v6: true,
        protocol: header.next_header().0,
        payload,
        missing,
        piece: None,
    };
    match datagram.protocol {
        protocol::TCP | protocol::UDP => Ok(datagram),
        _ => extensions(datagram),
    }
}

/// Skips extension headers (RFC 8200 §4).
///
/// Also used for the content of a reassembled IPv6 datagram, and for an authentication header in
/// IPv4.
#[inline(never)]
pub(super) fn extensions(mut datagram: Datagram<'_>) -> Result<Datagram<'_>, DecodeStop> {
    /// Maximum number of extension headers. RFC 8200 recommends each at most once, and there are
    /// seven kinds.
    const MAX_EXTENSIONS: usize = 16;
    for _ in 0..MAX_EXTENSIONS {
        let length = match (datagram.protocol, datagram.payload) {
            (
                protocol::HOP_BY_HOP
                | protocol::ROUTING
                | protocol::DESTINATION
                | protocol::MOBILITY
                | protocol::HIP
                | protocol::SHIM6,
                [_, length, ..],
            ) => 8 * (usize::from(*length) + 1),
            // The length is in 4-byte words, minus 2 (RFC 4302 §2.2).
            (protocol::AUTHENTICATION, [_, length, ..]) => 4 * (usize::from(*length) + 2),
            (protocol::FRAGMENT, payload) => return fragment(datagram, payload),
            (
                protocol::HOP_BY_HOP
                | protocol::ROUTING
                | protocol::DESTINATION
                | protocol::MOBILITY
                | protocol::HIP
                | protocol::SHIM6
                | protocol::AUTHENTICATION,
                _,
            ) => return Err(DecodeStop::IpTruncated),
            _ => return Ok(datagram),
        };
        datagram.protocol = datagram.payload[0];
        datagram.payload = datagram.payload.get(length..).ok_or(DecodeStop::IpTruncated)?;
    }
    Err(DecodeStop::TooDeep)
}

/// Reads the fragment header of IPv6 (RFC 8200 §4.5).
fn fragment<'a>(datagram: Datagram<'a>, bytes: &'a [u8]) -> Result<Datagram<'a>, DecodeStop> {
    let (header, payload) = bytes.split_first_chunk::<8>().ok_or(DecodeStop::IpTruncated)?;
    let field = u16::from_be_bytes([header[2], header[3]]);
    let (offset, more) = (usize::from(field & 0xfff8), field & 1 == 1);
    let id = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    let protocol = header[0];
    let key = DatagramKey { src: datagram.src, dst: datagram.dst, protocol, id };
    let piece = FragmentPiece { key, offset, more };
    if piece.is_part(datagram.missing) {
        Ok(Datagram { protocol, payload, piece: Some(piece), ..datagram })
    } else {
        extensions(Datagram { protocol, payload, ..datagram })
    }
}

/// Cuts `bytes` to the announced length and returns how many bytes are missing.
///
/// The bytes cut off are Ethernet padding.
#[inline]
pub(super) fn trim(bytes: &[u8], announced: usize) -> (&[u8], u32) {
    match bytes.get(..announced) {
        Some(payload) => (payload, 0),
        None => (bytes, (announced - bytes.len()) as u32),
    }
}
