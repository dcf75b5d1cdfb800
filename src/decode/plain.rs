//! Decodes plain packets in one step.
//!
//! A plain packet is an Ethernet frame with at most one tag, IPv4 without options or IPv6 without
//! extensions, not fragmented, and TCP or UDP. Nearly all packets are plain.
//!
//! This is only a shortcut. A packet that is unusual, damaged or possibly a tunnel is left to the
//! layer-by-layer decoder. For all other packets, both give the same result.

use super::ip::{Datagram, protocol, trim};
use super::link::ethertype;
use super::peel::Inside;
use super::stats::DecodeStats;
use super::{LayerOptions, transport};
use crate::model::flow::AddressWords;
use crate::model::packet::LinkType;
use crate::model::segment::SegmentHead;
use crate::model::{LinkInfo, MacAddr};

/// Writes the headers of a plain packet into `head` and returns the payload.
///
/// For any other packet it returns `None` and counts nothing, but it may have changed `head`.
#[inline(always)]
pub(super) fn decode<'a>(
    link: LinkType,
    bytes: &'a [u8],
    options: &LayerOptions,
    head: &mut SegmentHead,
    stats: &mut DecodeStats,
) -> Option<&'a [u8]> {
    if link != LinkType::ETHERNET {
        return None;
    }
    let (ether_type, bytes) = ethernet(bytes, &mut head.link)?;
    let payload = match ether_type {
        ethertype::IPV4 => {
            let payload = segment(ipv4(bytes)?, options, head, stats)?;
            stats.ipv4 += 1;
            payload
        }
        ethertype::IPV6 => {
            let payload = segment(ipv6(bytes)?, options, head, stats)?;
            stats.ipv6 += 1;
            payload
        }
        _ => return None,
    };
    stats.vlan += u64::from(head.link.is_tagged());
    Some(payload)
}

/// Returns the EtherType, after the VLAN tag if there is one, and the bytes that follow.
#[inline(always)]
fn ethernet<'a>(bytes: &'a [u8], link: &mut LinkInfo) -> Option<(u16, &'a [u8])> {
    let (header, rest) = bytes.split_first_chunk::<14>()?;
    let &[_, _, _, _, _, _, a, b, c, d, e, f, high, low] = header;
    *link = LinkInfo::from_mac(MacAddr([a, b, c, d, e, f]));
    let ether_type = u16::from_be_bytes([high, low]);
    if ether_type != ethertype::VLAN {
        return Some((ether_type, rest));
    }
    let (&[first, second, high, low], rest) = rest.split_first_chunk::<4>()?;
    link.push_vlan(u16::from_be_bytes([first, second]));
    Some((u16::from_be_bytes([high, low]), rest))
}

/// Reads an IPv4 header (RFC 791 §3.1) without options or fragmentation.
#[inline(always)]
fn ipv4(bytes: &[u8]) -> Option<Datagram<'_>> {
    const VERSION_AND_LENGTH: u8 = 0x45;
    /// Bits of "more fragments" and of the offset.
    const FRAGMENT: u16 = 0x3fff;
    let (header, rest) = bytes.split_first_chunk::<20>()?;
    let &[version, _, t0, t1, _, _, f0, f1, _, protocol, ..] = header;
    if version != VERSION_AND_LENGTH || u16::from_be_bytes([f0, f1]) & FRAGMENT != 0 {
        return None;
    }
    // A sender's offload may leave a total length of zero, which is not plain.
    let announced = usize::from(u16::from_be_bytes([t0, t1])).checked_sub(header.len())?;
    let (payload, missing) = trim(rest, announced);
    let [src, dst] = [header[12..].first_chunk()?, header[16..].first_chunk()?];
    let (src, dst) = (AddressWords::v4(*src), AddressWords::v4(*dst));
    Some(Datagram { src, dst, v6: false, protocol, payload, missing, piece: None })
}

/// Reads an IPv6 header (RFC 8200 §3).
#[inline(always)]
fn ipv6(bytes: &[u8]) -> Option<Datagram<'_>> {
    let (header, rest) = bytes.split_first_chunk::<40>()?;
    let &[version, _, _, _, l0, l1, protocol, ..] = header;
    let announced = usize::from(u16::from_be_bytes([l0, l1]));
    // A length of zero is a jumbogram, or left by a sender's offload.
    if version >> 4 != 6 || announced == 0 {
        return None;
    }
    let (payload, missing) = trim(rest, announced);
    let [src, dst] = [header[8..].first_chunk()?, header[24..].first_chunk()?];
    let (src, dst) = (AddressWords::v6(*src), AddressWords::v6(*dst));
    Some(Datagram { src, dst, v6: true, protocol, payload, missing, piece: None })
}

/// Reads a header of TCP, or of UDP that may not be a tunnel, and returns the payload.
#[inline(always)]
fn segment<'a>(
    datagram: Datagram<'a>,
    options: &LayerOptions,
    head: &mut SegmentHead,
    stats: &mut DecodeStats,
) -> Option<&'a [u8]> {
    head.missing = datagram.missing;
    match datagram.protocol {
        protocol::TCP => {
            let payload = transport::tcp(datagram, options.vlan_in_key, head).ok()?;
            stats.tcp += 1;
            Some(payload)
        }
        protocol::UDP => match transport::udp(datagram, options, head) {
            Ok(Inside::Payload(payload)) => {
                stats.udp += 1;
                Some(payload)
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::path::Path;

    use minewatch_generator::link::{Link, Macs};
    use minewatch_generator::packet::{self, Tcp};
    use proptest::prelude::*;

    use super::*;
    use crate::capture::{FillOutcome, ReplayOptions, open_replay};
    use crate::decode::{DecodeOptions, Decoder, LayerOptions, Payload};
    use crate::model::segment::TransportHeader;
    use crate::model::{Packet, PacketBatch, Timestamp};

    const MACS: Macs = Macs { src: [2, 0, 0, 0, 0, 0x49], dst: [2, 0, 0, 0, 0, 1] };

    /// Two decoders; one uses the shortcut, the other does not.
    struct Both {
        short: Decoder,
        long: Decoder,
    }

    impl Both {
        fn new(vlan_in_key: bool) -> Both {
            let decoder = || {
                Decoder::new(DecodeOptions {
                    layers: LayerOptions { vlan_in_key, ..LayerOptions::default() },
                    ..DecodeOptions::default()
                })
            };
            Both { short: decoder(), long: decoder() }
        }

        /// Asserts that both decode `packet` alike.
        fn agree(&mut self, packet: &Packet<'_>) {
            // Values that an earlier packet may have left in the record.
            let mut used = SegmentHead::BLANK;
            used.link.push_vlan(99);
            (used.missing, used.header) = (99, TransportHeader::Udp);
            let (mut short, mut long) = (used, SegmentHead::BLANK);
            let found = self.short.decode(packet, &mut short);
            self.long.begin(packet, &mut long);
            let expected = self.long.peel(packet.link, packet.bytes, &mut long);
            if self.long.stats.cut > 0 {
                let cut = packet.bytes.len() < packet.wire_len as usize;
                self.long.count_payload(expected, cut, long.missing);
            }
            let bytes = |found: Option<Payload<'_>>, decoder: &Decoder| {
                found.map(|payload| payload.bytes(decoder).to_vec())
            };
            assert_eq!(bytes(found, &self.short), bytes(expected, &self.long), "{packet:x?}");
            if found.is_some() {
                assert_eq!(short, long, "{packet:x?}");
            }
            assert_eq!(self.short.stats(), self.long.stats(), "{packet:x?}");
        }
    }

    fn packet(link: Link, bytes: &[u8], wire_len: usize) -> Packet<'_> {
        Packet {
            number: 1,
            time: Timestamp::from_parts(1, 0),
            link: LinkType(link.link_type() as u16),
            wire_len: wire_len as u32,
            bytes,
        }
    }

    /// An IP packet with TCP or UDP from port 45812.
    fn ip(v6: bool, udp: bool, port: u16, payload: &[u8]) -> Vec<u8> {
        let [src, dst]: [SocketAddr; 2] = match v6 {
            true => ["[fd00::49]:45812".parse().unwrap(), "[2001:db8::167]:0".parse().unwrap()],
            false => ["10.1.201.49:45812".parse().unwrap(), "198.51.100.9:0".parse().unwrap()],
        };
        let dst = SocketAddr::new(dst.ip(), port);
        match udp {
            true => packet::udp(src, dst, payload),
            false => packet::tcp(src, dst, Tcp { seq: 7, ack: 9, flags: packet::ACK }, payload),
        }
    }

    fn is_plain(packet: &Packet<'_>) -> bool {
        let (mut head, mut stats) = (SegmentHead::BLANK, DecodeStats::default());
        let options = LayerOptions::default();
        let plain = decode(packet.link, packet.bytes, &options, &mut head, &mut stats).is_some();
        assert!(plain || stats == DecodeStats::default(), "counted, and left to others");
        plain
    }

    #[test]
    fn nearly_every_packet_is_plain() {
        for (v6, udp) in [(false, false), (false, true), (true, false), (true, true)] {
            let ip = ip(v6, udp, 443, b"payload");
            for link in [Link::Ethernet, Link::Vlan] {
                let frame = link.frame(MACS, &ip);
                assert!(is_plain(&packet(link, &frame, frame.len())), "{link:?} {v6} {udp}");
                assert!(is_plain(&packet(link, &frame[..frame.len() - 3], frame.len())), "cut");
            }
            for link in [
                Link::Vlan2,
                Link::Mpls,
                Link::Raw,
                Link::Gre,
                Link::Vxlan,
                Link::GtpU,
                Link::L2tp,
                Link::L2tpV3,
                Link::Tzsp,
            ] {
                let frame = link.frame(MACS, &ip);
                assert!(!is_plain(&packet(link, &frame, frame.len())), "{link:?} {v6} {udp}");
            }
        }
    }

    #[test]
    fn the_shortcut_changes_nothing_in_the_shipped_captures() {
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps");
        let mut source = open_replay(&[captures], &ReplayOptions::default()).unwrap();
        let (mut both, mut batch) = (Both::new(false), PacketBatch::default());
        let mut filled = FillOutcome::Packets;
        while filled != FillOutcome::End {
            batch.clear();
            filled = source.fill(&mut batch).unwrap();
            batch.packets().for_each(|packet| both.agree(&packet));
        }
        assert!(both.short.stats().packets > 1000);
    }

    proptest! {
        // Random damage seldom changes a flag and nothing else.
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_shortcut_changes_nothing(
            link in prop_oneof![
                Just(Link::Ethernet),
                Just(Link::Vlan),
                prop::sample::select(clap::ValueEnum::value_variants()),
            ],
            vlan_in_key: bool,
            v6: bool,
            udp: bool,
            port in prop_oneof![any::<u16>(), Just(1701), Just(2152), Just(3544), Just(4789), Just(37_008)],
            payload in prop::collection::vec(any::<u8>(), 0..60),
            padding in 0..20usize,
            damage in prop::collection::vec((0..120usize, any::<u8>()), 0..3),
            flips in prop::collection::vec((12..60usize, 0..8u32), 0..3),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut frame = link.frame(MACS, &ip(v6, udp, port, &payload));
            frame.resize(frame.len() + padding, 0);
            let mut both = Both::new(vlan_in_key);
            both.agree(&packet(link, &frame, frame.len()));
            for (index, value) in damage {
                frame.get_mut(index).into_iter().for_each(|byte| *byte = value);
            }
            for (index, bit) in flips {
                frame.get_mut(index).into_iter().for_each(|byte| *byte ^= 1 << bit);
            }
            both.agree(&packet(link, &frame, frame.len()));
            both.agree(&packet(link, &frame[..cut.index(frame.len() + 1)], frame.len()));
        }

        #[test]
        fn the_shortcut_changes_nothing_in_any_bytes(
            mut bytes in prop::collection::vec(any::<u8>(), 0..120),
            ether_type in prop::sample::select(vec![[0x08, 0x00], [0x86, 0xdd], [0x81, 0x00]]),
            version in prop::sample::select(vec![0x45, 0x46, 0x60]),
            protocol in prop::sample::select(vec![6, 17, 44]),
        ) {
            let mut set = |index: usize, value: u8| {
                bytes.get_mut(index).into_iter().for_each(|byte| *byte = value);
            };
            set(12, ether_type[0]);
            set(13, ether_type[1]);
            set(14, version);
            set(if version == 0x60 { 20 } else { 23 }, protocol);
            Both::new(true).agree(&packet(Link::Ethernet, &bytes, bytes.len()));
        }
    }
}
