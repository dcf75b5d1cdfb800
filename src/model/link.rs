//! What the layers below IP show about the sender of a packet.

use minewatch_record::MacAddr;

/// The sender's MAC address and the VLAN tags around the innermost IP packet.
///
/// In a tunnel that carries Ethernet (VXLAN, GENEVE, ERSPAN, TZSP, GRE bridging) they are those of
/// the inner frame, because the mirrored hosts sent that one.
///
/// The size is 11 bytes, because every flow holds two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkInfo {
    /// The sender's MAC address; all zero if unknown (loopback devices, or no address at all).
    mac: MacAddr,
    /// From the lowest bits up: the number of VLAN identifiers, then the identifiers, outermost
    /// first.
    tags: [u8; 5],
}

/// Bits per VLAN identifier (IEEE 802.1Q §9.6).
const VLAN_BITS: usize = 12;
/// Bits of the number of identifiers.
const COUNT_BITS: usize = 2;

impl LinkInfo {
    /// Most VLAN tags kept per packet; deeper ones are skipped. QinQ needs two.
    pub const MAX_VLANS: usize = 3;

    /// No address and no tags.
    pub const NONE: LinkInfo = LinkInfo::from_mac(MacAddr([0; 6]));

    /// Creates the information of an untagged frame from `src`.
    #[inline]
    pub const fn from_mac(src: MacAddr) -> Self {
        LinkInfo { mac: src, tags: [0; 5] }
    }

    /// Returns the sender's MAC address, or `None` if it is unknown.
    pub fn src_mac(&self) -> Option<MacAddr> {
        (self.mac != LinkInfo::NONE.mac).then_some(self.mac)
    }

    /// Returns whether there are VLAN tags.
    #[inline]
    pub fn is_tagged(&self) -> bool {
        self.tags != LinkInfo::NONE.tags
    }

    /// Returns the VLAN identifiers, outermost first.
    pub fn vlans(&self) -> impl DoubleEndedIterator<Item = u16> {
        let tags = self.tag_bits();
        (0..count(tags)).map(move |index| {
            (tags >> (COUNT_BITS + index * VLAN_BITS)) as u16 & ((1 << VLAN_BITS) - 1)
        })
    }

    /// Returns the innermost VLAN identifier that was kept.
    #[inline(never)]
    pub fn innermost_vlan(&self) -> Option<u16> {
        self.vlans().next_back()
    }

    /// Adds a tag; ignores tags beyond [`LinkInfo::MAX_VLANS`].
    pub fn push_vlan(&mut self, id: u16) {
        let tags = self.tag_bits();
        let count = count(tags);
        if count < LinkInfo::MAX_VLANS {
            let id = u64::from(id) & ((1 << VLAN_BITS) - 1);
            let place = COUNT_BITS + count * VLAN_BITS;
            let [tags @ .., _, _, _] = ((tags + 1) | (id << place)).to_le_bytes();
            self.tags = tags;
        }
    }

    fn tag_bits(&self) -> u64 {
        let [a, b, c, d, e] = self.tags;
        u64::from_le_bytes([a, b, c, d, e, 0, 0, 0])
    }
}

fn count(tags: u64) -> usize {
    tags as usize & ((1 << COUNT_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_first_tags_are_kept() {
        let mac = MacAddr([2, 0, 0x5e, 0x10, 0, 0xff]);
        let mut link = LinkInfo::from_mac(mac);
        assert!(!link.is_tagged());
        assert_eq!((link.src_mac(), link.vlans().next()), (Some(mac), None));
        for id in [0xf07b, 200, 300, 400] {
            link.push_vlan(id);
        }
        assert!(link.is_tagged());
        assert_eq!(link.src_mac(), Some(mac));
        assert_eq!(link.vlans().collect::<Vec<_>>(), [123, 200, 300]);
        assert_eq!(LinkInfo::default().src_mac(), None);
    }

    #[test]
    fn a_priority_tag_is_a_tag() {
        let mut link = LinkInfo::NONE;
        link.push_vlan(0);
        assert!(link.is_tagged());
        assert_eq!(link.vlans().collect::<Vec<_>>(), [0]);
    }
}
