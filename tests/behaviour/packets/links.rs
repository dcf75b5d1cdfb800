//! Every link and tunnel that the generator writes leads to the same segment, and nothing that
//! comes over a link makes the decoder panic.

use std::net::SocketAddr;

use clap::ValueEnum;
use minewatch::decode::{DecodeOptions, DecodeStop, Decoder};
use minewatch::model::packet::LinkType;
use minewatch::model::segment::{SegmentHead, TransportHeader};
use minewatch::model::{MacAddr, Packet, Timestamp};
use minewatch_generator::link::{Link, Macs};
use minewatch_generator::packet;
use proptest::prelude::*;

use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        every_link_leads_to_the_same_segment,
        a_total_length_of_zero_means_all_that_was_captured,
        ethernet_padding_is_not_payload_and_a_cut_packet_says_what_is_missing,
        a_tunnel_without_end_stops_at_the_budget,
        an_unknown_link_type_is_counted,
        fragments_in_a_tunnel_come_together,
        a_first_fragment_that_the_capture_cut_is_read_as_it_is,
        no_bytes_on_any_link_make_the_decoder_panic,
        no_damage_to_a_good_packet_makes_the_decoder_panic,
    ]
}

const MACS: Macs = Macs { src: [2, 0, 0, 0, 0, 0x49], dst: [2, 0, 0, 0, 0, 1] };
const LINE: &[u8] = b"{\"id\":1,\"method\":\"login\"}\n";

fn packet(link: Link, bytes: &[u8]) -> Packet<'_> {
    Packet {
        number: 1,
        time: Timestamp::from_parts(1, 0),
        link: LinkType(link.link_type() as u16),
        wire_len: bytes.len() as u32,
        bytes,
    }
}

/// The head of a packet's segment, and its payload.
fn decode(decoder: &mut Decoder, packet: &Packet<'_>) -> Option<(SegmentHead, Vec<u8>)> {
    let mut head = SegmentHead::BLANK;
    let payload = decoder.decode(packet, &mut head)?;
    Some((head, payload.bytes(decoder).to_vec()))
}

fn login(v6: bool) -> (SocketAddr, SocketAddr, Vec<u8>) {
    let (src, dst): (SocketAddr, SocketAddr) = if v6 {
        ("[fd00::49]:45812".parse().unwrap(), "[2001:db8::167]:3333".parse().unwrap())
    } else {
        ("10.1.201.49:45812".parse().unwrap(), "91.121.140.167:3333".parse().unwrap())
    };
    let header = packet::Tcp { seq: 7, ack: 9, flags: packet::PSH | packet::ACK };
    (src, dst, packet::tcp(src, dst, header, LINE))
}

fn every_link_leads_to_the_same_segment() {
    for &link in Link::value_variants() {
        for v6 in [false, true] {
            let (src, dst, ip) = login(v6);
            let frame = link.frame(MACS, &ip);
            let mut decoder = Decoder::new(DecodeOptions::default());
            let packet = packet(link, &frame);
            let segment = decode(&mut decoder, &packet);
            let (segment, payload) =
                segment.unwrap_or_else(|| panic!("{link:?} v6={v6} gives no segment"));
            assert_eq!(payload, LINE, "{link:?}");
            let (from, to) =
                (segment.key.endpoint(segment.from), segment.key.endpoint(segment.from.other()));
            assert_eq!((from.ip, from.port), (src.ip(), src.port()), "{link:?}");
            assert_eq!((to.ip, to.port), (dst.ip(), dst.port()), "{link:?}");
            let TransportHeader::Tcp(tcp) = segment.header else { panic!("{link:?} is not TCP") };
            assert_eq!((tcp.seq, tcp.ack, tcp.flags.0), (7, 9, 0x18), "{link:?}");
            if link.shows_mac()
                && !matches!(
                    link,
                    Link::Gre
                        | Link::IpInIp
                        | Link::GtpU
                        | Link::L2tp
                        | Link::Gue
                        | Link::GreUdp
                        | Link::GreRouting
                )
            {
                assert_eq!(segment.link.src_mac(), Some(MacAddr(MACS.src)), "{link:?}");
            }
            let vlans: Vec<u16> = segment.link.vlans().collect();
            assert_eq!(vlans, link.vlans(), "{link:?}");
        }
    }
}

fn a_total_length_of_zero_means_all_that_was_captured() {
    let (_, _, mut ip) = login(false);
    ip[2..4].copy_from_slice(&[0, 0]);
    let frame = Link::Ethernet.frame(MACS, &ip);
    let mut decoder = Decoder::new(DecodeOptions::default());
    let (_, payload) = decode(&mut decoder, &packet(Link::Ethernet, &frame)).unwrap();
    assert_eq!(payload, LINE);
}

fn ethernet_padding_is_not_payload_and_a_cut_packet_says_what_is_missing() {
    let (_, _, ip) = login(false);
    let mut frame = Link::Ethernet.frame(MACS, &ip);
    frame.extend([0; 9]);
    let mut decoder = Decoder::new(DecodeOptions::default());
    let (_, payload) = decode(&mut decoder, &packet(Link::Ethernet, &frame)).unwrap();
    assert_eq!(payload, LINE);
    let cut = &frame[..14 + 40 + 10];
    let packet = packet(Link::Ethernet, cut);
    let (segment, payload) = decode(&mut decoder, &packet).unwrap();
    assert_eq!(payload, &LINE[..10]);
    assert_eq!(segment.missing as usize, LINE.len() - 10);
}

fn a_tunnel_without_end_stops_at_the_budget() {
    let (_, _, mut ip) = login(false);
    for _ in 0..100 {
        ip = packet::ip([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), 4, &ip);
    }
    let mut decoder = Decoder::new(DecodeOptions::default());
    assert!(decode(&mut decoder, &packet(Link::Raw, &ip)).is_none());
    assert_eq!(decoder.stats().stopped(DecodeStop::TooDeep), 1);
}

fn an_unknown_link_type_is_counted() {
    let mut decoder = Decoder::new(DecodeOptions::default());
    let strange = Packet { link: LinkType(147), ..packet(Link::Raw, &[0; 60]) };
    assert!(decode(&mut decoder, &strange).is_none());
    assert_eq!(decoder.stats().stopped(DecodeStop::LinkType), 1);
}

fn fragments_in_a_tunnel_come_together() {
    let (src, dst) = ("10.0.0.1:9".parse().unwrap(), "10.0.0.2:53".parse().unwrap());
    let payload: Vec<u8> = (0..3000u32).map(|i| i as u8).collect();
    let whole = packet::udp(src, dst, &payload);
    let mut decoder = Decoder::new(DecodeOptions::default());
    let mut found = None;
    for (index, part) in whole[20..].chunks(1000).enumerate() {
        let mut ip = packet::ip(src.ip(), dst.ip(), 17, part);
        let more = if (index + 1) * 1000 < whole.len() - 20 { 0x2000 } else { 0 };
        let field = more | (index * 125) as u16;
        ip[6..8].copy_from_slice(&field.to_be_bytes());
        let frame = Link::Vxlan.frame(MACS, &ip);
        found = decode(&mut decoder, &packet(Link::Ethernet, &frame)).map(|(_, payload)| payload);
    }
    assert!(found == Some(payload), "the payload differs");
    assert_eq!(decoder.stats().reassembled, 1);
    assert_eq!(decoder.stats().stopped(DecodeStop::FragmentHeld), 3);
}

fn a_first_fragment_that_the_capture_cut_is_read_as_it_is() {
    for v6 in [false, true] {
        let (src, dst, mut ip) = login(v6);
        if v6 {
            let fragment = [6, 0, 0x00, 0x01, 0, 0, 0, 7]; // TCP, offset 0, more to come
            ip.splice(40..40, fragment);
            ip[6] = 44;
            let length = (ip.len() - 40) as u16;
            ip[4..6].copy_from_slice(&length.to_be_bytes());
        } else {
            ip[6] = 0x20; // more to come
        }
        let frame = Link::Ethernet.frame(MACS, &ip);
        let mut decoder = Decoder::new(DecodeOptions::default());
        assert!(decode(&mut decoder, &packet(Link::Ethernet, &frame)).is_none(), "it waits");
        let packet = packet(Link::Ethernet, &frame[..frame.len() - 7]);
        let (segment, payload) = decode(&mut decoder, &packet).unwrap();
        assert_eq!((&payload[..], segment.missing), (&LINE[..LINE.len() - 7], 7));
        let ends = [segment.from, segment.from.other()].map(|side| segment.key.endpoint(side));
        assert_eq!(ends.map(|end| (end.ip, end.port)), [src, dst].map(|a| (a.ip(), a.port())));
    }
}

proptest! {
    fn no_bytes_on_any_link_make_the_decoder_panic(
        link in prop::sample::select(vec![0u16, 1, 9, 50, 51, 101, 104, 105, 108, 109, 113, 117, 119, 127, 163, 178, 192, 228, 229, 239, 258, 276]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut decoder = Decoder::new(DecodeOptions::default());
        let packet = Packet {
            number: 1, time: Timestamp::ZERO, link: LinkType(link), wire_len: 300, bytes: &bytes,
        };
        decode(&mut decoder, &packet);
    }

    fn no_damage_to_a_good_packet_makes_the_decoder_panic(
        link in prop::sample::select(Link::value_variants().to_vec()),
        v6: bool,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let (_, _, ip) = login(v6);
        let mut frame = link.frame(MACS, &ip);
        for (index, value) in damage {
            let length = frame.len();
            frame[index.index(length)] = value;
        }
        let mut decoder = Decoder::new(DecodeOptions::default());
        decode(&mut decoder, &packet(link, &frame));
        frame.truncate(cut.index(frame.len()));
        decode(&mut decoder, &packet(link, &frame));
    }
}
