//! What the layers below IP tell about the sender of a packet.

use std::fmt;

/// An IEEE 802 MAC address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddr(pub [u8; 6]);

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl serde::Serialize for MacAddr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Addresses and tags around the innermost IP packet.
///
/// Inside a tunnel that carries Ethernet (VXLAN, GENEVE, ERSPAN, GRE bridging) the inner frame
/// counts, since that is what the mirrored hosts sent.
///
/// Two words: there is one in every segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkInfo {
    /// The sender's MAC address, and above it [`HAS_MAC`].
    mac: u64,
    /// VLAN identifiers (12 bits each), outermost first, and their number.
    tags: [u16; LinkInfo::MAX_VLANS + 1],
}

/// Set where the link layer shows an address.
const HAS_MAC: u64 = 1 << 48;

impl LinkInfo {
    /// Tags kept for the report; deeper ones are peeled but not remembered. QinQ needs two.
    pub const MAX_VLANS: usize = 3;

    /// Where the link layer tells nothing.
    pub const NONE: LinkInfo = LinkInfo { mac: 0, tags: [0; LinkInfo::MAX_VLANS + 1] };

    /// Of a frame from `src`, without tags.
    #[inline]
    pub const fn from_mac(src: MacAddr) -> Self {
        let [a, b, c, d, e, f] = src.0;
        let mac = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        LinkInfo { mac: HAS_MAC | mac, tags: [0; LinkInfo::MAX_VLANS + 1] }
    }

    /// The sender's address.
    pub fn src_mac(&self) -> Option<MacAddr> {
        let [_, _, a, b, c, d, e, f] = self.mac.to_be_bytes();
        (self.mac & HAS_MAC != 0).then_some(MacAddr([a, b, c, d, e, f]))
    }

    /// The VLAN identifiers, outermost first.
    pub fn vlans(&self) -> &[u16] {
        let [tags @ .., count] = &self.tags;
        tags.get(..usize::from(*count)).unwrap_or(tags)
    }

    /// Remembers one more tag; silently ignores those beyond [`LinkInfo::MAX_VLANS`].
    pub fn push_vlan(&mut self, id: u16) {
        let [tags @ .., count] = &mut self.tags;
        if let Some(tag) = tags.get_mut(usize::from(*count)) {
            *tag = id & 0x0fff;
            *count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_first_tags_are_kept() {
        let mac = MacAddr([2, 0, 0x5e, 0x10, 0, 0xff]);
        let mut link = LinkInfo::from_mac(mac);
        assert_eq!((link.src_mac(), link.vlans()), (Some(mac), &[][..]));
        for id in [0xf07b, 200, 300, 400] {
            link.push_vlan(id);
        }
        assert_eq!((link.src_mac(), link.vlans()), (Some(mac), &[123, 200, 300][..]));
        assert_eq!(LinkInfo::default().src_mac(), None);
    }
}
