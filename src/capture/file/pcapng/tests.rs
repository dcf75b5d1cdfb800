use std::io::Cursor;

use super::super::super::problem::ProblemReason;
use super::super::LostPackets;
use super::super::tests::{Seen, read_all, read_stream};
use super::*;

/// Writes blocks in one byte order.
struct Writer {
    big: bool,
    file: Vec<u8>,
}

impl Writer {
    fn new(big: bool) -> Writer {
        let mut writer = Writer { big, file: Vec::new() };
        writer.section();
        writer
    }

    fn u16(&self, value: u16) -> [u8; 2] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(&self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn block(&mut self, kind: u32, body: &[&[u8]]) {
        let mut body = body.concat();
        body.resize(body.len().next_multiple_of(4), 0);
        let length = self.u32(body.len() as u32 + 12);
        self.file.extend([&self.u32(kind)[..], &length, &body, &length].concat());
    }

    fn section(&mut self) {
        let (magic, one) = (self.u32(BYTE_ORDER_MAGIC), self.u16(1));
        self.block(0x0a0d_0d0a, &[&magic, &one, &[0, 0], &[0xff; 8]]);
    }

    fn interface(&mut self, link: u16, snaplen: u32, options: &[u8]) {
        let (link, snaplen) = (self.u16(link), self.u32(snaplen));
        self.block(1, &[&link, &[0, 0], &snaplen, options]);
    }

    fn enhanced(&mut self, interface: u32, ticks: u64, wire_len: u32, bytes: &[u8]) {
        let fields = [interface, (ticks >> 32) as u32, ticks as u32, bytes.len() as u32, wire_len]
            .map(|value| self.u32(value));
        self.block(6, &[fields.as_flattened(), bytes]);
    }
}

fn seen(nanos: u64, link: u16, wire_len: u32, bytes: &[u8]) -> Seen {
    Seen { nanos, link, wire_len, bytes: bytes.to_vec() }
}

#[test]
fn interfaces_of_both_byte_orders_keep_their_own_link_type_and_clock() {
    for big in [false, true] {
        let mut writer = Writer::new(big);
        writer.interface(1, 96, &[]);
        // if_tsresol 9: nanoseconds; if_tsoffset 1 s.
        let one = if big { 1i64.to_be_bytes() } else { 1i64.to_le_bytes() };
        let options = [
            &writer.u16(9)[..],
            &writer.u16(1),
            &[9, 0, 0, 0], //
            &writer.u16(14),
            &writer.u16(8),
            &one,
            &[0, 0, 0, 0],
        ]
        .concat();
        writer.interface(101, 0, &options);
        // if_tsresol 0x83: eighths of a second.
        let options = [&writer.u16(9)[..], &writer.u16(1), &[0x83, 0, 0, 0]].concat();
        writer.interface(113, 0, &options);
        writer.enhanced(0, 1_000_002, 60, b"abc");
        writer.enhanced(1, 5_000_000_001, 2, b"xy");
        writer.enhanced(2, 12, 2, b"zz");
        let (packets, stats) = read_all(writer.file);
        assert_eq!(
            packets,
            [
                seen(1_000_002_000, 1, 60, b"abc"),
                seen(6_000_000_001, 101, 2, b"xy"),
                seen(1_500_000_000, 113, 2, b"zz"),
            ]
        );
        assert_eq!(stats.problems, []);
    }
}

#[test]
fn a_new_section_may_change_byte_order_and_starts_interfaces_anew() {
    let mut first = Writer::new(false);
    first.interface(1, 0, &[]);
    first.enhanced(0, 1, 1, b"a");
    let mut second = Writer::new(true);
    second.interface(101, 0, &[]);
    second.enhanced(0, 2, 1, b"b");
    let (packets, stats) = read_all([first.file, second.file].concat());
    assert_eq!(packets, [seen(1000, 1, 1, b"a"), seen(2000, 101, 1, b"b")]);
    assert_eq!(stats.problems, []);
}

#[test]
fn simple_and_obsolete_packet_blocks_are_read_and_unknown_ones_skipped() {
    let mut writer = Writer::new(false);
    writer.interface(1, 2, &[]);
    writer.block(0x0bad, &[b"a custom block"]);
    writer.block(3, &[&7u32.to_le_bytes(), b"ab"]); // cut to the snap length
    let fields = [0u32, 1, 3, 9].map(u32::to_le_bytes);
    // Interface 0, 5 drops.
    writer.block(2, &[&[0, 0, 5, 0], fields.as_flattened(), b"xyz"]);
    let (packets, stats) = read_all(writer.file);
    assert_eq!(packets, [seen(0, 1, 7, b"ab"), seen(1000, 1, 9, b"xyz")]);
    assert_eq!(stats.problems, []);
}

#[test]
fn a_block_larger_than_any_buffer_is_skipped_without_being_held() {
    let mut writer = Writer::new(false);
    writer.interface(1, 0, &[]);
    writer.block(0x0bad, &[&vec![0u8; 5 << 20]]);
    writer.enhanced(0, 1, 1, b"a");
    let whole = writer.file.len();
    let (packets, stats) = read_all(writer.file.clone());
    assert_eq!((packets.len(), stats.problems.len()), (1, 0));
    writer.file.truncate(whole - (1 << 20));
    let (packets, stats) = read_all(writer.file);
    assert_eq!(packets, []);
    assert_eq!(stats.problems.first().map(|p| &p.reason), Some(&ProblemReason::Truncated));
}

#[test]
fn a_block_beyond_the_limit_is_refused_however_much_is_read_at_once() {
    let mut writer = Writer::new(false);
    writer.interface(1, 0, &[]);
    writer.enhanced(0, 1, 1, b"a");
    let at = writer.file.len() as u64;
    // A small packet with a comment larger than any real one.
    let fields = [0u32, 0, 2, 1, 1].map(u32::to_le_bytes);
    writer.block(6, &[fields.as_flattened(), b"b\0\0\0", &vec![0; MAX_BLOCK]]);
    writer.enhanced(0, 3, 1, b"c");
    for present in [at as usize + 12, writer.file.len()] {
        let (mut records, mut lost) = (Vec::new(), LostPackets::default());
        let mut sink = PacketSink { records: &mut records, lost: &mut lost };
        let window = Window { bytes: &writer.file[..present], at_end: false };
        PcapNg::new().walk(window, 0, &mut sink);
        assert_eq!(records.len(), 1, "{present} bytes at hand");
    }
    for block in [1, 1 << 10, 1 << 16, 4 << 20] {
        let (packets, stats) = read_stream(Box::new(Cursor::new(writer.file.clone())), block);
        let expected = [seen(1000, 1, 1, b"a"), seen(3000, 1, 1, b"c")];
        assert_eq!(packets, expected, "{block} bytes at once");
        let problem = stats.problems.first().expect("a problem");
        assert_eq!(problem.offset, Some(at), "{block} bytes at once");
    }
}

#[test]
fn an_unknown_link_type_spoils_only_its_own_interface() {
    let mut writer = Writer::new(false);
    writer.interface(147, 0, &[]);
    writer.interface(1, 0, &[]);
    writer.enhanced(0, 1, 1, b"a");
    writer.enhanced(1, 2, 1, b"b");
    writer.enhanced(0, 3, 1, b"c");
    let (packets, stats) = read_all(writer.file);
    assert_eq!(packets, [seen(2000, 1, 1, b"b")]);
    assert_eq!((stats.unsupported, stats.problems.len()), (2, 1));
}

#[test]
fn broken_blocks_cost_only_themselves() {
    let mut good = Writer::new(false);
    good.interface(1, 0, &[]);
    good.enhanced(0, 1, 1, b"a");
    let at = good.file.len() as u64;
    let broken: [(&str, Vec<u8>); 3] = [
        ("length 8", [6u32, 8, 0, 8].map(u32::to_le_bytes).concat()),
        ("two lengths", [6u32, 32, 0, 0, 0, 0, 0, 36].map(u32::to_le_bytes).concat()),
        ("captured 99", [6u32, 32, 0, 0, 0, 99, 0, 32].map(u32::to_le_bytes).concat()),
    ];
    for (what, block) in broken {
        let (packets, stats) = read_all([&good.file[..], &block, &good.file].concat());
        assert_eq!(packets.len(), 2, "{what}");
        let problem = stats.problems.first().expect(what);
        assert_eq!(problem.offset, Some(at), "{what}");
        let length = block.len() as u64;
        assert!(
            matches!(problem.reason, ProblemReason::Damaged { skipped, .. } if skipped == length),
            "{what}: {problem}"
        );
    }
}

#[test]
fn packets_of_undescribed_interfaces_are_counted_and_the_others_read() {
    let mut writer = Writer::new(false);
    writer.enhanced(0, 1, 1, b"a");
    writer.interface(1, 0, &[]);
    writer.enhanced(0, 2, 1, b"b");
    writer.enhanced(7, 3, 1, b"c");
    writer.enhanced(0, 4, 1, b"d");
    let (packets, stats) = read_all(writer.file);
    assert_eq!(packets, [seen(2000, 1, 1, b"b"), seen(4000, 1, 1, b"d")]);
    let reasons: Vec<_> = stats.problems.iter().map(|p| p.reason.clone()).collect();
    assert_eq!(reasons, [ProblemReason::UndescribedInterface { packets: 2 }]);
}

#[test]
fn a_length_that_counts_no_padding_is_read_with_and_without_it() {
    for padding in [&[][..], &[0; 3]] {
        let mut writer = Writer::new(false);
        writer.interface(1, 0, &[]);
        for second in [1u32, 2, 3] {
            // 32 bytes and a packet of 1.
            let fields = [6, 33, 0, 0, second, 1, 1].map(u32::to_le_bytes);
            writer.file.extend([fields.as_flattened(), b"x", padding].concat());
            writer.file.extend(33u32.to_le_bytes());
        }
        let expected = [1000, 2000, 3000].map(|nanos| seen(nanos, 1, 1, b"x"));
        for block in [1, 5, 1 << 16] {
            let file = Box::new(Cursor::new(writer.file.clone()));
            let (packets, stats) = read_stream(file, block);
            assert_eq!(packets, expected, "{} bytes of padding", padding.len());
            assert_eq!(stats.problems, []);
        }
    }
}

#[test]
fn a_long_block_whose_lengths_differ_is_damage() {
    let mut writer = Writer::new(false);
    writer.interface(1, 0, &[]);
    writer.block(0x0bad, &[&vec![0u8; 1 << 20]]);
    let end = writer.file.len();
    writer.file[end - 2] ^= 1;
    writer.enhanced(0, 1, 1, b"a");
    let (packets, stats) = read_all(writer.file);
    assert_eq!(packets, [seen(1000, 1, 1, b"a")]);
    assert_eq!(stats.problems.len(), 1);
}

#[test]
fn every_resolution_converts_without_overflow() {
    for resolution in 0..=u8::MAX {
        let ticks = Ticks::from_resolution(resolution);
        assert_eq!(ticks.nanos(0), 0);
        ticks.nanos(u64::MAX);
    }
    assert_eq!(Ticks::from_resolution(12).nanos(5_000), 5);
    assert_eq!(Ticks::from_resolution(3).nanos(5), 5_000_000);
}
