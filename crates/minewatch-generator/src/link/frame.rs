//! Frames of each link.

use std::net::Ipv4Addr;

use super::{Link, MIDDLE_VLAN, Macs, OUTER_VLAN, VLAN, tag, tunnel};
use crate::packet;

impl Link {
    /// Puts `ip`, an IP packet, into a frame of this link.
    pub fn frame(self, macs: Macs, ip: &[u8]) -> Vec<u8> {
        let v6 = ip[0] >> 4 == 6;
        let ethertype: u16 = if v6 { 0x86dd } else { 0x0800 };
        let ppp = if v6 { [0x00, 0x57] } else { [0x00, 0x21] };
        let inner = || ethernet(macs, ethertype, ip);
        let wifi = || wifi(macs, ethertype, ip);
        match self {
            Link::Ethernet => inner(),
            Link::Vlan => ethernet(macs, 0x8100, &tagged(VLAN, ethertype, ip)),
            Link::Vlan2 => {
                ethernet(macs, 0x8100, &tagged(OUTER_VLAN, 0x8100, &tagged(VLAN, ethertype, ip)))
            }
            Link::Vlan3 => {
                let inner = tagged(MIDDLE_VLAN, 0x8100, &tagged(VLAN, ethertype, ip));
                ethernet(macs, 0x8100, &tagged(OUTER_VLAN, 0x8100, &inner))
            }
            Link::Qinq => {
                ethernet(macs, 0x88a8, &tagged(OUTER_VLAN, 0x8100, &tagged(VLAN, ethertype, ip)))
            }
            Link::Mpls => {
                // Two labels, 16 and 17; the bottom-of-stack bit is set on the second.
                let labels = [0x00, 0x01, 0x00, 0x40, 0x00, 0x01, 0x11, 0x40];
                ethernet(macs, 0x8847, &[&labels, ip].concat())
            }
            Link::Pppoe => {
                let length = ip.len() as u16 + 2;
                let head = [&[0x11, 0x00, 0x00, 0x2a][..], &length.to_be_bytes(), &ppp];
                ethernet(macs, 0x8864, &[&head.concat(), ip].concat())
            }
            Link::LinuxCooked => {
                let mut frame = vec![0, 0, 0, 1, 0, 6];
                frame.extend(macs.src);
                frame.extend([0, 0]);
                frame.extend(ethertype.to_be_bytes());
                frame.extend(ip);
                frame
            }
            Link::LinuxCooked2 => {
                let mut frame = ethertype.to_be_bytes().to_vec();
                frame.extend([0, 0, 0, 0, 0, 2, 0, 1, 0, 6]); // reserved, interface 2, ARPHRD 1, type, length
                frame.extend(macs.src);
                frame.extend([0, 0]);
                frame.extend(ip);
                frame
            }
            Link::Raw => ip.to_vec(),
            Link::Null => {
                let family: u32 = if v6 { 30 } else { 2 };
                [&family.to_le_bytes()[..], ip].concat()
            }
            Link::Gre => carried(47, &[&[0, 0][..], &ethertype.to_be_bytes(), ip].concat()),
            Link::Erspan1 => carried(47, &[&[0x00, 0x00, 0x88, 0xbe][..], &inner()].concat()),
            Link::Erspan2 => {
                let gre = [0x10, 0x00, 0x88, 0xbe, 0, 0, 0, 1]; // with sequence number
                let erspan = [0x10, 0x0c, 0x00, 0x01, 0, 0, 0, 0]; // version 1, VLAN 12, session 1
                carried(47, &[&gre[..], &erspan, &inner()].concat())
            }
            Link::Erspan3 => {
                let gre = [0x10, 0x00, 0x22, 0xeb, 0, 0, 0, 1];
                let erspan = [0x20, 0x0c, 0x00, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]; // version 2, no sub-header
                carried(47, &[&gre[..], &erspan, &inner()].concat())
            }
            Link::IpInIp => carried(if v6 { 41 } else { 4 }, ip),
            Link::Vxlan => {
                let header = [0x08, 0, 0, 0, 0, 0, 42, 0]; // VNI 42
                datagram(4789, &[&header[..], &inner()].concat())
            }
            Link::Geneve => {
                // One option of 4 bytes, protocol Ethernet, VNI 42.
                let header = [0x02, 0, 0x65, 0x58, 0, 0, 42, 0, 0x01, 0x02, 0x80, 0x01, 0, 0, 0, 7];
                datagram(6081, &[&header[..], &inner()].concat())
            }
            Link::GtpU => {
                let length = ip.len() as u16;
                let header = [&[0x30, 0xff][..], &length.to_be_bytes(), &[0, 0, 0, 9]].concat();
                datagram(2152, &[&header[..], ip].concat())
            }
            Link::Tzsp => {
                // Version 1, received, Ethernet; a signal strength, padding, the end.
                let header = [1, 0, 0, 1, 10, 1, 0xc4, 0, 1];
                datagram(37_008, &[&header[..], &inner()].concat())
            }
            Link::Etherip => carried(97, &[&[0x30, 0x00][..], &inner()].concat()),
            Link::L2tp => {
                let length = 12 + ip.len() as u16;
                // A length; tunnel 7, session 9; PPP's address and control.
                let ids = [0, 7, 0, 9, 0xff, 0x03];
                let header = [&[0x40, 0x02][..], &length.to_be_bytes(), &ids, &ppp].concat();
                datagram(1701, &[&header, ip].concat())
            }
            Link::L2tpV3 => {
                // Version 3, session 9, a cookie of four bytes, no sublayer.
                let header = [0, 3, 0, 0, 0, 0, 0, 9, 0xc0, 0x0c, 0x1e, 0x55];
                datagram(1701, &[&header[..], &inner()].concat())
            }
            Link::L2tpV3Ip => carried(115, &[&[0, 0, 0, 9][..], &inner()].concat()),
            Link::Wifi => wifi(),
            Link::WifiPrism => [prism(wifi().len()), wifi()].concat(),
            Link::WifiAvs => [avs(), wifi()].concat(),
            Link::WifiPpi => {
                // Version 0, no flags, a header of 8 bytes without fields, 802.11.
                [vec![0, 0, 8, 0, 105, 0, 0, 0], wifi()].concat()
            }
            Link::Pseudowire => tunnel::pseudowire(&[], &inner()),
            Link::PseudowireWord => tunnel::pseudowire(&[0; 4], &inner()),
            Link::Capwap => tunnel::capwap(false, &inner()),
            Link::CapwapWifi => tunnel::capwap(true, &wifi()),
            Link::CapwapSwapped => {
                let mut frame = wifi();
                frame.swap(0, 1);
                tunnel::capwap(true, &frame)
            }
            Link::VxlanOwnPort => {
                datagram(4788, &[&[0x08, 0, 0, 0, 0, 0, 42, 0][..], &inner()].concat())
            }
            Link::Fou => datagram(5555, ip),
            Link::Gue => datagram(6080, &[&[0, if v6 { 41 } else { 4 }, 0, 0][..], ip].concat()),
            Link::GreUdp => datagram(4754, &[&[0, 0][..], &ethertype.to_be_bytes(), ip].concat()),
            Link::GreRouting => tunnel::gre_routing(ethertype, ip),
            Link::RawAsEthernet => ip.to_vec(),
            _ => tag::frame(self, macs, ethertype, ip),
        }
    }
}

/// An 802.11 data frame to the distribution system.
fn wifi(macs: Macs, ethertype: u16, ip: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x08, 0x01, 0, 0];
    frame.extend([0x02, 0, 0, 0, 0, 0xaa]); // BSSID
    frame.extend(macs.src);
    frame.extend(macs.dst);
    frame.extend([0, 0]); // sequence control
    frame.extend([0xaa, 0xaa, 3, 0, 0, 0]); // LLC/SNAP
    frame.extend(ethertype.to_be_bytes());
    frame.extend(ip);
    frame
}

/// A Prism header as `wlan-ng` wrote it: message, length, device; then ten values.
fn prism(frame: usize) -> Vec<u8> {
    const FRAME_LENGTH: u32 = 10;
    let mut header = [68u32.to_le_bytes(), 144u32.to_le_bytes()].concat();
    header.extend(b"wlan0\0\0\0\0\0\0\0\0\0\0\0");
    for item in 1..=FRAME_LENGTH {
        header.extend((item << 12 | 0x44).to_le_bytes());
        // Status (0: present), length, value.
        let value = if item == FRAME_LENGTH { frame as u32 } else { 0 };
        header.extend([0, 0, 4, 0]);
        header.extend(value.to_le_bytes());
    }
    header
}

/// An AVS header of version 1: magic number, length; then values of nought.
fn avs() -> Vec<u8> {
    const LENGTH: u32 = 64;
    let mut header = [0x8021_1001u32.to_be_bytes(), LENGTH.to_be_bytes()].concat();
    header.resize(LENGTH as usize, 0);
    header
}

pub(super) fn ethernet(macs: Macs, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&macs.dst[..], &macs.src, &ethertype.to_be_bytes(), payload].concat()
}

fn tagged(vlan: u16, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&vlan.to_be_bytes()[..], &ethertype.to_be_bytes(), payload].concat()
}

/// The outer ends of tunnels: a switch and the sensor.
const SWITCH: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 1);
const SENSOR: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 2);
pub(super) const OUTER: Macs = Macs { src: [2, 0, 0, 0, 1, 1], dst: [2, 0, 0, 0, 1, 2] };

pub(super) fn carried(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(OUTER, 0x0800, &packet::ip(SWITCH.into(), SENSOR.into(), protocol, payload))
}

pub(super) fn datagram(port: u16, payload: &[u8]) -> Vec<u8> {
    let (src, dst) = ((SWITCH, 49_152).into(), (SENSOR, port).into());
    ethernet(OUTER, 0x0800, &packet::udp(src, dst, payload))
}
