//! Frames with tags between addresses and EtherType, and serial lines.

use super::frame::{OUTER, ethernet};
use super::{Link, Macs};

/// A frame of a link that is a tag or a serial line.
pub(super) fn frame(link: Link, macs: Macs, ethertype: u16, ip: &[u8]) -> Vec<u8> {
    let typed = [&ethertype.to_be_bytes()[..], ip].concat();
    let inner = || ethernet(macs, ethertype, ip);
    let tag = |value: u16, tag: &[u8]| ethernet(macs, value, &[tag, &typed].concat());
    let around = |value: u16, tag: &[u8]| ethernet(OUTER, value, &[tag, &inner()].concat());
    let addresses = [macs.dst, macs.src].concat();
    match link {
        // Direction, pointer, destination and source interface.
        Link::VnTag => tag(0x8926, &[0x00, 0x01, 0x00, 0x14]),
        Link::ETag => tag(0x893f, &[0x00, 0x01, 0x00, 0x02, 0, 0]),
        Link::Ttag => tag(0x8988, &[0, 0, 0x12, 0x34, 0x56, 0x78]),
        // Version, one option, its type, group 100.
        Link::SecurityGroup => tag(0x8909, &[1, 1, 0, 1, 0, 100]),
        // Subtype 1, TAI, 64 bits.
        Link::AristaTime => tag(0xd28b, &[0, 1, 0, 0x10, 0x65, 0, 0, 1, 0, 0, 0, 9]),
        // Path and size, sequence number.
        Link::Hsr => tag(0x892f, &[0x00, 0x40, 0x00, 0x01]),
        // Neither encryption nor a channel; packet number 1; 16 bytes of integrity follow the data.
        Link::Macsec => [tag(0x88e5, &[0x00, 0, 0, 0, 0, 1]), vec![0xcc; 16]].concat(),
        Link::MacInMac => around(0x88e7, &[0x00, 0x00, 0x01, 0x23]),
        // Forwarding tag 1, time to live 32.
        Link::FabricPath => around(0x8903, &[0x00, 0x60]),
        // Hop count 63, from nickname 2 to 1.
        Link::Trill => around(0x22f3, &[0x00, 0x3f, 0, 1, 0, 2]),
        Link::Nsh => {
            // Six words, metadata of type 1, Ethernet; path 42, index 255.
            let header = [&[0x0f, 0xc6, 0x01, 0x03, 0, 0, 42, 255][..], &[0; 16]].concat();
            around(0x894f, &header)
        }
        Link::Snap => {
            let llc = [&[0xaa, 0xaa, 3, 0, 0, 0][..], &typed].concat();
            ethernet(macs, llc.len() as u16, &llc)
        }
        // Forward from device 0, port 1.
        Link::Dsa => [&addresses, &[0xc0, 0x08, 0x00, 0x01][..], &typed].concat(),
        Link::Edsa => {
            [&addresses, &[0xda, 0xda, 0, 0, 0xc0, 0x08, 0x00, 0x01][..], &typed].concat()
        }
        Link::BroadcomTag => [&addresses, &[0x00, 0x00, 0x00, 0x01][..], &typed].concat(),
        Link::CiscoHdlc => [&[0x0f, 0x00][..], &typed].concat(),
        Link::PppDirection => {
            let protocol = if ethertype == 0x0800 { [0x00, 0x21] } else { [0x00, 0x57] };
            [&[1, 0xff, 0x03][..], &protocol, ip].concat()
        }
        // Circuit 100; an unnumbered frame with the network layer's identifier.
        _ => {
            let protocol = if ethertype == 0x0800 { 0xcc } else { 0x8e };
            [&[0x18, 0x41, 0x03, protocol][..], ip].concat()
        }
    }
}
