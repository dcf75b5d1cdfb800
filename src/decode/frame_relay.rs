//! Frame relay: addresses of two to four bytes, then IP by its NLPID, or an EtherType.

use super::layer::{Layer, LayerStep};
use super::stats::DecodeStop;
use super::stop::Stop;

/// A frame without flags and checksum (RFC 2427 §3, §4).
pub(super) fn frame(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
    /// The last byte of an address has this bit.
    const LAST: u8 = 0x01;
    const MAX_ADDRESS: usize = 4;
    /// High byte of the smallest EtherType.
    const MIN_ETHER_TYPE: u8 = 0x06;
    const UNNUMBERED: u8 = 0x03;
    /// Network-layer protocol identifiers (ISO/IEC TR 9577).
    const SNAP: u8 = 0x80;
    const IPV4: u8 = 0xcc;
    const IPV6: u8 = 0x8e;
    let address = bytes.iter().take(MAX_ADDRESS).position(|byte| byte & LAST != 0);
    let length = address.ok_or(DecodeStop::LinkMalformed)? + 1;
    match &bytes[length..] {
        // A zero pads what follows to an even place.
        [UNNUMBERED, 0, SNAP, snap @ ..] | [UNNUMBERED, SNAP, snap @ ..] => snap_header(snap),
        [UNNUMBERED, IPV4, rest @ ..] => Ok(LayerStep::new(Layer::Ipv4, rest)),
        [UNNUMBERED, IPV6, rest @ ..] => Ok(LayerStep::new(Layer::Ipv6, rest)),
        // Cisco's own framing: an EtherType follows the address.
        [high, low, rest @ ..] if *high >= MIN_ETHER_TYPE => {
            Ok(LayerStep::new(Layer::EtherType(u16::from_be_bytes([*high, *low])), rest))
        }
        [_, _, ..] => Err(DecodeStop::NotIp.into()),
        _ => Err(DecodeStop::LinkTruncated.into()),
    }
}

/// Organisation and protocol. Bridged frames come with (1) or without (7) their checksum.
fn snap_header(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
    match bytes {
        [0x00, 0x80, 0xc2, 0x00, 0x01 | 0x07, frame @ ..] => {
            Ok(LayerStep::new(Layer::Ethernet, frame))
        }
        _ => {
            const HEADER: usize = 5;
            let (header, rest) =
                bytes.split_first_chunk::<HEADER>().ok_or(DecodeStop::LinkTruncated)?;
            match header {
                [0, 0, 0, high, low] => {
                    Ok(LayerStep::new(Layer::EtherType(u16::from_be_bytes([*high, *low])), rest))
                }
                _ => Err(DecodeStop::NotIp.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(bytes: &[u8]) -> Result<Layer, DecodeStop> {
        frame(bytes).map(|step| step.layer).map_err(|stop| stop.reason)
    }

    #[test]
    fn the_protocol_follows_an_address_of_two_to_four_bytes() {
        assert_eq!(layer(&[0x18, 0x41, 0x03, 0xcc, 0x45]), Ok(Layer::Ipv4));
        assert_eq!(layer(&[0x18, 0x40, 0x41, 0x03, 0x8e, 0x60]), Ok(Layer::Ipv6));
        assert_eq!(layer(&[0x18, 0x40, 0x40, 0x41, 0x08, 0x00]), Ok(Layer::EtherType(0x0800)));
    }

    #[test]
    fn snap_names_an_ether_type_or_a_bridged_frame() {
        let ip = [0x18, 0x41, 0x03, 0x00, 0x80, 0, 0, 0, 0x86, 0xdd];
        assert_eq!(layer(&ip), Ok(Layer::EtherType(0x86dd)));
        let bridged = [0x18, 0x41, 0x03, 0x00, 0x80, 0x00, 0x80, 0xc2, 0x00, 0x07, 2];
        assert_eq!(layer(&bridged), Ok(Layer::Ethernet));
    }

    #[test]
    fn damaged_frames_are_named() {
        assert_eq!(layer(&[0x18, 0x40, 0x40, 0x40, 0x41]), Err(DecodeStop::LinkMalformed));
        assert_eq!(layer(&[0x18, 0x41, 0x03]), Err(DecodeStop::LinkTruncated));
        assert_eq!(layer(&[0x18, 0x41, 0x03, 0x08, 0]), Err(DecodeStop::NotIp), "LMI");
        assert_eq!(layer(&[]), Err(DecodeStop::LinkMalformed));
    }
}
