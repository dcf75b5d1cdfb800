//! Tunnels over UDP, by their port, by the configuration, or by the packet inside.
//!
//! A UDP port proves nothing, so a payload counts as a tunnel only if its header fits strictly;
//! otherwise the datagram is what it seems. On any other port a whole IP packet with the right
//! checksum has to show that it is one.

use super::ip::{self, protocol};
use super::layer::{Layer, LayerStep};
use super::link::ethertype;
use super::stats::DecodeStop;
use super::stop::Stop;
use super::{capwap, l2tp, tag, tunnel};
use crate::model::packet::LinkType;
use crate::model::site::{SiteTunnel, SiteTunnelKind};

/// Port numbers, assigned by IANA but for TZSP's and the old VXLAN's.
mod port {
    pub(super) const L2TP: u16 = 1701;
    pub(super) const GTP_U: u16 = 2152;
    pub(super) const TEREDO: u16 = 3544;
    pub(super) const GRE: u16 = 4754;
    pub(super) const GRE_DTLS: u16 = 4755;
    pub(super) const VXLAN: u16 = 4789;
    pub(super) const VXLAN_GPE: u16 = 4790;
    pub(super) const CAPWAP_DATA: u16 = 5247;
    pub(super) const GUE: u16 = 6080;
    pub(super) const GENEVE: u16 = 6081;
    /// Linux used this port for VXLAN before IANA assigned one.
    pub(super) const OLD_VXLAN: u16 = 8472;
    pub(super) const TZSP: u16 = 37008;
}

/// Ports of tunnels that the configuration names.
#[derive(Clone, Debug, Default)]
pub struct SiteTunnels(Vec<SiteTunnel>);

impl SiteTunnels {
    /// Ports of a site; the first entry of each port counts.
    pub fn new(tunnels: Vec<SiteTunnel>) -> Self {
        SiteTunnels(tunnels)
    }

    #[inline]
    fn kind(&self, port: u16) -> Option<SiteTunnelKind> {
        self.0.iter().find(|tunnel| tunnel.port == port).map(|tunnel| tunnel.kind)
    }
}

/// Whether a datagram between these ports may be a tunnel, though another one was not.
#[inline(always)]
pub fn has_tunnel_port([one, other]: [u16; 2]) -> bool {
    is_assigned(one) || is_assigned(other)
}

#[inline(always)]
fn is_assigned(port: u16) -> bool {
    use port::{CAPWAP_DATA, GENEVE, GRE, GRE_DTLS, GTP_U, GUE, L2TP, OLD_VXLAN, TEREDO, TZSP};
    use port::{VXLAN, VXLAN_GPE};
    matches!(
        port,
        L2TP | GTP_U
            | TEREDO
            | GRE..=GRE_DTLS
            | VXLAN..=VXLAN_GPE
            | CAPWAP_DATA
            | GUE..=GENEVE
            | OLD_VXLAN
            | TZSP
    )
}

/// Whether a datagram may hold a tunnel; a cheap test before [`find`].
#[inline(always)]
pub(super) fn is_possible(ports: [u16; 2], payload: &[u8], site: &SiteTunnels) -> bool {
    has_tunnel_port(ports) || !site.0.is_empty() || may_hold_ip(payload)
}

/// Whether a payload begins like VXLAN, or like an IP packet of its own length.
#[inline(always)]
fn may_hold_ip(payload: &[u8]) -> bool {
    const VXLAN: u32 = 0x0800_0000;
    let Some((head, rest)) = payload.split_first_chunk::<4>() else { return false };
    let word = u32::from_be_bytes(*head);
    match word >> 28 {
        0 => word == VXLAN,
        4 => (word & 0xffff) as usize == payload.len(),
        6 => rest
            .first_chunk()
            .is_some_and(|length| usize::from(u16::from_be_bytes(*length)) + 40 == payload.len()),
        _ => false,
    }
}

/// The tunnel in a UDP payload, if there is one.
#[inline(never)]
pub(super) fn find<'a>(
    [src, dst]: [u16; 2],
    payload: &'a [u8],
    site: &SiteTunnels,
) -> Result<Option<LayerStep<'a>>, Stop> {
    if let Some(kind) = site.kind(dst) {
        return Ok(at_site_port(kind, payload));
    }
    let found = match src {
        _ if is_assigned(dst) => at_port(dst, payload)?,
        // These answer from where they were asked.
        port::TEREDO | port::GTP_U | port::L2TP | port::CAPWAP_DATA => at_port(src, payload)?,
        _ => None,
    };
    Ok(found.or_else(|| at_any_port(payload)))
}

fn at_site_port(kind: SiteTunnelKind, payload: &[u8]) -> Option<LayerStep<'_>> {
    match kind {
        SiteTunnelKind::Vxlan => vxlan(payload),
        SiteTunnelKind::Geneve => geneve(payload),
        SiteTunnelKind::Gre => tunnel::gre(payload).ok(),
        SiteTunnelKind::Gue => gue(payload),
    }
}

/// A tunnel that only its contents show: IP right behind UDP (foo over UDP), or VXLAN.
fn at_any_port(payload: &[u8]) -> Option<LayerStep<'_>> {
    const VXLAN_HEADER: usize = 8;
    const ETHERNET_HEADER: usize = 14;
    if !may_hold_ip(payload) {
        return None;
    }
    ip::unannounced(payload).or_else(|| {
        let inside = payload.get(VXLAN_HEADER + ETHERNET_HEADER..)?;
        ip::unannounced(inside)?;
        vxlan(payload)
    })
}

#[inline(never)]
fn at_port(port: u16, payload: &[u8]) -> Result<Option<LayerStep<'_>>, Stop> {
    Ok(match port {
        port::L2TP => return l2tp::over_udp(payload),
        port::VXLAN | port::OLD_VXLAN => vxlan(payload),
        port::VXLAN_GPE => vxlan_gpe(payload),
        port::GENEVE => geneve(payload),
        port::GRE => tunnel::gre(payload).ok(),
        port::GRE_DTLS if is_dtls(payload) => return Err(DecodeStop::Encrypted.into()),
        port::GUE => gue(payload),
        port::CAPWAP_DATA => capwap::data(payload)?,
        port::GTP_U if is_gtp_signalling(payload) => return Err(DecodeStop::Signalling.into()),
        port::GTP_U => gtp_u(payload),
        port::TEREDO => teredo(payload),
        port::TZSP => tzsp(payload),
        _ => None,
    })
}

/// A record of DTLS (RFC 9147 §4): its kind, and the version.
fn is_dtls(payload: &[u8]) -> bool {
    matches!(payload, [20..=23, 0xfe, 0xfd | 0xff, ..])
}

/// GUE (draft-ietf-intarea-gue-09 §3): version, control bit, words of extensions, protocol of IP.
/// Version 1 is IP itself.
fn gue(payload: &[u8]) -> Option<LayerStep<'_>> {
    const VERSION: u8 = 0xc0;
    const CONTROL: u8 = 0x20;
    const LENGTH: u8 = 0x1f;
    let (head, rest) = payload.split_first_chunk::<4>()?;
    if head[0] & VERSION != 0 {
        return ip::unannounced(payload);
    }
    if head[0] & CONTROL != 0 {
        return None;
    }
    let rest = rest.get(4 * usize::from(head[0] & LENGTH)..)?;
    match head[1] {
        protocol::IPV4 => Some(LayerStep::new(Layer::Ipv4, rest)),
        protocol::IPV6 => Some(LayerStep::new(Layer::Ipv6, rest)),
        protocol::GRE => tunnel::gre(rest).ok(),
        protocol::ETHER_IP => tunnel::ether_ip(rest).ok(),
        _ => None,
    }
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
        4 => return tag::nsh(rest).ok(),
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

    /// IPv4 from 10.0.0.1 to 10.0.0.2 without payload.
    const IPV4: [u8; 20] =
        [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0x66, 0xe2, 10, 0, 0, 1, 10, 0, 0, 2];

    fn find(payload: &[u8], ports: [u16; 2]) -> Result<Option<LayerStep<'_>>, Stop> {
        match is_possible(ports, payload, &SiteTunnels::default()) {
            true => super::find(ports, payload, &SiteTunnels::default()),
            false => Ok(None),
        }
    }

    fn layer(payload: &[u8], port: u16) -> Option<(Layer, usize)> {
        let step = find(payload, [40_000, port]).ok()??;
        Some((step.layer, step.bytes.len()))
    }

    fn ethernet(ether_type: [u8; 2], inside: &[u8]) -> Vec<u8> {
        [&[2; 12][..], &ether_type, inside].concat()
    }

    #[test]
    fn ip_right_behind_udp_is_a_tunnel_on_any_port_if_its_checksum_is_right() {
        assert_eq!(layer(&IPV4, 5555), Some((Layer::Ipv4, 20)));
        let mut damaged = IPV4;
        damaged[12] = 11;
        assert_eq!(layer(&damaged, 5555), None);
        assert_eq!(layer(&[&IPV4[..], &[0]].concat(), 5555), None, "a byte too long");
        let ipv6 = [&[0x60, 0, 0, 0, 0, 0, 59, 64][..], &[0; 32]].concat();
        assert_eq!(layer(&ipv6, 5555), Some((Layer::Ipv6, 40)));
    }

    #[test]
    fn vxlan_is_found_on_any_port_by_the_packet_inside() {
        let frame = ethernet([0x08, 0x00], &IPV4);
        let vxlan = [&[0x08, 0, 0, 0, 0, 0, 7, 0][..], &frame].concat();
        assert_eq!(layer(&vxlan, 4788), Some((Layer::Ethernet, 34)));
        let other = [&[0x08, 0, 0, 0, 0, 0, 7, 0][..], &[9; 34]].concat();
        assert_eq!(layer(&other, 4788), None);
    }

    #[test]
    fn a_port_of_the_site_needs_no_ip_inside() {
        let site = SiteTunnels::new(vec![
            SiteTunnel { port: 7000, kind: SiteTunnelKind::Geneve },
            SiteTunnel { port: 7001, kind: SiteTunnelKind::Vxlan },
        ]);
        let step = |payload: &[u8], port: u16| {
            super::find([1, port], payload, &site).ok().flatten().map(|step| step.layer)
        };
        let arp = ethernet([0x08, 0x06], &[0; 28]);
        let geneve = [&[0, 0, 0x65, 0x58, 0, 0, 7, 0][..], &arp].concat();
        let vxlan = [&[0x08, 0, 0, 0, 0, 0, 7, 0][..], &arp].concat();
        assert_eq!(step(&geneve, 7000), Some(Layer::EtherType(0x6558)));
        assert_eq!(step(&vxlan, 7001), Some(Layer::Ethernet));
        assert_eq!(step(&vxlan, 7002), None);
    }

    #[test]
    fn gue_names_the_protocol_or_is_ip_itself() {
        assert_eq!(layer(&[&[0x00, 4, 0, 0][..], &IPV4].concat(), 6080), Some((Layer::Ipv4, 20)));
        let extended = [&[0x01, 41, 0, 0, 9, 9, 9, 9][..], &[0x60]].concat();
        assert_eq!(layer(&extended, 6080), Some((Layer::Ipv6, 1)));
        assert_eq!(layer(&IPV4, 6080), Some((Layer::Ipv4, 20)));
        assert_eq!(layer(&[0x20, 4, 0, 0, 0x45], 6080), None, "control");
    }

    #[test]
    fn gre_in_udp_is_read_and_its_dtls_named() {
        let gre = [&[0, 0, 0x08, 0x00][..], &IPV4].concat();
        assert_eq!(layer(&gre, 4754), Some((Layer::EtherType(0x0800), 20)));
        let dtls = find(&[23, 0xfe, 0xfd, 0], [1, 4755]).err();
        assert_eq!(dtls, Some(DecodeStop::Encrypted.into()));
    }

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
        assert_eq!(find(&echo, [2152, 2152]).err(), Some(DecodeStop::Signalling.into()));
        assert!(matches!(find(&echo[..11], [2152, 2152]), Ok(None)));
        assert!(matches!(find(&echo, [9, 9]), Ok(None)), "another port");
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
            &[&[1, 0, 0, 1][..], &[0; 1000], &[1, 7]].concat(), // nothing but padding
        ] {
            assert_eq!(tzsp(payload).map(|step| step.layer), None, "{payload:x?}");
        }
    }
}
