//! What is kept of a connection while nobody knows what it speaks.

use crate::model::chunk::{Chunk, Direction};
use crate::model::time::Timestamp;

/// Bytes kept of both directions together while nothing is certain: the longest undecided
/// beginning is a Stratum line without its end, and those of 3 kB come in pairs with a notify.
pub const MAX_KEPT: usize = 16 * 1024;
/// Chunks kept likewise; a line sent byte by byte.
const MAX_KEPT_CHUNKS: usize = 8 * 1024;
/// Bytes that the smallest allocation costs beside its content.
const ALLOCATION: usize = 32;

/// A chunk that was kept.
#[derive(Debug)]
pub struct Kept {
    pub(super) direction: Direction,
    time: Timestamp,
    packet: u64,
    gap: u64,
    bytes: Vec<u8>,
}

impl Kept {
    pub fn chunk(&self) -> Chunk<'_> {
        Chunk {
            direction: self.direction,
            time: self.time,
            packet: self.packet,
            gap: self.gap,
            bytes: &self.bytes,
        }
    }
}

/// Chunks that have not told yet what they are.
#[derive(Debug, Default)]
pub struct Undecided {
    pub(super) kept: Vec<Kept>,
    /// Bytes of all that is kept.
    pub(super) size: usize,
    /// The beginning of each direction.
    pub(super) heads: [Vec<u8>; 2],
}

impl Undecided {
    /// Bytes on the heap, this among them.
    pub fn held(&self) -> usize {
        let heads = self.heads.iter().map(Vec::capacity).sum::<usize>();
        let records = self.kept.capacity() * size_of::<Kept>() + self.kept.len() * ALLOCATION;
        size_of::<Undecided>() + heads + self.size + records
    }

    pub fn has_room(&self, chunk: &Chunk<'_>) -> bool {
        self.size + chunk.bytes.len() <= MAX_KEPT && self.kept.len() < MAX_KEPT_CHUNKS
    }

    /// Keeps a chunk from `start` on, as the beginning of its direction or the next part of it.
    pub fn keep(&mut self, chunk: &Chunk<'_>, start: usize) {
        let bytes = chunk.bytes.get(start..).unwrap_or_default();
        let head = &mut self.heads[chunk.direction.index()];
        if head.is_empty() {
            head.extend_from_slice(bytes);
        }
        self.size += bytes.len();
        self.kept.push(Kept {
            direction: chunk.direction,
            time: chunk.time,
            packet: chunk.packet,
            gap: chunk.gap,
            bytes: bytes.to_vec(),
        });
    }

    pub fn forget(&mut self, direction: Direction) {
        self.kept.retain(|kept| kept.direction != direction);
        self.size = self.kept.iter().map(|kept| kept.bytes.len()).sum();
        self.heads[direction.index()].clear();
    }
}
