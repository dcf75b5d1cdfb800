//! Block types of pcapng, and where a block ends.

use super::super::bytes::chunk;
use super::super::resync::{Link, RecordChain};
use super::super::walk::Window;
use super::{BLOCK_OVERHEAD, MAX_BLOCK, PcapNg, SECTION_HEADER};

/// What a block is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    Section,
    Interface,
    /// The obsolete Packet Block.
    Packet,
    SimplePacket,
    EnhancedPacket,
    /// A known type that has no packets and is never longer than [`MAX_BLOCK`].
    Other,
    /// A type of any length: journals, secrets, custom blocks.
    Long,
    Unknown,
}

impl BlockKind {
    pub(super) fn from_type(kind: u32) -> BlockKind {
        match kind {
            1 => BlockKind::Interface,
            2 => BlockKind::Packet,
            3 => BlockKind::SimplePacket,
            6 => BlockKind::EnhancedPacket,
            // systemd's journal; decryption secrets; Hone; Sysdig; custom blocks.
            9..=10 | 0x101..=0x102 | 0x201..=0x221 | 0x0bad | 0x4000_0bad => BlockKind::Long,
            // Names; statistics; IRIG time stamps; ARINC 429; types for local use. Half of all
            // numbers are for local use, so that a long one is more likely damage.
            4 | 5 | 7 | 8 | 0x8000_0000.. => BlockKind::Other,
            _ => BlockKind::Unknown,
        }
    }

    /// Whether the reader looks into the block.
    pub(super) fn is_read(self) -> bool {
        !matches!(self, BlockKind::Other | BlockKind::Long | BlockKind::Unknown)
    }

    /// Whether a block longer than [`MAX_BLOCK`] is skipped rather than taken for damage.
    pub(super) fn may_be_long(self) -> bool {
        self == BlockKind::Long
    }
}

/// Where a block ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockEnd {
    /// Its body ends at `body`, and the next block starts at `next`.
    At { body: usize, next: usize },
    /// More bytes are needed.
    Undecided,
    /// Its length does not stand again where it should.
    Nowhere,
}

impl PcapNg {
    /// Finds where the block at `at` ends: where its length stands again.
    ///
    /// A length that is no multiple of four is read both ways. Some writers leave out the padding;
    /// others write it and do not count it.
    #[inline]
    pub(super) fn block_end(&self, window: Window<'_>, at: usize, length: usize) -> BlockEnd {
        match self.trailer_at(window, at + length, length) {
            BlockEnd::Nowhere if !length.is_multiple_of(4) => {
                self.trailer_at(window, at + length.next_multiple_of(4), length)
            }
            end => end,
        }
    }

    #[inline]
    fn trailer_at(&self, window: Window<'_>, next: usize, length: usize) -> BlockEnd {
        match chunk(window.bytes, next - 4) {
            Some(trailer) if self.order.u32(*trailer) as usize == length => {
                BlockEnd::At { body: next - 4, next }
            }
            Some(_) => BlockEnd::Nowhere,
            None => BlockEnd::Undecided,
        }
    }
}

impl RecordChain for PcapNg {
    /// Asks for a known type and two equal lengths; for a sane length alone after another block.
    fn link(&self, window: Window<'_>, at: usize, before: Option<usize>) -> Link {
        let Some(&[t0, t1, t2, t3, l0, l1, l2, l3]) = chunk(window.bytes, at) else {
            return if window.at_end { Link::Broken } else { Link::Undecided };
        };
        let kind = BlockKind::from_type(self.order.u32([t0, t1, t2, t3]));
        let length = self.order.u32([l0, l1, l2, l3]) as usize;
        let plausible = (BLOCK_OVERHEAD..=MAX_BLOCK).contains(&length)
            && kind != BlockKind::Unknown
            && [t0, t1, t2, t3] != SECTION_HEADER;
        if !plausible {
            return Link::Broken;
        }
        if before.is_some() {
            return Link::Until(at + length);
        }
        match self.block_end(window, at, length) {
            BlockEnd::At { next, .. } => Link::Until(next),
            BlockEnd::Undecided if !window.at_end => Link::Undecided,
            BlockEnd::Undecided | BlockEnd::Nowhere => Link::Broken,
        }
    }
}
