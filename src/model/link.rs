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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkInfo {
    pub src_mac: Option<MacAddr>,
    /// VLAN identifiers (12 bits each), outermost first; only the first `vlan_count` count.
    pub vlans: [u16; LinkInfo::MAX_VLANS],
    pub vlan_count: u8,
}

impl LinkInfo {
    /// Tags kept for the report; deeper ones are peeled but not remembered. QinQ needs two.
    pub const MAX_VLANS: usize = 3;

    /// The VLAN identifiers, outermost first.
    pub fn vlans(&self) -> &[u16] {
        &self.vlans[..usize::from(self.vlan_count).min(Self::MAX_VLANS)]
    }

    /// Remembers one more tag; silently ignores those beyond [`LinkInfo::MAX_VLANS`].
    pub fn push_vlan(&mut self, id: u16) {
        if let Some(slot) = self.vlans.get_mut(usize::from(self.vlan_count)) {
            *slot = id & 0x0fff;
            self.vlan_count += 1;
        }
    }
}
