//! Walks the blocks of a pcapng file (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng>).
//!
//! Reads section headers, interface descriptions and the three kinds of packet blocks; skips all
//! other blocks. Never panics: every read is bounds-checked. Only blocks up to [`MAX_BLOCK`] are
//! held in memory.

mod blocks;
mod interface;

use crate::model::Timestamp;
use crate::model::packet::PacketRecord;

use super::super::linktype;
use super::bytes::{ByteOrder, chunk};
use super::pcap::{self, MAX_PACKET};
use super::walk::{PacketSink, WalkOutcome, WalkStop, Window};
use blocks::{BlockEnd, BlockKind};
use interface::{Interface, Ticks};

/// Type of a Section Header Block: a palindrome, the same in both byte orders.
pub(super) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
/// Bytes of a block around its body: type and length before it, the length again after it.
const BLOCK_OVERHEAD: usize = 12;
/// Length of a section header without options.
const MIN_SECTION: usize = 28;
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

/// The state of a pcapng file: the current section's byte order and interfaces.
///
/// `blocks.rs` finds where blocks end.
#[derive(Debug)]
pub(super) struct PcapNg {
    order: ByteOrder,
    interfaces: Vec<Interface>,
    /// The length that must stand here again, after a block that was skipped.
    trailer: Option<u32>,
}

/// Returns the byte order that the magic of a section header tells.
fn section_order(magic: [u8; 4]) -> Option<ByteOrder> {
    [ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .find(|order| order.u32(magic) == BYTE_ORDER_MAGIC)
}

/// What is wrong with the contents of a block.
struct BrokenBlock(&'static str);

impl PcapNg {
    /// The state before the first section header, which sets the byte order.
    pub(super) fn new() -> PcapNg {
        PcapNg { order: ByteOrder::Little, interfaces: Vec::new(), trailer: None }
    }

    /// Walks the complete blocks of the window from `at` on.
    ///
    /// The position returned lies beyond the window if it ends inside a block that is not needed.
    pub(super) fn walk(
        &mut self,
        window: Window<'_>,
        mut at: usize,
        sink: &mut PacketSink<'_>,
    ) -> WalkOutcome {
        let bytes = window.bytes;
        if let Some(length) = self.trailer {
            let Some(trailer) = chunk(bytes, at) else { return WalkOutcome::incomplete(at) };
            self.trailer = None;
            if self.order.u32(*trailer) != length {
                return WalkOutcome::damaged(at, "the two lengths of a long block differ");
            }
            at += 4;
        }
        while let Some(&[t0, t1, t2, t3, l0, l1, l2, l3, b0, b1, b2, b3]) = chunk(bytes, at) {
            let is_section = [t0, t1, t2, t3] == SECTION_HEADER;
            if is_section {
                match section_order([b0, b1, b2, b3]) {
                    Some(order) => self.order = order,
                    None => {
                        return WalkOutcome::damaged(at, "a section without byte-order magic");
                    }
                }
            }
            let kind = self.order.u32([t0, t1, t2, t3]);
            let length = self.order.u32([l0, l1, l2, l3]) as usize;
            let kind = match is_section {
                true => BlockKind::Section,
                false => BlockKind::from_type(kind),
            };
            if !kind.is_read() && pcap::is_magic([t0, t1, t2, t3]) {
                match super::resync::file_header(window, at) {
                    Some(true) => return WalkOutcome::new_file(at),
                    None => return WalkOutcome::incomplete(at),
                    Some(false) => {}
                }
            }
            if length < BLOCK_OVERHEAD {
                return WalkOutcome::damaged(at, format!("a block of {length} bytes"));
            }
            // Checked before the block is complete, so that the read size does not matter.
            if length > MAX_BLOCK {
                if !kind.may_be_long() {
                    let what = format!("a block of {length} bytes, more than {MAX_BLOCK}");
                    return WalkOutcome::damaged(at, what);
                }
                self.trailer = Some(length as u32);
                let end = at + length - 4;
                return match end < bytes.len() {
                    true => self.walk(window, end, sink),
                    false => WalkOutcome::incomplete(end),
                };
            }
            let (body_end, end) = match self.block_end(window, at, length) {
                BlockEnd::At { body, next } => (body, next),
                BlockEnd::Undecided => return WalkOutcome::incomplete(at),
                BlockEnd::Nowhere => {
                    return WalkOutcome::damaged(at, "the two lengths of a block differ");
                }
            };
            let body_at = at + 8;
            let body = bytes.get(body_at..body_end).unwrap_or_default();
            let outcome = match kind {
                BlockKind::EnhancedPacket => self.enhanced_packet(body, body_at, sink),
                BlockKind::Packet => self.packet(body, body_at, sink),
                BlockKind::SimplePacket => self.simple_packet(body, body_at, sink),
                BlockKind::Interface => self.interface(body),
                BlockKind::Section => self.section(body),
                BlockKind::Other | BlockKind::Long | BlockKind::Unknown => Ok(()),
            };
            if let Err(BrokenBlock(what)) = outcome {
                let stop = WalkStop::Damaged { what: what.to_owned(), resume: Some(end) };
                return WalkOutcome { next: at, stop };
            }
            at = end;
        }
        WalkOutcome::incomplete(at)
    }

    /// Whether a block begins as a section header does: type, length, byte-order magic.
    pub(super) fn is_section(start: &[u8; BLOCK_OVERHEAD]) -> bool {
        let &[t0, t1, t2, t3, l0, l1, l2, l3, b0, b1, b2, b3] = start;
        let order = section_order([b0, b1, b2, b3]);
        let length = order.map(|order| order.u32([l0, l1, l2, l3]) as usize);
        [t0, t1, t2, t3] == SECTION_HEADER
            && length.is_some_and(|length| (MIN_SECTION..=MAX_BLOCK).contains(&length))
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
        let (offset, present) = place;
        if captured as usize > present.min(MAX_PACKET) {
            return Err(BrokenBlock("a packet longer than its block or than 262144 bytes"));
        }
        let Some(interface) = self.interfaces.get(interface) else {
            sink.lost.undescribed += 1;
            return Ok(());
        };
        match interface.link {
            Ok(link) => sink.records.push(PacketRecord {
                time: time.map_or(Timestamp::ZERO, |(high, low)| interface.time(high, low)),
                offset: offset as u32,
                captured,
                wire_len,
                link,
            }),
            Err(value) => sink.lost.count_unsupported(value),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
