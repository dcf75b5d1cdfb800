//! The overload bypass before the decoder.

use minewatch::capture::Bypass;
use minewatch::decode::{DecodeOptions, Decoder, LayerOptions};
use minewatch::model::Timestamp;
use minewatch::model::packet::{LinkType, Packet};
use minewatch::model::segment::SegmentHead;
use minewatch_generator::link::{Link, Macs};
use minewatch_generator::packet::{ACK, Tcp, tcp, udp};

use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![the_bypass_knows_a_flow_by_the_key_that_the_decoder_gives_it]
}

fn the_bypass_knows_a_flow_by_the_key_that_the_decoder_gives_it() {
    let ends = [("10.0.0.7:5000", "198.51.100.9:443"), ("[fd00::7]:5000", "[2001:db8::9]:443")];
    let time = Timestamp::from_parts(1_700_000_000, 0);
    for (link, (client, server), vlan_in_key) in [Link::Ethernet, Link::Vlan]
        .into_iter()
        .flat_map(|link| ends.map(|ends| (link, ends)))
        .flat_map(|(link, ends)| [false, true].map(|apart| (link, ends, apart)))
    {
        let (client, server) = (client.parse().unwrap(), server.parse().unwrap());
        let header = Tcp { seq: 1, ack: 1, flags: ACK };
        for packet in [tcp(client, server, header, b"bulk"), udp(client, server, b"bulk")] {
            let bytes = &link.frame(Macs { src: [2; 6], dst: [4; 6] }, &packet)[..];
            let wire_len = bytes.len() as u32;
            let packet = Packet { number: 1, time, link: LinkType::ETHERNET, wire_len, bytes };
            let mut head = SegmentHead::BLANK;
            let options = DecodeOptions {
                layers: LayerOptions { vlan_in_key, ..LayerOptions::default() },
                ..DecodeOptions::default()
            };
            Decoder::new(options).decode(&packet, &mut head).expect("a segment");
            let mut bypass = Bypass::new(vlan_in_key);
            bypass.activate(time);
            assert!(!bypass.bypasses(time, packet.link, wire_len, bytes));
            bypass.settled(&head.key, time);
            let shed = bypass.bypasses(time, packet.link, wire_len, bytes);
            assert!(shed, "{link:?} {client} {vlan_in_key}");
        }
    }
}
