//! Tags that switches and taps put between the MAC addresses and the EtherType of a frame.
//!
//! A tag is announced by an EtherType of its own. A new one of fixed length is a line in [`FIXED`];
//! any other is a file here and a line in [`REGISTRY`]. A site describes a tag that is in neither as
//! `[[decode.tags]]`.

mod arista;
mod cisco_metadata;
mod macsec;
mod nsh;
mod trill;

pub(super) use nsh::nsh;

use super::layer::{self, Layer, LayerStep, ether_type_after};
use super::stats::DecodeStop;
use crate::model::site::SiteTag;

/// Reads what follows the EtherType of a tag.
type TagReader = fn(&[u8]) -> Result<LayerStep<'_>, DecodeStop>;

/// EtherTypes whose header has a reader of its own.
const REGISTRY: [(u16, TagReader); 8] = [
    (0x22f3, trill::trill),
    // IEEE 802.1ah (MAC-in-MAC): priority and service instance, then the customer's frame.
    (0x88e7, |bytes| frame_after(bytes, 4)),
    (0x88e5, macsec::macsec),
    // Cisco FabricPath: forwarding tag and time to live, then the frame.
    (0x8903, |bytes| frame_after(bytes, 2)),
    (0x8909, cisco_metadata::cisco_metadata),
    (0x894f, nsh::nsh),
    (0xd28b, arista::timestamp),
    // EDSA of Marvell's switches: two reserved bytes and the tag, then the EtherType.
    (0xdada, |bytes| ether_type_after(bytes, 6)),
];

/// EtherTypes of tags of fixed length, which the EtherType of the frame follows: bytes of the tag.
const FIXED: [(u16, usize); 5] = [
    (0x8926, 4), // VN-Tag (Cisco; it became 802.1BR)
    (0x892f, 4), // HSR (IEC 62439-3): path, size, sequence number
    (0x893f, 6), // E-Tag (IEEE 802.1BR §7.5)
    (0x8988, 6), // TTag: the time that Nexus 9000 and ACI leaves add
    (0xf1c1, 4), // R-TAG (IEEE 802.1CB §7.8): reserved, sequence number
];

/// Tags of fixed length that the configuration describes.
#[derive(Clone, Debug, Default)]
pub struct SiteTags(Vec<SiteTag>);

impl SiteTags {
    /// Tags of a site; the first of each EtherType counts.
    pub fn new(tags: Vec<SiteTag>) -> Self {
        SiteTags(tags)
    }

    fn length(&self, ether_type: u16) -> Option<usize> {
        self.0.iter().find(|tag| tag.ether_type == ether_type).map(|tag| tag.length)
    }
}

/// Steps over the tag that `ether_type` announces; `None` if it announces no known tag.
pub(super) fn skip<'a>(
    ether_type: u16,
    bytes: &'a [u8],
    site: &SiteTags,
) -> Option<Result<LayerStep<'a>, DecodeStop>> {
    let fixed = || FIXED.iter().find(|(value, _)| *value == ether_type).map(|(_, length)| *length);
    if let Some(length) = site.length(ether_type).or_else(fixed) {
        return Some(ether_type_after(bytes, length));
    }
    let (_, read) = REGISTRY.iter().find(|(value, _)| *value == ether_type)?;
    Some(read(bytes))
}

/// A tag of `length` bytes, then a whole frame.
fn frame_after(bytes: &[u8], length: usize) -> Result<LayerStep<'_>, DecodeStop> {
    Ok(LayerStep::new(Layer::Ethernet, layer::skip(bytes, length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(ether_type: u16, bytes: &[u8]) -> Option<Result<(Layer, usize), DecodeStop>> {
        let step = skip(ether_type, bytes, &SiteTags::default())?;
        Some(step.map(|step| (step.layer, step.bytes.len())))
    }

    #[test]
    fn every_tag_of_fixed_length_ends_with_an_ether_type() {
        for (ether_type, length) in FIXED {
            let mut bytes = vec![0; length];
            bytes.extend([0x08, 0x00, 0x45, 0x00]);
            let found = step(ether_type, &bytes);
            assert_eq!(found, Some(Ok((Layer::EtherType(0x0800), 2))), "{ether_type:#06x}");
            for cut in 0..length + 2 {
                let found = step(ether_type, &bytes[..cut]);
                assert_eq!(found, Some(Err(DecodeStop::LinkTruncated)), "{ether_type:#06x}");
            }
        }
    }

    #[test]
    fn mac_in_mac_and_fabric_path_hold_a_frame() {
        assert_eq!(step(0x88e7, &[0; 18]), Some(Ok((Layer::Ethernet, 14))));
        assert_eq!(step(0x8903, &[0; 16]), Some(Ok((Layer::Ethernet, 14))));
        assert_eq!(step(0x8903, &[0]), Some(Err(DecodeStop::LinkTruncated)));
    }

    #[test]
    fn a_tag_of_the_site_comes_before_the_known_ones() {
        let site = SiteTags::new(vec![
            SiteTag { ether_type: 0x9999, length: 2 },
            SiteTag { ether_type: 0x8926, length: 0 },
        ]);
        let layer = |value, bytes| skip(value, bytes, &site).map(|step| step.map(|s| s.layer));
        assert_eq!(layer(0x9999, &[7, 7, 0x86, 0xdd]), Some(Ok(Layer::EtherType(0x86dd))));
        assert_eq!(layer(0x8926, &[0x08, 0x06]), Some(Ok(Layer::EtherType(0x0806))));
        assert_eq!(layer(0x9998, &[0; 64]), None);
    }
}
