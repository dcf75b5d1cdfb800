//! The network service header (RFC 8300 §2), behind an EtherType or in VXLAN-GPE.

use crate::decode::layer::{Layer, LayerStep};
use crate::decode::stats::DecodeStop;

/// Version, length of the header in words, kind of metadata, next protocol, service path, metadata.
pub(in crate::decode) fn nsh(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    const VERSION: u8 = 0xc0;
    const LENGTH: u8 = 0x3f;
    /// The base header and the service path.
    const MIN_WORDS: usize = 2;
    let (head, _) = bytes.split_first_chunk::<4>().ok_or(DecodeStop::LinkTruncated)?;
    let words = usize::from(head[1] & LENGTH);
    if head[0] & VERSION != 0 || words < MIN_WORDS {
        return Err(DecodeStop::LinkMalformed);
    }
    let rest = bytes.get(4 * words..).ok_or(DecodeStop::LinkTruncated)?;
    // Next protocols (IANA "NSH Next Protocol").
    let layer = match head[3] {
        1 => Layer::Ipv4,
        2 => Layer::Ipv6,
        3 => Layer::Ethernet,
        4 => Layer::EtherType(0x894f),
        5 => Layer::EtherType(0x8847),
        _ => return Err(DecodeStop::NotUnderstood),
    };
    Ok(LayerStep::new(layer, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_protocol_follows_the_metadata() {
        let layer = |bytes: &[u8]| nsh(bytes).map(|step| (step.layer, step.bytes.len()));
        // Metadata of type 1: four words.
        let ethernet = [&[0x0f, 0xc6, 0x01, 0x03][..], &[0; 20], &[7; 14]].concat();
        assert_eq!(layer(&ethernet), Ok((Layer::Ethernet, 14)));
        let ipv4 = [0x00, 0x02, 0x02, 0x01, 0, 0, 1, 255, 0x45];
        assert_eq!(layer(&ipv4), Ok((Layer::Ipv4, 1)));
        assert_eq!(layer(&[0x00, 0x01, 2, 1, 0, 0, 0, 0]), Err(DecodeStop::LinkMalformed));
        assert_eq!(layer(&[0x40, 0x02, 2, 1, 0, 0, 0, 0]), Err(DecodeStop::LinkMalformed));
        assert_eq!(layer(&[0x00, 0x02, 2, 9, 0, 0, 0, 0]), Err(DecodeStop::NotUnderstood));
        assert_eq!(layer(&[0x00, 0x02, 2, 1, 0]), Err(DecodeStop::LinkTruncated));
    }
}
