//! Layers of a packet, and the steps from one to the next.

use crate::model::packet::LinkType;

/// The kind of header that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// An Ethernet frame.
    Ethernet,
    /// What this EtherType announces.
    EtherType(u16),
    /// An IEEE 802.2 LLC header.
    Llc,
    /// An IPv4 header.
    Ipv4,
    /// An IPv6 header.
    Ipv6,
    /// An 802.11 frame in CAPWAP, whose frame control may have its bytes swapped.
    CapwapWifi,
    /// What packets of a capture of this link type begin with.
    Link(LinkType),
}

/// The result of reading one header: the next layer, and the bytes that it begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerStep<'a> {
    pub layer: Layer,
    pub bytes: &'a [u8],
}

impl<'a> LayerStep<'a> {
    pub(super) fn new(layer: Layer, bytes: &'a [u8]) -> Self {
        LayerStep { layer, bytes }
    }
}
