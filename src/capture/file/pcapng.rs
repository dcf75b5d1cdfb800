//! Walks the blocks of a pcapng file (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng>).
//!
//! Reads section headers, interface descriptions and the three kinds of packet blocks; skips all
//! other blocks. Never panics: every read is bounds-checked. Only blocks up to [`MAX_BLOCK`] are
//! held in memory.

use crate::model::Timestamp;
use crate::model::packet::{LinkType, PacketRecord};

use super::super::linktype;
use super::bytes::{ByteOrder, chunk};
use super::pcap::MAX_PACKET;
use super::{PacketSink, WalkOutcome};

/// Type of a Section Header Block: a palindrome, the same in both byte orders.
pub(super) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const INTERFACE_DESCRIPTION: u32 = 1;
/// The obsolete Packet Block.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
/// Bytes of a block around its body: type and length before it, the length again after it.
const BLOCK_OVERHEAD: usize = 12;
/// Largest block that is read, in bytes: a packet, and as many bytes of options.
///
/// Real blocks have a few dozen bytes of options.
const MAX_BLOCK: usize = 2 * MAX_PACKET;
/// Interfaces per section. A capture of all interfaces of a large router has some thousands.
const MAX_INTERFACES: usize = 65_536;

/// Option codes of an Interface Description Block.
const OPT_END: u16 = 0;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// The unit of an interface's time stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ticks {
    /// Nanoseconds per tick (resolutions 10^0 to 10^-9).
    Nanos(u64),
    /// Ticks per nanosecond (10^-10 and finer).
    PerNano(u64),
    /// A tick is 2^-n seconds.
    Binary(u32),
}

impl Ticks {
    /// Parses `if_tsresol`: a power of ten, or of two if the highest bit is set.
    fn from_resolution(resolution: u8) -> Ticks {
        let power = u32::from(resolution & 0x7f);
        match resolution {
            0x80.. => Ticks::Binary(power),
            0..=9 => Ticks::Nanos(10u64.pow(9 - power)),
            // 10^19 is the largest power in 64 bits; finer ticks count as zero time.
            _ => Ticks::PerNano(10u64.checked_pow(power - 9).unwrap_or(u64::MAX)),
        }
    }

    #[inline]
    fn nanos(self, ticks: u64) -> u64 {
        match self {
            Ticks::Nanos(nanos) => ticks.saturating_mul(nanos),
            Ticks::PerNano(ticks_per_nano) => ticks / ticks_per_nano,
            // The product of 64 bits of ticks and 30 bits of nanoseconds fits into 128 bits.
            Ticks::Binary(power) => {
                let nanos = (u128::from(ticks) * 1_000_000_000).checked_shr(power).unwrap_or(0);
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
        }
    }
}

#[derive(Debug)]
struct Interface {
    link: Result<LinkType, u32>,
    /// Captured bytes per packet; 0 means no limit.
    snaplen: u32,
    ticks: Ticks,
    offset_seconds: i64,
}

impl Interface {
    #[inline]
    fn time(&self, high: u32, low: u32) -> Timestamp {
        let nanos = self.ticks.nanos(u64::from(high) << 32 | u64::from(low));
        if self.offset_seconds == 0 {
            return Timestamp::from_nanos(nanos);
        }
        let moment = i128::from(nanos) + i128::from(self.offset_seconds) * 1_000_000_000;
        Timestamp::from_nanos(u64::try_from(moment.max(0)).unwrap_or(u64::MAX))
    }
}

/// The state of a pcapng file: the current section's byte order and interfaces.
#[derive(Debug)]
pub(super) struct PcapNg {
    order: ByteOrder,
    interfaces: Vec<Interface>,
}

/// What is wrong with the contents of a block.
struct BrokenBlock(&'static str);

impl PcapNg {
    /// The state before the first section header, which sets the byte order.
    pub(super) fn new() -> PcapNg {
        PcapNg { order: ByteOrder::Little, interfaces: Vec::new() }
    }

    /// Walks the complete blocks of `bytes` from `at` on.
    ///
    /// The position returned lies beyond `bytes` if they end inside a block that is not needed.
    pub(super) fn walk(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        sink: &mut PacketSink<'_>,
    ) -> WalkOutcome {
        while let Some(&[t0, t1, t2, t3, l0, l1, l2, l3, b0, b1, b2, b3]) = chunk(bytes, at) {
            let is_section = [t0, t1, t2, t3] == SECTION_HEADER;
            if is_section {
                self.order = match (
                    ByteOrder::Little.u32([b0, b1, b2, b3]),
                    ByteOrder::Big.u32([b0, b1, b2, b3]),
                ) {
                    (BYTE_ORDER_MAGIC, _) => ByteOrder::Little,
                    (_, BYTE_ORDER_MAGIC) => ByteOrder::Big,
                    _ => {
                        return WalkOutcome::broken(
                            at,
                            "a section without byte-order magic".into(),
                        );
                    }
                };
            }
            let kind = self.order.u32([t0, t1, t2, t3]);
            let length = self.order.u32([l0, l1, l2, l3]) as usize;
            if length < BLOCK_OVERHEAD {
                return WalkOutcome::broken(at, format!("a block of {length} bytes"));
            }
            let wanted = is_section
                || matches!(kind, INTERFACE_DESCRIPTION | PACKET | SIMPLE_PACKET | ENHANCED_PACKET);
            // Checked before the block is complete, so that the read size does not matter.
            if wanted && length > MAX_BLOCK {
                return WalkOutcome::broken(
                    at,
                    format!("a block of {length} bytes, more than {MAX_BLOCK}"),
                );
            }
            let end = at.saturating_add(length);
            let Some(block) = bytes.get(at..end) else {
                // Skip a block that is not needed; wait for the rest of any other.
                return WalkOutcome::until(if wanted { at } else { end });
            };
            if block.last_chunk().map(|trailer| self.order.u32(*trailer) as usize) != Some(length) {
                return WalkOutcome::broken(at, "the two lengths of a block differ".into());
            }
            let body_at = at + 8;
            let body = bytes.get(body_at..end - 4).unwrap_or_default();
            let outcome = match kind {
                _ if is_section => self.section(body),
                ENHANCED_PACKET => self.enhanced_packet(body, body_at, sink),
                PACKET => self.packet(body, body_at, sink),
                SIMPLE_PACKET => self.simple_packet(body, body_at, sink),
                INTERFACE_DESCRIPTION => self.interface(body),
                _ => Ok(()),
            };
            if let Err(BrokenBlock(what)) = outcome {
                return WalkOutcome::broken(at, what.into());
            }
            at = end;
        }
        WalkOutcome::until(at)
    }

    /// Byte-order magic (4), major version (2), minor version (2), section length (8), options.
    fn section(&mut self, body: &[u8]) -> Result<(), BrokenBlock> {
        let &[_, _, _, _, major0, major1] =
            chunk(body, 0).ok_or(BrokenBlock("a cut section header"))?;
        if self.order.u16([major0, major1]) != 1 {
            return Err(BrokenBlock("a section of an unknown version"));
        }
        self.interfaces.clear();
        Ok(())
    }

    /// Link type (2), reserved (2), snap length (4), options.
    fn interface(&mut self, body: &[u8]) -> Result<(), BrokenBlock> {
        let &[k0, k1, _, _, s0, s1, s2, s3] =
            chunk(body, 0).ok_or(BrokenBlock("a cut interface description"))?;
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(BrokenBlock("more than 65536 interfaces in a section"));
        }
        let mut interface = Interface {
            link: linktype::supported(u32::from(self.order.u16([k0, k1]))),
            snaplen: self.order.u32([s0, s1, s2, s3]),
            ticks: Ticks::Nanos(1000),
            offset_seconds: 0,
        };
        let mut at = 8;
        while let Some(&[c0, c1, n0, n1]) = chunk(body, at) {
            let length = usize::from(self.order.u16([n0, n1]));
            let value = at + 4;
            match self.order.u16([c0, c1]) {
                OPT_END => break,
                IF_TSRESOL if length >= 1 => {
                    if let Some(&[resolution]) = chunk(body, value) {
                        interface.ticks = Ticks::from_resolution(resolution);
                    }
                }
                IF_TSOFFSET if length >= 8 => {
                    if let Some(offset) = chunk(body, value) {
                        interface.offset_seconds = self.order.i64(*offset);
                    }
                }
                _ => {}
            }
            at = value + length.next_multiple_of(4);
        }
        self.interfaces.push(interface);
        Ok(())
    }

    /// Interface (4), time high (4), time low (4), captured (4), original (4), packet, options.
    fn enhanced_packet(
        &self,
        body: &[u8],
        at: usize,
        sink: &mut PacketSink<'_>,
    ) -> Result<(), BrokenBlock> {
        let &[i0, i1, i2, i3, h0, h1, h2, h3, w0, w1, w2, w3, c0, c1, c2, c3, o0, o1, o2, o3] =
            chunk(body, 0).ok_or(BrokenBlock("a cut packet block"))?;
        let order = self.order;
        self.deliver(
            order.u32([i0, i1, i2, i3]) as usize,
            Some((order.u32([h0, h1, h2, h3]), order.u32([w0, w1, w2, w3]))),
            order.u32([c0, c1, c2, c3]),
            order.u32([o0, o1, o2, o3]),
            (at + 20, body.len() - 20),
            sink,
        )
    }

    /// Interface (2), drops (2), then the fields of an Enhanced Packet Block.
    fn packet(&self, body: &[u8], at: usize, sink: &mut PacketSink<'_>) -> Result<(), BrokenBlock> {
        let &[i0, i1, _, _, h0, h1, h2, h3, w0, w1, w2, w3, c0, c1, c2, c3, o0, o1, o2, o3] =
            chunk(body, 0).ok_or(BrokenBlock("a cut packet block"))?;
        let order = self.order;
        self.deliver(
            usize::from(order.u16([i0, i1])),
            Some((order.u32([h0, h1, h2, h3]), order.u32([w0, w1, w2, w3]))),
            order.u32([c0, c1, c2, c3]),
            order.u32([o0, o1, o2, o3]),
            (at + 20, body.len() - 20),
            sink,
        )
    }

    /// Original length (4), packet. It belongs to the first interface and has no time.
    fn simple_packet(
        &self,
        body: &[u8],
        at: usize,
        sink: &mut PacketSink<'_>,
    ) -> Result<(), BrokenBlock> {
        let original = self.order.u32(*chunk(body, 0).ok_or(BrokenBlock("a cut packet block"))?);
        let present = body.len() - 4;
        let snaplen = match self.interfaces.first() {
            Some(Interface { snaplen: limit @ 1.., .. }) => *limit,
            _ => u32::MAX,
        };
        let captured = original.min(snaplen).min(u32::try_from(present).unwrap_or(u32::MAX));
        self.deliver(0, None, captured, original, (at + 4, present), sink)
    }

    /// Adds one packet to the sink.
    ///
    /// `place` holds the offset of its bytes and the number of bytes the block has for it.
    #[inline]
    fn deliver(
        &self,
        interface: usize,
        time: Option<(u32, u32)>,
        captured: u32,
        wire_len: u32,
        place: (usize, usize),
        sink: &mut PacketSink<'_>,
    ) -> Result<(), BrokenBlock> {
        let interface = self
            .interfaces
            .get(interface)
            .ok_or(BrokenBlock("a packet of an interface that is not described"))?;
        let (offset, present) = place;
        if captured as usize > present.min(MAX_PACKET) {
            return Err(BrokenBlock("a packet longer than its block or than 262144 bytes"));
        }
        match interface.link {
            Ok(link) => sink.records.push(PacketRecord {
                time: time.map_or(Timestamp::ZERO, |(high, low)| interface.time(high, low)),
                offset: offset as u32,
                captured,
                wire_len,
                link,
            }),
            Err(value) => sink.unsupported.count(value),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::super::problem::ProblemReason;
    use super::super::UnsupportedPackets;
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
            let fields =
                [interface, (ticks >> 32) as u32, ticks as u32, bytes.len() as u32, wire_len]
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
            let (mut records, mut unsupported) = (Vec::new(), UnsupportedPackets::default());
            let mut sink = PacketSink { records: &mut records, unsupported: &mut unsupported };
            PcapNg::new().walk(&writer.file[..present], 0, &mut sink);
            assert_eq!(records.len(), 1, "{present} bytes at hand");
        }
        for block in [1, 1 << 10, 1 << 16, 4 << 20] {
            let (packets, stats) = read_stream(Box::new(Cursor::new(writer.file.clone())), block);
            assert_eq!(packets, [seen(1000, 1, 1, b"a")], "{block} bytes at once");
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
    fn broken_blocks_stop_the_file_where_they_are() {
        let mut good = Writer::new(false);
        good.interface(1, 0, &[]);
        good.enhanced(0, 1, 1, b"a");
        let at = good.file.len() as u64;
        let broken: [(&str, Vec<u8>); 4] = [
            ("length 8", [6u32, 8, 0, 8].map(u32::to_le_bytes).concat()),
            ("two lengths", [6u32, 32, 0, 0, 0, 0, 0, 36].map(u32::to_le_bytes).concat()),
            ("interface 7", [6u32, 32, 7, 0, 0, 0, 0, 32].map(u32::to_le_bytes).concat()),
            ("captured 99", [6u32, 32, 0, 0, 0, 99, 0, 32].map(u32::to_le_bytes).concat()),
        ];
        for (what, block) in broken {
            let (packets, stats) = read_all([&good.file[..], &block, &good.file].concat());
            assert_eq!(packets.len(), 1, "{what}");
            let problem = stats.problems.first().expect(what);
            assert_eq!(problem.offset, Some(at), "{what}");
            assert!(matches!(problem.reason, ProblemReason::Corrupt(_)), "{what}: {problem}");
        }
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
}
