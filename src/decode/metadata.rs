//! Captures in which each packet comes after what the capturing machine knew of it: NFLOG, PKTAP.

use super::stats::Stop;
use crate::model::packet::LinkType;

/// The IP packet in a message of Linux's netfilter log
/// (<https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html>): address family, version, resource,
/// then attributes with length and type in the byte order of the capturing machine.
pub(super) fn nflog(bytes: &[u8]) -> Result<&[u8], Stop> {
    /// `NFULA_PAYLOAD`; all types are small, so the zero byte tells the byte order.
    const PAYLOAD: u8 = 9;
    const HEADER: usize = 4;
    /// There are about twenty types, each at most once.
    const MAX_ATTRIBUTES: usize = 32;
    let (header, mut rest) = bytes.split_first_chunk::<HEADER>().ok_or(Stop::LinkTruncated)?;
    if header[1] != 0 {
        return Err(Stop::LinkMalformed);
    }
    for _ in 0..MAX_ATTRIBUTES {
        let attribute = rest.first_chunk::<HEADER>().ok_or(Stop::LinkTruncated)?;
        let (kind, length) = match *attribute {
            [low, high, kind, 0] => (kind, u16::from_le_bytes([low, high])),
            [high, low, 0, kind] => (kind, u16::from_be_bytes([high, low])),
            _ => return Err(Stop::LinkMalformed),
        };
        let length = usize::from(length);
        if length < HEADER {
            return Err(Stop::LinkMalformed);
        }
        if kind == PAYLOAD {
            // The last attribute; a snap length may have cut it.
            return Ok(&rest[HEADER..length.min(rest.len())]);
        }
        rest = rest.get(length.next_multiple_of(HEADER)..).ok_or(Stop::LinkTruncated)?;
    }
    Err(Stop::LinkMalformed)
}

/// The frame in a packet of Darwin's PKTAP, and its link type
/// (<https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html>): length of the header, kind of record,
/// link type, and more that is skipped.
pub(super) fn pktap(bytes: &[u8]) -> Result<(LinkType, &[u8]), Stop> {
    let field = |offset: usize| {
        let field = bytes.get(offset..)?.first_chunk()?;
        Some(u32::from_le_bytes(*field))
    };
    let (Some(length), Some(link)) = (field(0), field(8)) else { return Err(Stop::LinkTruncated) };
    let frame = bytes.get(length as usize..).ok_or(Stop::LinkTruncated)?;
    let link = u16::try_from(link).map_or(Err(Stop::LinkType), |link| Ok(LinkType(link)))?;
    // The header may not say that it comes again.
    if link == LinkType::PKTAP { Err(Stop::LinkType) } else { Ok((link, frame)) }
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
            (&[2, 0, 0][..], Stop::LinkTruncated),
            (&[2, 1, 0, 1, 4, 0, 9, 0], Stop::LinkMalformed), // version 1
            (&[2, 0, 0, 1], Stop::LinkTruncated),
            (&[2, 0, 0, 1, 3, 0, 10, 0], Stop::LinkMalformed), // shorter than its header
            (&[2, 0, 0, 1, 9, 0, 10, 0, 0], Stop::LinkTruncated),
            (&[2, 0, 0, 1, 4, 0, 10, 10], Stop::LinkMalformed), // no such type
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
        assert_eq!(pktap(&header), Err(Stop::LinkType));
        header[0] = 109;
        assert_eq!(pktap(&header), Err(Stop::LinkTruncated));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = nflog(&bytes);
            let _ = nflog(&[&[2, 0, 0, 1], &bytes[..]].concat());
            let _ = pktap(&bytes);
        }
    }
}
