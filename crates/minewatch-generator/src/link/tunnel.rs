//! Frames of tunnels with headers of their own.

use super::frame::{OUTER, carried, datagram, ethernet};

/// A frame under one label, behind `word`.
pub(super) fn pseudowire(word: &[u8], frame: &[u8]) -> Vec<u8> {
    const LABEL: [u8; 4] = [0x00, 0x06, 0x41, 0xff];
    ethernet(OUTER, 0x8847, &[&LABEL[..], word, frame].concat())
}

/// A frame of a wireless or wired client in the data channel.
pub(super) fn capwap(wireless: bool, frame: &[u8]) -> Vec<u8> {
    // Two words; radio 1, binding 802.11, and whether the frame is a native one.
    let header = [0x00, 0x10, if wireless { 0x43 } else { 0x42 }, 0, 0, 0, 0, 0];
    datagram(5247, &[&header[..], frame].concat())
}

/// GRE with one source route (RFC 1701).
pub(super) fn gre_routing(ethertype: u16, ip: &[u8]) -> Vec<u8> {
    let [high, low] = ethertype.to_be_bytes();
    let header = [0x40, 0, high, low, 0, 0, 0, 0];
    // The route 10.0.0.9, then the end.
    let routes = [0x08, 0x00, 0, 4, 10, 0, 0, 9, 0, 0, 0, 0];
    carried(47, &[&header[..], &routes, ip].concat())
}
