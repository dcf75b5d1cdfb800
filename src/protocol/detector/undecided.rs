//! Buffer for the chunks of a connection while its protocol is unknown.

use crate::model::Timestamp;
use crate::model::chunk::{Chunk, Direction};

/// Most bytes kept of both directions together.
///
/// The longest undecided beginning is a Stratum line without its end; lines of 3 kB come in pairs
/// with a notify.
pub(super) const MAX_KEPT: usize = 16 * 1024;
/// Most chunks kept of both directions together; enough for a line that is sent byte by byte.
const MAX_KEPT_CHUNKS: usize = 8 * 1024;
/// Bytes that an allocation costs in addition to its content.
const ALLOCATION: usize = 32;

/// An owned copy of a chunk.
#[derive(Debug)]
pub(crate) struct BufferedChunk {
    pub(super) direction: Direction,
    time: Timestamp,
    packet: u64,
    gap: u64,
    bytes: Vec<u8>,
}

impl BufferedChunk {
    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }

    pub(crate) fn chunk(&self) -> Chunk<'_> {
        Chunk {
            direction: self.direction,
            time: self.time,
            packet: self.packet,
            gap: self.gap,
            bytes: &self.bytes,
        }
    }
}

/// Chunks of a connection whose protocol is not known yet.
#[derive(Debug, Default)]
pub(super) struct UndecidedChunks {
    pub(super) kept: Vec<BufferedChunk>,
    /// Bytes of all kept chunks.
    pub(super) size: usize,
    /// The beginning of each direction.
    pub(super) heads: [Vec<u8>; 2],
}

impl UndecidedChunks {
    /// Returns the bytes on the heap, including this struct.
    pub(super) fn held(&self) -> usize {
        let heads = self.heads.iter().map(Vec::capacity).sum::<usize>();
        let records =
            self.kept.capacity() * size_of::<BufferedChunk>() + self.kept.len() * ALLOCATION;
        size_of::<UndecidedChunks>() + heads + self.size + records
    }

    pub(super) fn has_room(&self, chunk: &Chunk<'_>) -> bool {
        self.size + chunk.bytes.len() <= MAX_KEPT && self.kept.len() < MAX_KEPT_CHUNKS
    }

    /// Keeps the bytes of a chunk from `start` on; they begin or continue their direction.
    pub(super) fn keep(&mut self, chunk: &Chunk<'_>, start: usize) {
        let bytes = chunk.bytes.get(start..).unwrap_or_default();
        let head = &mut self.heads[chunk.direction.index()];
        if head.is_empty() {
            head.extend_from_slice(bytes);
        }
        self.size += bytes.len();
        self.kept.push(BufferedChunk {
            direction: chunk.direction,
            time: chunk.time,
            packet: chunk.packet,
            gap: chunk.gap,
            bytes: bytes.to_vec(),
        });
    }

    pub(super) fn forget(&mut self, direction: Direction) {
        self.kept.retain(|kept| kept.direction != direction);
        self.size = self.kept.iter().map(|kept| kept.bytes.len()).sum();
        self.heads[direction.index()].clear();
    }
}
