//! Captures in which a header with metadata of the capturing machine precedes each packet: NFLOG,
//! PFLOG, ENC, PKTAP, PPI, Juniper's.

use super::layer::{Layer, LayerStep};
use super::link;
use super::stats::DecodeStop;
use super::stop::Stop;
use crate::model::packet::LinkType;

/// Returns the IP packet in a message of Linux's netfilter log
/// (<https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html>).
///
/// The message has address family, version and resource, then attributes with length and type in
/// the byte order of the capturing machine.
pub(super) fn nflog(bytes: &[u8]) -> Result<&[u8], DecodeStop> {
    /// `NFULA_PAYLOAD`. All types are below 256, so their zero byte shows the byte order.
    const PAYLOAD: u8 = 9;
    const HEADER: usize = 4;
    /// There are about twenty types, and each occurs at most once.
    const MAX_ATTRIBUTES: usize = 32;
    let (header, mut rest) =
        bytes.split_first_chunk::<HEADER>().ok_or(DecodeStop::LinkTruncated)?;
    if header[1] != 0 {
        return Err(DecodeStop::LinkMalformed);
    }
    for _ in 0..MAX_ATTRIBUTES {
        let attribute = rest.first_chunk::<HEADER>().ok_or(DecodeStop::LinkTruncated)?;
        let (kind, length) = match *attribute {
            [low, high, kind, 0] => (kind, u16::from_le_bytes([low, high])),
            [high, low, 0, kind] => (kind, u16::from_be_bytes([high, low])),
            _ => return Err(DecodeStop::LinkMalformed),
        };
        let length = usize::from(length);
        if length < HEADER {
            return Err(DecodeStop::LinkMalformed);
        }
        if kind == PAYLOAD {
            // The payload is the last attribute; a snap length may have cut it.
            return Ok(&rest[HEADER..length.min(rest.len())]);
        }
        rest = rest.get(length.next_multiple_of(HEADER)..).ok_or(DecodeStop::LinkTruncated)?;
    }
    Err(DecodeStop::LinkMalformed)
}

/// Returns the frame in a packet of Darwin's PKTAP, and its link type
/// (<https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html>).
///
/// The header has its own length, the kind of record, the link type, and more that is skipped.
pub(super) fn pktap(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    let field = |offset: usize| {
        let field = bytes.get(offset..)?.first_chunk()?;
        Some(u32::from_le_bytes(*field))
    };
    let (Some(length), Some(link)) = (field(0), field(8)) else {
        return Err(DecodeStop::LinkTruncated);
    };
    let frame = bytes.get(length as usize..).ok_or(DecodeStop::LinkTruncated)?;
    let link = u16::try_from(link).map_or(Err(DecodeStop::LinkType), |link| Ok(LinkType(link)))?;
    // PKTAP inside PKTAP is not supported.
    match link {
        LinkType::PKTAP => Err(DecodeStop::LinkType),
        link => Ok(LayerStep::new(Layer::Link(link), frame)),
    }
}

/// Returns the frame in a packet with per-packet information (CACE's PPI 1.0.10 §3).
///
/// The header has version 0, flags, the length of the header with its fields, and the link type.
pub(super) fn ppi(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    const HEADER: usize = 8;
    let (header, _) = bytes.split_first_chunk::<HEADER>().ok_or(DecodeStop::LinkTruncated)?;
    let &[version, _, l0, l1, t0, t1, t2, t3] = header;
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    if version != 0 || length < HEADER {
        return Err(DecodeStop::LinkMalformed);
    }
    let frame = bytes.get(length..).ok_or(DecodeStop::LinkTruncated)?;
    match u16::try_from(u32::from_le_bytes([t0, t1, t2, t3])).map(LinkType) {
        Ok(LinkType::PPI) | Err(_) => Err(DecodeStop::LinkType),
        Ok(link) => Ok(LayerStep::new(Layer::Link(link), frame)),
    }
}

/// Returns the IP packet after the header of pf's log (`pfloghdr` of the BSDs).
///
/// The header's first byte is its length without the padding at its end.
pub(super) fn pflog(bytes: &[u8]) -> Result<&[u8], DecodeStop> {
    /// Bytes of the oldest header, which ends after the direction. No header is shorter.
    const MIN_LENGTH: usize = 45;
    let length = usize::from(*bytes.first().ok_or(DecodeStop::LinkTruncated)?);
    if length < MIN_LENGTH {
        return Err(DecodeStop::LinkMalformed);
    }
    bytes.get(length.next_multiple_of(4)..).ok_or(DecodeStop::LinkTruncated)
}

/// Returns the IP packet in a capture of a BSD's `enc` interface.
///
/// The interface shows packets outside IPsec, each after a header with address family, SPI and
/// flags.
pub(super) fn enc(bytes: &[u8]) -> Result<&[u8], DecodeStop> {
    bytes.get(12..).ok_or(DecodeStop::LinkTruncated)
}

/// Returns the frame in a capture of a Juniper router's Ethernet interface
/// (<https://www.tcpdump.org/linktypes/LINKTYPE_JUNIPER_ETHER.html>).
///
/// The header has "MGC", flags, and extensions with their length. Packets of the router itself have
/// a protocol number instead of an Ethernet header.
pub(super) fn juniper_ether(bytes: &[u8]) -> Result<LayerStep<'_>, Stop> {
    const NO_LINK_LAYER: u8 = 0x02;
    const EXTENSIONS: u8 = 0x80;
    let (header, mut rest) = bytes.split_first_chunk::<4>().ok_or(DecodeStop::LinkTruncated)?;
    let &[b'M', b'G', b'C', flags] = header else {
        return Err(DecodeStop::LinkMalformed.into());
    };
    if flags & EXTENSIONS != 0 {
        let (length, after) = rest.split_first_chunk().ok_or(DecodeStop::LinkTruncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        rest = after.get(length..).ok_or(DecodeStop::LinkTruncated)?;
    }
    match flags & NO_LINK_LAYER {
        0 => Ok(LayerStep::new(Layer::Ethernet, rest)),
        _ => link::ip(rest.get(4..).ok_or(DecodeStop::LinkTruncated)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{DecodeOptions, Decoder};
    use crate::model::segment::SegmentHead;
    use crate::model::{Packet, Timestamp};
    use proptest::prelude::*;

    /// UDP from 10.0.0.1:7 to 10.0.0.2:9 with the payload "hi".
    const IP: [u8; 30] = [
        0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
        0, 7, 0, 9, 0, 10, 0, 0, b'h', b'i', // UDP
    ];

    fn payload(link: LinkType, bytes: &[u8]) -> Option<Vec<u8>> {
        let wire_len = bytes.len() as u32;
        let packet = Packet { number: 1, time: Timestamp::ZERO, link, wire_len, bytes };
        let mut decoder = Decoder::new(DecodeOptions::default());
        let payload = decoder.decode(&packet, &mut { SegmentHead::BLANK })?;
        Some(payload.bytes(&decoder).to_vec())
    }

    #[test]
    fn the_payload_of_nflog_is_found_in_both_byte_orders() {
        let little = [
            &[2, 0, 0, 1][..],          // AF_INET, version 0, group 1
            &[5, 0, 10, 0, 0, 0, 0, 0], // a prefix of one byte, and padding
            &[34, 0, 9, 0],
            &IP,
        ];
        let big = [&[2, 0, 0, 1][..], &[0, 5, 0, 10, 0, 0, 0, 0], &[0, 34, 0, 9], &IP];
        for parts in [little, big] {
            assert_eq!(payload(LinkType::NFLOG, &parts.concat()).as_deref(), Some(&b"hi"[..]));
        }
    }

    #[test]
    fn nflog_without_a_payload_or_with_broken_attributes_is_refused() {
        for (bytes, stop) in [
            (&[2, 0, 0][..], DecodeStop::LinkTruncated),
            (&[2, 1, 0, 1, 4, 0, 9, 0], DecodeStop::LinkMalformed), // version 1
            (&[2, 0, 0, 1], DecodeStop::LinkTruncated),
            (&[2, 0, 0, 1, 3, 0, 10, 0], DecodeStop::LinkMalformed), // shorter than its header
            (&[2, 0, 0, 1, 9, 0, 10, 0, 0], DecodeStop::LinkTruncated),
            (&[2, 0, 0, 1, 4, 0, 10, 10], DecodeStop::LinkMalformed), // no such type
        ] {
            assert_eq!(nflog(bytes), Err(stop), "{bytes:x?}");
        }
    }

    #[test]
    fn pktap_tells_the_link_type_of_its_frame() {
        let mut header = vec![0; 108];
        header[0] = 108;
        header[8] = LinkType::RAW.0 as u8;
        let frame = [&header[..], &IP].concat();
        assert_eq!(payload(LinkType::PKTAP, &frame).as_deref(), Some(&b"hi"[..]));
        header[8..10].copy_from_slice(&LinkType::PKTAP.0.to_le_bytes());
        assert_eq!(pktap(&header).err(), Some(DecodeStop::LinkType));
        header[0] = 109;
        assert_eq!(pktap(&header).err(), Some(DecodeStop::LinkTruncated));
    }

    #[test]
    fn ppi_tells_the_link_type_of_its_frame() {
        let ppi_of = |link: u8, length: u8| [0, 0, length, 0, link, 0, 0, 0, 9, 9, 0, 0];
        let frame = [&ppi_of(LinkType::RAW.0 as u8, 12)[..], &IP].concat();
        assert_eq!(payload(LinkType::PPI, &frame).as_deref(), Some(&b"hi"[..]));
        for (header, stop) in [
            (ppi_of(LinkType::PPI.0 as u8, 12), DecodeStop::LinkType),
            (ppi_of(1, 7), DecodeStop::LinkMalformed), // shorter than itself
            (ppi_of(1, 13), DecodeStop::LinkTruncated),
        ] {
            assert_eq!(ppi(&header).err(), Some(stop), "{header:x?}");
        }
    }

    #[test]
    fn packets_that_a_firewall_logged_are_found_behind_the_padding() {
        for length in [48, 61, 64, 100] {
            let mut packet = vec![0; usize::from(length).next_multiple_of(4)];
            packet[0] = length;
            packet.extend(IP);
            assert_eq!(payload(LinkType::PFLOG, &packet).as_deref(), Some(&b"hi"[..]), "{length}");
        }
        assert_eq!(pflog(&[4, 2, 0, 0, 0x45]), Err(DecodeStop::LinkMalformed));
        assert_eq!(pflog(&[61; 63]), Err(DecodeStop::LinkTruncated));
    }

    #[test]
    fn packets_outside_ipsec_are_found() {
        let packet = [&[2, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0x18, 0][..], &IP].concat();
        assert_eq!(payload(LinkType::ENC, &packet).as_deref(), Some(&b"hi"[..]));
    }

    #[test]
    fn juniper_has_extensions_and_may_lack_ethernet() {
        let ethernet = [0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00];
        for before in [
            [&b"MGC\x01"[..], &ethernet].concat(),
            [&b"MGC\x81"[..], &[0, 3, 2, 1, 9], &ethernet].concat(), // one extension
            [&b"MGC\x02"[..], &[2, 0, 0, 0]].concat(),
        ] {
            let frame = [&before[..], &IP].concat();
            let found = payload(LinkType::JUNIPER_ETHER, &frame);
            assert_eq!(found.as_deref(), Some(&b"hi"[..]), "{before:x?}");
        }
        assert_eq!(juniper_ether(b"MGD\x01").err(), Some(DecodeStop::LinkMalformed.into()));
        assert_eq!(juniper_ether(b"MGC\x80\0\x01").err(), Some(DecodeStop::LinkTruncated.into()));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = nflog(&bytes);
            let _ = nflog(&[&[2, 0, 0, 1], &bytes[..]].concat());
            let _ = (pktap(&bytes), ppi(&bytes), pflog(&bytes), enc(&bytes));
            let _ = juniper_ether(&[b"MGC", &bytes[..]].concat());
        }
    }
}
