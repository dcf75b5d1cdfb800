//! Layers of a packet, and the steps from one to the next.

use super::stats::DecodeStop;
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

/// The bytes behind a header of `length` bytes.
pub(super) fn skip(bytes: &[u8], length: usize) -> Result<&[u8], DecodeStop> {
    bytes.get(length..).ok_or(DecodeStop::LinkTruncated)
}

/// The step over a header of `length` bytes that an EtherType follows.
pub(super) fn ether_type_after(bytes: &[u8], length: usize) -> Result<LayerStep<'_>, DecodeStop> {
    let rest = skip(bytes, length)?;
    let (value, rest) = rest.split_first_chunk::<2>().ok_or(DecodeStop::LinkTruncated)?;
    Ok(LayerStep::new(Layer::EtherType(u16::from_be_bytes(*value)), rest))
}
