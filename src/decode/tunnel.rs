//! Tunnels inside IP: GRE with ERSPAN, EtherIP, and tunnels over UDP.
//!
//! A UDP port proves nothing, so a payload counts as a tunnel only if its header fits strictly.
//! Otherwise the packet is an ordinary UDP datagram.

use super::link::{self, ethertype};
use super::stats::DecodeStop;
use super::{Layer, LayerStep, l2tp};
use crate::model::packet::LinkType;

/// Port numbers of tunnels over UDP. IANA assigned all but TZSP's and the old VXLAN's.
mod port {
    pub(super) const L2TP: u16 = 1701;
    pub(super) const GTP_U: u16 = 2152;
    pub(super) const TEREDO: u16 = 3544;
    pub(super) const VXLAN: u16 = 4789;
    pub(super) const VXLAN_GPE: u16 = 4790;
    pub(super) const GENEVE: u16 = 6081;
    /// Linux used this port for VXLAN before IANA assigned one.
    pub(super) const OLD_VXLAN: u16 = 8472;
    pub(super) const TZSP: u16 = 37008;
}

/// Whether a datagram between these ports may be a tunnel.
///
/// The ports alone do not decide: of two datagrams with the same ports, one may be a tunnel and the
/// other not.
#[inline(always)]
pub fn has_port([one, other]: [u16; 2]) -> bool {
    is_tunnels(one) || is_tunnels(other)
}

#[inline(always)]
fn is_tunnels(port: u16) -> bool {
    use port::{GENEVE, GTP_U, L2TP, OLD_VXLAN, TEREDO, TZSP, VXLAN, VXLAN_GPE};
    matches!(port, L2TP | GTP_U | TEREDO | VXLAN | VXLAN_GPE | GENEVE | OLD_VXLAN | TZSP)
}

/// Reads a GRE header: RFC 2784 and RFC 2890 (version 0), RFC 2637 (version 1, PPTP).
pub(super) fn gre(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACKNOWLEDGEMENT: u16 = 0x0080;
    let (head, _) = bytes.split_first_chunk::<4>().ok_or(DecodeStop::LinkTruncated)?;
    let flags = u16::from_be_bytes([head[0], head[1]]);
    let protocol = u16::from_be_bytes([head[2], head[3]]);
    let has = |bit: u16| usize::from(flags & bit != 0);
    let version = flags & 7;
    if version > 1 || flags & ROUTING != 0 {
        return Err(DecodeStop::LinkMalformed);
    }
    let extra = has(CHECKSUM) + has(KEY) + has(SEQUENCE);
    let acknowledgement = if version == 1 { has(ACKNOWLEDGEMENT) } else { 0 };
    let rest = bytes.get(4 + 4 * (extra + acknowledgement)..).ok_or(DecodeStop::LinkTruncated)?;
    match protocol {
        ethertype::PPP if version == 1 && rest.is_empty() => Err(DecodeStop::Signalling),
        ethertype::PPP => link::ppp(rest),
        ethertype::ERSPAN if has(SEQUENCE) == 0 => Ok(LayerStep::new(Layer::Ethernet, rest)), // type I
        ethertype::ERSPAN => Ok(LayerStep::new(Layer::Ethernet, skip(rest, 8)?)), // type II
        ethertype::ERSPAN3 => erspan3(rest),
        ethertype::WCCP => match rest.first().ok_or(DecodeStop::LinkTruncated)? >> 4 {
            4 => Ok(LayerStep::new(Layer::Ipv4, rest)),
            _ => Ok(LayerStep::new(Layer::Ipv4, skip(rest, 4)?)), // version 2's redirect header
        },
        other => Ok(LayerStep::new(Layer::EtherType(other), rest)),
    }
}

/// Skips an ERSPAN type III header (draft-foschiano-erspan-03 §4.3).
///
/// It has 12 bytes, and 8 more if the O bit is set.
fn erspan3(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    const PLATFORM_SUBHEADER: u8 = 0x01;
    let (head, rest) = bytes.split_first_chunk::<12>().ok_or(DecodeStop::LinkTruncated)?;
    let rest = if head[11] & PLATFORM_SUBHEADER != 0 { skip(rest, 8)? } else { rest };
    Ok(LayerStep::new(Layer::Ethernet, rest))
}

/// Reads an EtherIP header (RFC 3378 §3): version 3 and twelve reserved bits.
///
/// Some BSDs swapped the two halves of the first byte.
pub(super) fn ether_ip(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    match bytes {
        [0x30 | 0x03, 0, frame @ ..] => Ok(LayerStep::new(Layer::Ethernet, frame)),
        [_, _, ..] => Err(DecodeStop::LinkMalformed),
        _ => Err(DecodeStop::LinkTruncated),
    }
}

fn skip(bytes: &[u8], count: usize) -> Result<&[u8], DecodeStop> {
    bytes.get(count..).ok_or(DecodeStop::LinkTruncated)
}

/// Finds the tunnel in a UDP payload.
///
/// Returns `None` if the payload is not a tunnel.
#[inline(never)]
pub(super) fn over_udp(
    [src, dst]: [u16; 2],
    payload: &[u8],
) -> Result<Option<LayerStep<'_>>, DecodeStop> {
    match src {
        _ if is_tunnels(dst) => at_port(dst, payload),
        // These tunnels answer from their port to the port of the client.
        port::TEREDO | port::GTP_U | port::L2TP => at_port(src, payload),
        _ => Ok(None),
    }
}

#[inline(never)]
fn at_port(port: u16, payload: &[u8]) -> Result<Option<LayerStep<'_>>, DecodeStop> {
    Ok(match port {
        port::L2TP => return l2tp::over_udp(payload),
        port::VXLAN | port::OLD_VXLAN => vxlan(payload),
        port::VXLAN_GPE => vxlan_gpe(payload),
        port::GENEVE => geneve(payload),
        port::GTP_U if is_gtp_signalling(payload) => return Err(DecodeStop::Signalling),
        port::GTP_U => gtp_u(payload),
        port::TEREDO => teredo(payload),
        port::TZSP => tzsp(payload),
        _ => None,
    })
}

/// Reads a VXLAN header (RFC 7348 §5): flags, reserved, VNI, reserved.
///
/// If a checked reserved bit is set, the frame inside must carry IP to prove that this is VXLAN.
/// The bits of the group policy extension need no such proof.
fn vxlan(payload: &[u8]) -> Option<LayerStep<'_>> {
    const VNI_VALID: u8 = 0x08;
    const GROUP_POLICY: u8 = 0x80;
    let (head, rest) = payload.split_first_chunk::<8>()?;
    let plain = head[0] & !GROUP_POLICY == VNI_VALID && head[7] == 0;
    let fits = plain || head[0] & VNI_VALID != 0 && holds_ip(rest);
    fits.then_some(LayerStep::new(Layer::Ethernet, rest))
}

/// Whether an Ethernet frame without tags carries IP: its EtherType and the IP version agree.
fn holds_ip(frame: &[u8]) -> bool {
    const TYPE: usize = 12;
    matches!(frame.get(TYPE..), Some([0x08, 0x00, 0x40..=0x4f, ..] | [0x86, 0xdd, 0x60..=0x6f, ..]))
}

/// Reads a VXLAN-GPE header (draft-ietf-nvo3-vxlan-gpe); its fourth byte names the next protocol.
fn vxlan_gpe(payload: &[u8]) -> Option<LayerStep<'_>> {
    let (head, rest) = payload.split_first_chunk::<8>()?;
    if head[0] & 0x08 == 0 || head[7] != 0 {
        return None;
    }
    let layer = match head[3] {
        1 => Layer::Ipv4,
        2 => Layer::Ipv6,
        3 => Layer::Ethernet,
        _ => return None,
    };
    Some(LayerStep::new(layer, rest))
}

/// Reads a Geneve header (RFC 8926 §3.4): version 0, option length in 4-byte words, protocol type,
/// VNI.
fn geneve(payload: &[u8]) -> Option<LayerStep<'_>> {
    let (head, rest) = payload.split_first_chunk::<8>()?;
    let options = 4 * usize::from(head[0] & 0x3f);
    if head[0] >> 6 != 0 || head[1] & 0x3f != 0 || head[7] != 0 {
        return None;
    }
    let protocol = u16::from_be_bytes([head[2], head[3]]);
    let rest = rest.get(options..)?;
    match protocol {
        ethertype::TRANSPARENT_ETHERNET | ethertype::IPV4 | ethertype::IPV6 => {
            Some(LayerStep::new(Layer::EtherType(protocol), rest))
        }
        _ => None,
    }
}

/// Reads a header of GTP version 1, user plane (3GPP TS 29.281 §5).
///
/// Only a G-PDU carries a user's packet; other messages give `None`.
fn gtp_u(payload: &[u8]) -> Option<LayerStep<'_>> {
    const G_PDU: u8 = 0xff;
    const EXTENSION: u8 = 0x04;
    const OPTIONAL: u8 = 0x07;
    /// Real packets have one or two extension headers.
    const MAX_EXTENSIONS: usize = 8;
    let (head, mut rest) = payload.split_first_chunk::<8>()?;
    // Version 1, protocol type 1, the spare bit clear.
    if head[0] & 0xf8 != 0x30 || head[1] != G_PDU {
        return None;
    }
    if head[0] & OPTIONAL != 0 {
        let (optional, after) = rest.split_first_chunk::<4>()?;
        rest = after;
        let mut next = if head[0] & EXTENSION != 0 { optional[3] } else { 0 };
        for _ in 0..MAX_EXTENSIONS {
            if next == 0 {
                break;
            }
            let length = 4 * usize::from(*rest.first()?);
            next = *rest.get(length.checked_sub(1)?)?;
            rest = rest.get(length..)?;
        }
    }
    by_version(rest)
}

/// Whether a payload is another message of the user plane (3GPP TS 29.281 §6).
///
/// These are echoes, error indication, supported extension headers, tunnel status and end marker.
/// The length in the header must match the payload.
fn is_gtp_signalling(payload: &[u8]) -> bool {
    match payload {
        [0x30..=0x37, 1 | 2 | 26 | 31 | 253 | 254, high, low, _, _, _, _, rest @ ..] => {
            rest.len() == usize::from(u16::from_be_bytes([*high, *low]))
        }
        _ => false,
    }
}

/// Reads a Teredo packet (RFC 4380 §5.1.1): authentication and origin indications, then IPv6.
fn teredo(payload: &[u8]) -> Option<LayerStep<'_>> {
    let mut rest = payload;
    if let [0x00, 0x01, id, auth, ..] = rest {
        rest = rest.get(13 + usize::from(*id) + usize::from(*auth)..)?;
    }
    if let [0x00, 0x00, ..] = rest {
        rest = rest.get(8..)?;
    }
    let (head, _) = rest.split_first_chunk::<40>()?;
    let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
    (head[0] >> 4 == 6 && 40 + length == rest.len()).then_some(LayerStep::new(Layer::Ipv6, rest))
}

/// Reads a TZSP header, with which routers and access points stream captured frames.
///
/// It has version 1, a type (received, or to be sent), the link type of the frame, and tagged
/// fields up to an end tag.
fn tzsp(payload: &[u8]) -> Option<LayerStep<'_>> {
    const PADDING: u8 = 0;
    const END: u8 = 1;
    /// About ten kinds of fields are known, but any number of padding bytes is allowed.
    const MAX_FIELDS: usize = 64;
    let (&[1, 0 | 1, high, low], mut fields) = payload.split_first_chunk()? else { return None };
    let link = match u16::from_be_bytes([high, low]) {
        1 => LinkType::ETHERNET,
        4 => LinkType::PPP,
        7 => LinkType::RAW,
        18 => LinkType::IEEE802_11,
        119 => LinkType::IEEE802_11_PRISM,
        126 => LinkType::IEEE802_11_RADIOTAP,
        127 => LinkType::IEEE802_11_AVS,
        _ => return None,
    };
    for _ in 0..MAX_FIELDS {
        fields = match fields {
            [END, frame @ ..] => return Some(LayerStep::new(Layer::Link(link), frame)),
            [PADDING, rest @ ..] => rest,
            [_, length, rest @ ..] => rest.get(usize::from(*length)..)?,
            _ => return None,
        };
    }
    None
}

fn by_version(bytes: &[u8]) -> Option<LayerStep<'_>> {
    match bytes.first()? >> 4 {
        4 => Some(LayerStep::new(Layer::Ipv4, bytes)),
        6 => Some(LayerStep::new(Layer::Ipv6, bytes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_bits_of_vxlan_need_ip_inside() {
        let ip = [&[0; 12][..], &[0x08, 0x00, 0x45]].concat();
        let arp = [&[0; 12][..], &[0x08, 0x06, 0x00]].concat();
        let is_vxlan = |first: u8, last: u8, frame: &[u8]| {
            vxlan(&[&[first, 0, 0, 0, 0, 0, 1, last], frame].concat()).is_some()
        };
        assert!(is_vxlan(0x08, 0, &arp) && is_vxlan(0x88, 0, &arp));
        assert!(is_vxlan(0x0c, 0, &ip) && is_vxlan(0x08, 1, &ip));
        assert!(!is_vxlan(0x0c, 0, &arp) && !is_vxlan(0x08, 1, &arp));
        assert!(!is_vxlan(0x00, 0, &ip), "the VNI is not valid");
    }

    #[test]
    fn an_echo_of_gtp_is_signalling_if_its_length_fits() {
        let echo = [0x32, 1, 0, 4, 0, 0, 0, 0, 0, 7, 0, 0];
        assert_eq!(over_udp([2152, 2152], &echo).err(), Some(DecodeStop::Signalling));
        assert!(matches!(over_udp([2152, 2152], &echo[..11]), Ok(None)));
        assert!(matches!(over_udp([9, 9], &echo), Ok(None)), "another port");
    }

    #[test]
    fn the_fields_of_tzsp_end_where_they_say() {
        let inside = |payload: &[u8]| tzsp(payload).map(|step| (step.layer, step.bytes.len()));
        let ethernet = Some((Layer::Link(LinkType::ETHERNET), 3));
        assert_eq!(inside(&[1, 0, 0, 1, 1, 7, 7, 7]), ethernet);
        // Signal strength, padding, the original length, the end.
        let fields = [10, 1, 0xc0, 0, 0, 41, 2, 0, 60, 1];
        assert_eq!(inside(&[&[1, 1, 0, 1], &fields[..], &[7; 3]].concat()), ethernet);
        let wifi = Some((Layer::Link(LinkType::IEEE802_11), 0));
        assert_eq!(inside(&[1, 0, 0, 18, 1]), wifi);
    }

    #[test]
    fn what_is_not_tzsp_is_left_alone() {
        for payload in [
            &[1, 0, 0][..],
            &[2, 0, 0, 1, 1, 7],           // version 2
            &[1, 4, 0, 1, 1, 7],           // a keep-alive
            &[1, 0, 0, 2, 1, 7],           // Token Ring
            &[1, 0, 0, 1],                 // no end
            &[1, 0, 0, 1, 10, 9, 0, 1, 7], // a field that is longer than the rest
            &[1, 0, 0, 1, 10],
            &[&[1, 0, 0, 1][..], &[0; 1000], &[1, 7]].concat(), // too much padding
        ] {
            assert_eq!(tzsp(payload).map(|step| step.layer), None, "{payload:x?}");
        }
    }

    #[test]
    fn ether_ip_has_a_version_in_either_half_of_a_byte() {
        let layer = |bytes: &[u8]| ether_ip(bytes).map(|step| step.layer);
        assert_eq!(layer(&[0x30, 0, 7]), Ok(Layer::Ethernet));
        assert_eq!(layer(&[0x03, 0, 7]), Ok(Layer::Ethernet));
        assert_eq!(layer(&[0x30, 1, 7]), Err(DecodeStop::LinkMalformed));
        assert_eq!(layer(&[0x40, 0, 7]), Err(DecodeStop::LinkMalformed));
        assert_eq!(layer(&[0x30]), Err(DecodeStop::LinkTruncated));
    }
}
