//! Tunnels inside IP: GRE with ERSPAN, EtherIP, and tunnels over UDP.
//!
//! A UDP port proves nothing, so a payload counts as a tunnel only if its header fits strictly.
//! Otherwise the packet is an ordinary UDP datagram.

use super::layer::{Layer, LayerStep, skip};
use super::link::{self, ethertype};
use super::stats::DecodeStop;
use super::stop::Stop;

/// GRE: RFC 2784 and RFC 2890 (version 0), RFC 1701 (its routing), RFC 2637 (version 1, PPTP).
pub(super) fn gre(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
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
    if version > 1 {
        return Err(DecodeStop::LinkMalformed.into());
    }
    let extra = has(CHECKSUM | ROUTING) + has(KEY) + has(SEQUENCE);
    let acknowledgement = if version == 1 { has(ACKNOWLEDGEMENT) } else { 0 };
    let mut rest =
        bytes.get(4 + 4 * (extra + acknowledgement)..).ok_or(DecodeStop::LinkTruncated)?;
    if flags & ROUTING != 0 {
        rest = after_routes(rest)?;
    }
    match protocol {
        ethertype::PPP if version == 1 && rest.is_empty() => Err(DecodeStop::Signalling.into()),
        ethertype::PPP => link::ppp(rest),
        ethertype::ERSPAN if has(SEQUENCE) == 0 => Ok(LayerStep::new(Layer::Ethernet, rest)), // type I
        ethertype::ERSPAN => Ok(LayerStep::new(Layer::Ethernet, skip(rest, 8)?)), // type II
        ethertype::ERSPAN3 => Ok(erspan3(rest)?),
        ethertype::WCCP => match rest.first().ok_or(DecodeStop::LinkTruncated)? >> 4 {
            4 => Ok(LayerStep::new(Layer::Ipv4, rest)),
            _ => Ok(LayerStep::new(Layer::Ipv4, skip(rest, 4)?)), // version 2's redirect header
        },
        other => Ok(LayerStep::new(Layer::EtherType(other), rest)),
    }
}

/// Skips source routes (RFC 1701): address family, offset, length and the route; zeros end them.
fn after_routes(mut bytes: &[u8]) -> Result<&[u8], DecodeStop> {
    /// Nobody sends more than a few.
    const MAX_ROUTES: usize = 16;
    for _ in 0..MAX_ROUTES {
        let (head, rest) = bytes.split_first_chunk::<4>().ok_or(DecodeStop::LinkTruncated)?;
        let &[f0, f1, _, length] = head;
        if [f0, f1, length] == [0; 3] {
            return Ok(rest);
        }
        bytes = skip(rest, usize::from(length))?;
    }
    Err(DecodeStop::TooDeep)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_gre_are_skipped() {
        // The checksum's place, a route of four bytes, the end.
        let head = [0x40, 0, 0x08, 0x00, 0, 0, 0, 0];
        let routes = [0x08, 0x00, 0, 4, 10, 0, 0, 9, 0, 0, 0, 0];
        let packet = [&head[..], &routes, &[0x45]].concat();
        let step = gre(&packet).unwrap();
        assert_eq!((step.layer, step.bytes), (Layer::EtherType(0x0800), &[0x45][..]));
        assert_eq!(gre(&packet[..15]).err(), Some(DecodeStop::LinkTruncated.into()));
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
