//! Layers below IP: Ethernet, VLAN tags, PPPoE, LLC, cooked captures, loopback, PPP.
//!
//! Each function takes bytes that begin with its header and returns what follows. None panics on
//! any input: headers are read with slice patterns, `split_first_chunk`, `get` and etherparse's
//! slices.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::layer::{Layer, LayerStep};
use super::mpls::mpls;
use super::stats::DecodeStop;
use super::stop::Stop;
use super::unknown::UnknownValue;
use crate::model::{LinkInfo, MacAddr};

/// EtherTypes (IANA "IEEE 802 Numbers").
pub(super) mod ethertype {
    pub(crate) const IPV4: u16 = 0x0800;
    pub(crate) const IPV6: u16 = 0x86dd;
    pub(crate) const TRANSPARENT_ETHERNET: u16 = 0x6558;
    pub(crate) const VLAN: u16 = 0x8100;
    const PROVIDER_VLAN: u16 = 0x88a8;
    /// QinQ before 802.1ad.
    const OLD_QINQ: [u16; 4] = [0x8200, 0x9100, 0x9200, 0x9300];
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
    /// Protocols between neighbours, which carry no traffic of users.
    pub(crate) const LINK_PROTOCOLS: [u16; 26] = [
        0x0806, // ARP
        0x0842, // Wake-on-LAN
        0x2000, // CDP, behind SNAP
        0x22ea, // stream reservation
        0x6002, // DEC's remote console
        0x8035, // RARP
        0x809b, // AppleTalk
        0x80f3, // AppleTalk's ARP
        0x8137, // IPX
        0x8808, // flow control
        0x8809, // LACP, OAM and other slow protocols
        0x887b, // HomePlug
        0x888e, // EAPOL
        0x8892, // PROFINET
        0x8899, // Realtek's loop detection
        0x88cc, // LLDP
        0x88e1, // HomePlug AV
        0x88f5, // MVRP
        0x88f6, // MMRP
        0x88f7, // PTP
        0x88fb, // supervision of HSR and PRP
        0x8902, // connectivity fault management
        0x890d, // 802.11 management over Ethernet
        0x893a, // IEEE 1905.1
        0x9000, // loopback test
        0x9003, // loop detection
    ];

    /// Whether it announces a VLAN tag.
    #[inline]
    pub(crate) fn is_vlan(value: u16) -> bool {
        value == VLAN || value == PROVIDER_VLAN || OLD_QINQ.contains(&value)
    }
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
#[inline]
pub(super) fn ether_type<'a>(
    value: u16,
    bytes: &'a [u8],
    link: &mut LinkInfo,
) -> Option<Result<LayerStep<'a>, Stop>> {
    let step = match value {
        ethertype::IPV4 => Ok(LayerStep::new(Layer::Ipv4, bytes)),
        ethertype::IPV6 => Ok(LayerStep::new(Layer::Ipv6, bytes)),
        _ if ethertype::is_vlan(value) => vlan(bytes, link).map_err(Stop::from),
        ethertype::MPLS | ethertype::MPLS_MULTICAST => mpls(bytes).map_err(Stop::from),
        ethertype::PPPOE_SESSION => pppoe(bytes),
        ethertype::PPPOE_DISCOVERY => Err(DecodeStop::Signalling.into()),
        ethertype::TRANSPARENT_ETHERNET => Ok(LayerStep::new(Layer::Ethernet, bytes)),
        ethertype::LLC => llc(bytes),
        length if length <= MAX_LENGTH => llc(bytes),
        _ if ethertype::LINK_PROTOCOLS.contains(&value) => Err(DecodeStop::NotIp.into()),
        _ => return None,
    };
    Some(step)
}

fn vlan<'a>(bytes: &'a [u8], link: &mut LinkInfo) -> Result<LayerStep<'a>, DecodeStop> {
    let tag = SingleVlanHeaderSlice::from_slice(bytes).map_err(|_| DecodeStop::LinkTruncated)?;
    link.push_vlan(tag.vlan_identifier().value());
    Ok(LayerStep::new(Layer::EtherType(tag.ether_type().0), &bytes[tag.slice().len()..]))
}

/// Reads a PPPoE header (RFC 2516 §4): version and type 1, code 0 for a session, session, length.
pub(super) fn pppoe(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
    let (header, rest) = bytes.split_first_chunk::<6>().ok_or(DecodeStop::LinkTruncated)?;
    match header {
        [0x11, 0, ..] => ppp(rest),
        [0x11, ..] => Err(DecodeStop::Signalling.into()),
        _ => Err(DecodeStop::LinkMalformed.into()),
    }
}

/// Reads the header of a PPP frame (RFC 1661, RFC 1662).
///
/// HDLC address and control are optional. The protocol has one byte if that is odd, else two.
pub(super) fn ppp(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
    let bytes = bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes);
    let (protocol, rest) = match bytes {
        [short, rest @ ..] if short & 1 == 1 => (u16::from(*short), rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return Err(DecodeStop::LinkTruncated.into()),
    };
    match protocol {
        0x0021 => Ok(LayerStep::new(Layer::Ipv4, rest)),
        0x0057 => Ok(LayerStep::new(Layer::Ipv6, rest)),
        0x0281 | 0x0283 => Ok(mpls(rest)?),
        // Control protocols; below them the protocols of the network layer.
        0x8000.. => Err(DecodeStop::Signalling.into()),
        _ => Err(Stop::new(DecodeStop::NotUnderstood, UnknownValue::PppProtocol(protocol))),
    }
}

/// Reads PPP in HDLC framing, or Cisco HDLC: address, control, EtherType.
pub(super) fn hdlc(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
    match bytes {
        [0x0f | 0x8f, 0x00, high, low, rest @ ..] => {
            Ok(LayerStep::new(Layer::EtherType(u16::from_be_bytes([*high, *low])), rest))
        }
        _ => ppp(bytes),
    }
}

/// Reads an IEEE 802.2 LLC header, with SNAP or with IP's own service access point.
pub(super) fn llc(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
    /// Service access points of protocols between neighbours: none, spanning tree, NetBEUI, IPX,
    /// IS-IS.
    const LINK_PROTOCOLS: [u8; 5] = [0x00, 0x42, 0xf0, 0xe0, 0xfe];
    match bytes {
        // SNAP (RFC 1042): organisation 0, or 0000f8 for bridged 802.1H.
        [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00 | 0xf8, high, low, rest @ ..] => {
            Ok(LayerStep::new(Layer::EtherType(u16::from_be_bytes([*high, *low])), rest))
        }
        // Cisco's own protocols: CDP, VTP, DTP, UDLD, PAgP, per-VLAN spanning tree.
        [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, ..] => Err(DecodeStop::NotIp.into()),
        [0x06, 0x06, 0x03, rest @ ..] => Ok(LayerStep::new(Layer::Ipv4, rest)),
        [destination, _, _, ..] if LINK_PROTOCOLS.contains(destination) => {
            Err(DecodeStop::NotIp.into())
        }
        &[destination, source, _, ..] => {
            let value = u16::from_be_bytes([destination, source]);
            Err(Stop::new(DecodeStop::NotUnderstood, UnknownValue::Llc(value)))
        }
        _ => Err(DecodeStop::LinkTruncated.into()),
    }
}

/// Returns the layer of an IP packet whose version only its first byte tells.
pub(super) fn ip(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
    match bytes.first().ok_or(DecodeStop::IpTruncated)? >> 4 {
        4 => Ok(LayerStep::new(Layer::Ipv4, bytes)),
        6 => Ok(LayerStep::new(Layer::Ipv6, bytes)),
        _ => Err(DecodeStop::NotIp.into()),
    }
}

/// Reads a BSD loopback header.
///
/// It is an address family in the byte order of the capturing machine (`NULL`) or of the network
/// (`LOOP`). AF_INET6 is 10 on Linux, and 24, 28 or 30 on the BSDs and Darwin. Some writers put an
/// EtherType at the end of the header instead.
pub(super) fn loopback(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
    let (header, rest) = bytes.split_first_chunk::<4>().ok_or(DecodeStop::LinkTruncated)?;
    let family = match header {
        [low, 0, 0, 0] => *low,
        [0, 0, 0, high] => *high,
        [.., 0x08, 0x00] => return Ok(LayerStep::new(Layer::Ipv4, rest)),
        [.., 0x86, 0xdd] => return Ok(LayerStep::new(Layer::Ipv6, rest)),
        _ => return Err(DecodeStop::NotIp.into()),
    };
    match family {
        2 => Ok(LayerStep::new(Layer::Ipv4, rest)),
        10 | 24 | 28 | 30 => Ok(LayerStep::new(Layer::Ipv6, rest)),
        _ => Err(DecodeStop::NotIp.into()),
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
                Err(DecodeStop::NotIp.into()),
                "{header:x?}"
            );
        }
    }

    #[test]
    fn ip_goes_by_its_version() {
        let layer = |first: u8| ip(&[first]).map(|step| step.layer);
        assert_eq!((layer(0x45), layer(0x60)), (Ok(Layer::Ipv4), Ok(Layer::Ipv6)));
        assert_eq!(layer(0x00), Err(DecodeStop::NotIp.into()));
        assert_eq!(ip(&[]).map(|step| step.layer), Err(DecodeStop::IpTruncated.into()));
    }
}
