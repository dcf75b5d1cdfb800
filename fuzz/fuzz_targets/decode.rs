//! Packets of any link type: the first byte picks it, then come packets with their lengths.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minewatch::decode::{DecodeOptions, Decoder, DecodeStop};
use minewatch::model::packet::LinkType;
use minewatch::model::segment::SegmentHead;
use minewatch::model::{FlowKey, Packet, Timestamp};
use minewatch_fuzz::Reader;

/// All that are read, and one that is not.
const LINK_TYPES: [u16; 23] = [
    1, 0, 9, 50, 51, 101, 104, 105, 108, 113, 127, 228, 229, 276, 147, 239, 258, 109, 117, 119,
    163, 178, 192,
];

fuzz_target!(|input: &[u8]| {
    let mut input = Reader(input);
    let Some(first) = input.byte() else { return };
    let link = LinkType(LINK_TYPES[usize::from(first & 0x7f) % LINK_TYPES.len()]);
    let options = DecodeOptions { vlan_in_key: first & 0x80 != 0, ..DecodeOptions::default() };
    let mut decoder = Decoder::new(options);
    let (mut packets, mut segments) = (0, 0);
    while let Some(length) = input.word() {
        let bytes = input.take(length.into());
        packets += 1;
        let packet = Packet {
            number: packets,
            time: Timestamp::from_nanos(packets * 1_000_000),
            link,
            // Now and then the snap length has cut the packet.
            wire_len: bytes.len() as u32 + u32::from(length & 1) * 100,
            bytes,
        };
        let mut segment = SegmentHead::BLANK;
        let Some(payload) = decoder.decode(&packet, &mut segment) else { continue };
        segments += 1;
        assert_eq!(segment.packet, packets);
        assert!(payload.bytes(&decoder).len() <= 65_535 + bytes.len());
        let (from, to) =
            (segment.key.endpoint(segment.from), segment.key.endpoint(segment.from.other()));
        let (key, side) = FlowKey::new(from, to, segment.key.transport(), segment.key.vlan());
        assert_eq!(key, segment.key);
        // An end that talks to itself is both.
        assert!(side == segment.from || from == to);
    }
    let stats = decoder.stats();
    let stopped: u64 = DecodeStop::ALL.iter().map(|&reason| stats.stopped(reason)).sum();
    assert_eq!(stats.packets, packets);
    assert_eq!(stopped + segments, packets, "each packet is a segment or was stopped");
});
