//! Tags between a switch chip and its processor: four bytes behind the MAC addresses, announced by the
//! link type alone (Marvell's DSA, Broadcom's).

use super::layer::{LayerStep, ether_type_after};
use super::stats::DecodeStop;
use crate::model::{LinkInfo, MacAddr};

/// A frame whose tag stands between addresses and EtherType
/// (<https://www.tcpdump.org/linktypes/LINKTYPE_DSA_TAG_DSA.html>).
pub(super) fn dsa<'a>(bytes: &'a [u8], link: &mut LinkInfo) -> Result<LayerStep<'a>, DecodeStop> {
    /// The tag goes on for four bytes.
    const EXTENDED: u8 = 0x10;
    /// The tag stands in for a VLAN tag that the frame had.
    const TAGGED: u8 = 0x20;
    const VLAN: u16 = 0x0fff;
    let tag = bytes.get(12..16).ok_or(DecodeStop::LinkTruncated)?;
    let length = if tag[2] & EXTENDED != 0 { 8 } else { 4 };
    let step = after_addresses(bytes, length, link)?;
    if tag[0] & TAGGED != 0 {
        link.push_vlan(u16::from_be_bytes([tag[2], tag[3]]) & VLAN);
    }
    Ok(step)
}

/// A frame with a tag of `length` bytes between addresses and EtherType.
pub(super) fn after_addresses<'a>(
    bytes: &'a [u8],
    length: usize,
    link: &mut LinkInfo,
) -> Result<LayerStep<'a>, DecodeStop> {
    let (addresses, rest) = bytes.split_first_chunk::<12>().ok_or(DecodeStop::LinkTruncated)?;
    let &[_, _, _, _, _, _, a, b, c, d, e, f] = addresses;
    *link = LinkInfo::from_mac(MacAddr([a, b, c, d, e, f]));
    ether_type_after(rest, length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::layer::Layer;

    #[test]
    fn a_dsa_tag_is_stepped_over_and_its_vlan_kept() {
        let mut link = LinkInfo::NONE;
        let frame = [&[2; 12][..], &[0xe0, 0x08, 0x00, 0x2a, 0x08, 0x00, 0x45]].concat();
        let step = dsa(&frame, &mut link).unwrap();
        assert_eq!((step.layer, step.bytes), (Layer::EtherType(0x0800), &[0x45][..]));
        assert_eq!((link.src_mac(), link.innermost_vlan()), (Some(MacAddr([2; 6])), Some(42)));
        let extended = [&[2; 12][..], &[0xc0, 0x08, 0x10, 1, 0, 0, 0, 0, 0x86, 0xdd]].concat();
        let step = dsa(&extended, &mut link).unwrap();
        assert_eq!((step.layer, link.innermost_vlan()), (Layer::EtherType(0x86dd), None));
    }

    #[test]
    fn a_cut_tag_is_told() {
        for length in 0..18 {
            let found = dsa(&[0; 18][..length], &mut { LinkInfo::NONE });
            assert_eq!(found.err(), Some(DecodeStop::LinkTruncated));
        }
    }
}
