//! Layers below IP: Ethernet, VLAN tags, MPLS, PPPoE, LLC, cooked captures, loopback, PPP.
//!
//! Each function takes bytes that begin with its header and returns what follows. None panics on
//! any input: headers are read with slice patterns, `split_first_chunk`, `get` and etherparse's
//! slices.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::stats::DecodeStop;
use super::{Layer, LayerStep};
use crate::model::{LinkInfo, MacAddr};

/// EtherTypes (IANA "IEEE 802 Numbers").
pub(super) mod ethertype {
    pub(crate) const IPV4: u16 = 0x0800;
    pub(crate) const IPV6: u16 = 0x86dd;
    pub(crate) const TRANSPARENT_ETHERNET: u16 = 0x6558;
    pub(crate) const VLAN: u16 = 0x8100;
    pub(crate) const PROVIDER_VLAN: u16 = 0x88a8;
    /// QinQ before 802.1ad.
    pub(crate) const OLD_QINQ: [u16; 3] = [0x9100, 0x9200, 0x9300];
    pub(crate) const MPLS: u16 = 0x8847;
    pub(crate) const MPLS_MULTICAST: u16 = 0x8848;
    pub(crate) const PPPOE_DISCOVERY: u16 = 0x8863;
    pub(crate) const PPPOE_SESSION: u16 = 0x8864;
    pub(crate) const PPP: u16 = 0x880b;
    pub(crate) const ERSPAN: u16 = 0x88be;
    pub(crate) const ERSPAN3: u16 = 0x22eb;
    pub(crate) const WCCP: u16 = 0x883e;
    /// 802.2 LLC, in cooked captures and in frames with a length instead of a type.
    pub(crate) const LLC: u16 = 0x0004;
}

/// Largest value that is the length of an 802.3 frame and not a type (IEEE 802.3 §3.2.6).
const MAX_LENGTH: u16 = 1500;

#[inline(always)]
pub(super) fn ethernet<'a>(
    bytes: &'a [u8],
    link: &mut LinkInfo,
) -> Result<LayerStep<'a>, DecodeStop> {
    let header = Ethernet2HeaderSlice::from_slice(bytes).map_err(|_| DecodeStop::LinkTruncated)?;
    // The innermost frame is the one that the hosts sent, so it replaces what is there.
    *link = LinkInfo::from_mac(MacAddr(header.source()));
    let layer = match header.ether_type().0 {
        ethertype::IPV4 => Layer::Ipv4,
        ethertype::IPV6 => Layer::Ipv6,
        other => Layer::EtherType(other),
    };
    Ok(LayerStep::new(layer, &bytes[header.slice().len()..]))
}

/// Reads the header that an EtherType announces, or returns the IP layer after it.
#[inline(never)]
pub(super) fn ether_type<'a>(
    value: u16,
    bytes: &'a [u8],
    link: &mut LinkInfo,
) -> Result<LayerStep<'a>, DecodeStop> {
    match value {
        ethertype::IPV4 => Ok(LayerStep::new(Layer::Ipv4, bytes)),
        ethertype::IPV6 => Ok(LayerStep::new(Layer::Ipv6, bytes)),
        ethertype::VLAN | ethertype::PROVIDER_VLAN => vlan(bytes, link),
        _ if ethertype::OLD_QINQ.contains(&value) => vlan(bytes, link),
        ethertype::MPLS | ethertype::MPLS_MULTICAST => mpls(bytes),
        ethertype::PPPOE_SESSION => pppoe(bytes),
        ethertype::PPPOE_DISCOVERY => Err(DecodeStop::Signalling),
        ethertype::TRANSPARENT_ETHERNET => Ok(LayerStep::new(Layer::Ethernet, bytes)),
        ethertype::LLC => llc(bytes),
        length if length <= MAX_LENGTH => llc(bytes),
        _ => Err(DecodeStop::NotIp),
    }
}

fn vlan<'a>(bytes: &'a [u8], link: &mut LinkInfo) -> Result<LayerStep<'a>, DecodeStop> {
    let tag = SingleVlanHeaderSlice::from_slice(bytes).map_err(|_| DecodeStop::LinkTruncated)?;
    link.push_vlan(tag.vlan_identifier().value());
    Ok(LayerStep::new(Layer::EtherType(tag.ether_type().0), &bytes[tag.slice().len()..]))
}

/// Skips an MPLS label stack (RFC 3032).
///
/// IP follows it, or Ethernet with or without a control word (RFC 4448).
pub(super) fn mpls(mut bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    /// Maximum number of labels in a stack. Real stacks have up to about six.
    const MAX_LABELS: usize = 16;
    const BOTTOM_OF_STACK: u8 = 0x01;
    for _ in 0..MAX_LABELS {
        let (label, rest) = bytes.split_first_chunk::<4>().ok_or(DecodeStop::LinkTruncated)?;
        bytes = rest;
        if label[2] & BOTTOM_OF_STACK != 0 {
            return match bytes.first().ok_or(DecodeStop::LinkTruncated)? >> 4 {
                4 => Ok(LayerStep::new(Layer::Ipv4, bytes)),
                6 => Ok(LayerStep::new(Layer::Ipv6, bytes)),
                0 => Ok(LayerStep::new(
                    Layer::Ethernet,
                    bytes.get(4..).ok_or(DecodeStop::LinkTruncated)?,
                )),
                _ => Ok(LayerStep::new(Layer::Ethernet, bytes)),
            };
        }
    }
    Err(DecodeStop::TooDeep)
}

/// Reads a PPPoE header (RFC 2516 §4): version and type 1, code 0 for a session, session, length.
pub(super) fn pppoe(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    let (header, rest) = bytes.split_first_chunk::<6>().ok_or(DecodeStop::LinkTruncated)?;
    match header {
        [0x11, 0, ..] => ppp(rest),
        [0x11, ..] => Err(DecodeStop::Signalling),
        _ => Err(DecodeStop::LinkMalformed),
    }
}

/// Reads the header of a PPP frame (RFC 1661, RFC 1662).
///
/// HDLC address and control are optional. The protocol has one byte if that is odd, else two.
pub(super) fn ppp(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    let bytes = bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes);
    let (protocol, rest) = match bytes {
        [short, rest @ ..] if short & 1 == 1 => (u16::from(*short), rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return Err(DecodeStop::LinkTruncated),
    };
    match protocol {
        0x0021 => Ok(LayerStep::new(Layer::Ipv4, rest)),
        0x0057 => Ok(LayerStep::new(Layer::Ipv6, rest)),
        0x0281 | 0x0283 => mpls(rest),
        0x8000.. => Err(DecodeStop::Signalling),
        _ => Err(DecodeStop::NotIp),
    }
}

/// Reads PPP in HDLC framing, or Cisco HDLC: address, control, EtherType.
pub(super) fn hdlc(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    match bytes {
        [0x0f | 0x8f, 0x00, high, low, rest @ ..] => {
            Ok(LayerStep::new(Layer::EtherType(u16::from_be_bytes([*high, *low])), rest))
        }
        _ => ppp(bytes),
    }
}

/// Reads an IEEE 802.2 LLC header, with SNAP or with IP's own service access point.
pub(super) fn llc(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    match bytes {
        // SNAP (RFC 1042): organisation 0, or 0000f8 for bridged 802.1H.
        [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00 | 0xf8, high, low, rest @ ..] => {
            Ok(LayerStep::new(Layer::EtherType(u16::from_be_bytes([*high, *low])), rest))
        }
        [0x06, 0x06, 0x03, rest @ ..] => Ok(LayerStep::new(Layer::Ipv4, rest)),
        [_, _, _, ..] => Err(DecodeStop::NotIp),
        _ => Err(DecodeStop::LinkTruncated),
    }
}

/// Returns the layer of an IP packet whose version only its first byte tells.
pub(super) fn ip(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    match bytes.first().ok_or(DecodeStop::IpTruncated)? >> 4 {
        4 => Ok(LayerStep::new(Layer::Ipv4, bytes)),
        6 => Ok(LayerStep::new(Layer::Ipv6, bytes)),
        _ => Err(DecodeStop::NotIp),
    }
}

/// Reads a BSD loopback header.
///
/// It is an address family in the byte order of the capturing machine (`NULL`) or of the network
/// (`LOOP`). AF_INET6 is 10 on Linux, and 24, 28 or 30 on the BSDs and Darwin. Some writers put an
/// EtherType at the end of the header instead.
pub(super) fn loopback(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    let (header, rest) = bytes.split_first_chunk::<4>().ok_or(DecodeStop::LinkTruncated)?;
    let family = match header {
        [low, 0, 0, 0] => *low,
        [0, 0, 0, high] => *high,
        [.., 0x08, 0x00] => return Ok(LayerStep::new(Layer::Ipv4, rest)),
        [.., 0x86, 0xdd] => return Ok(LayerStep::new(Layer::Ipv6, rest)),
        _ => return Err(DecodeStop::NotIp),
    };
    match family {
        2 => Ok(LayerStep::new(Layer::Ipv4, rest)),
        10 | 24 | 28 | 30 => Ok(LayerStep::new(Layer::Ipv6, rest)),
        _ => Err(DecodeStop::NotIp),
    }
}

/// Reads the header of a Linux cooked capture, version 1.
///
/// It has packet type, ARPHRD, address length, an address of 8 bytes, and protocol.
pub(super) fn cooked<'a>(
    bytes: &'a [u8],
    link: &mut LinkInfo,
) -> Result<LayerStep<'a>, DecodeStop> {
    let (header, rest) = bytes.split_first_chunk::<16>().ok_or(DecodeStop::LinkTruncated)?;
    sender(link, header[5], &header[6..14]);
    cooked_protocol([header[2], header[3]], [header[14], header[15]], rest)
}

/// Reads the header of a Linux cooked capture, version 2.
///
/// It has protocol, interface, ARPHRD, packet type, address length, and an address of 8 bytes.
pub(super) fn cooked2<'a>(
    bytes: &'a [u8],
    link: &mut LinkInfo,
) -> Result<LayerStep<'a>, DecodeStop> {
    let (header, rest) = bytes.split_first_chunk::<20>().ok_or(DecodeStop::LinkTruncated)?;
    sender(link, header[11], &header[12..20]);
    cooked_protocol([header[8], header[9]], [header[0], header[1]], rest)
}

fn sender(link: &mut LinkInfo, length: u8, address: &[u8]) {
    if length == 6
        && let Some(mac) = address.first_chunk::<6>()
    {
        *link = LinkInfo::from_mac(MacAddr(*mac));
    }
}

/// Interprets the protocol field of a cooked header, which depends on the kind of interface
/// (ARPHRD).
fn cooked_protocol(
    hardware: [u8; 2],
    protocol: [u8; 2],
    rest: &[u8],
) -> Result<LayerStep<'_>, DecodeStop> {
    const ARPHRD_NETLINK: u16 = 824;
    const ARPHRD_GRE: u16 = 778;
    let protocol = u16::from_be_bytes(protocol);
    match u16::from_be_bytes(hardware) {
        ARPHRD_NETLINK => Err(DecodeStop::NotIp),
        ARPHRD_GRE if protocol == ethertype::TRANSPARENT_ETHERNET => {
            Ok(LayerStep::new(Layer::Ethernet, rest))
        }
        _ => Ok(LayerStep::new(Layer::EtherType(protocol), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_header_names_a_family_in_any_byte_order_or_an_ether_type() {
        for (header, layer) in [
            ([2, 0, 0, 0], Layer::Ipv4),
            ([0, 0, 0, 2], Layer::Ipv4),
            ([30, 0, 0, 0], Layer::Ipv6),
            ([0, 0, 0, 24], Layer::Ipv6),
            ([0x0f, 0x00, 0x08, 0x00], Layer::Ipv4),
            ([0x0f, 0x00, 0x86, 0xdd], Layer::Ipv6),
        ] {
            assert_eq!(loopback(&header).map(|step| step.layer), Ok(layer), "{header:x?}");
        }
        for header in [[7, 0, 0, 0], [0x0f, 0x00, 0x08, 0x06], [2, 2, 2, 2]] {
            assert_eq!(
                loopback(&header).map(|step| step.layer),
                Err(DecodeStop::NotIp),
                "{header:x?}"
            );
        }
    }

    #[test]
    fn ip_goes_by_its_version() {
        let layer = |first: u8| ip(&[first]).map(|step| step.layer);
        assert_eq!((layer(0x45), layer(0x60)), (Ok(Layer::Ipv4), Ok(Layer::Ipv6)));
        assert_eq!(layer(0x00), Err(DecodeStop::NotIp));
        assert_eq!(ip(&[]).map(|step| step.layer), Err(DecodeStop::IpTruncated));
    }
}
