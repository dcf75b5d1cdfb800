//! Looks at the first bytes of a TCP connection until one protocol is certain.

mod undecided;

use super::parser::Probe;
use super::registry::{self, StreamSlot};
use crate::model::chunk::{Chunk, Direction};
pub(super) use undecided::BufferedChunk;
use undecided::UndecidedChunks;

/// Chunks after which detection gives up on a direction that began like no known protocol.
///
/// It applies if the start of the connection was seen.
const PATIENCE: u32 = 3;
/// Like [`PATIENCE`], for a connection whose start was not seen.
///
/// A line of mining may begin that late: an Equihash submission has six segments, and a pool pushes
/// work once a minute.
const MIDSTREAM_PATIENCE: u32 = 48;
/// Chunks and bytes of a connection within which TLS may begin after an exchange in clear.
///
/// Mail, FTP, XMPP, LDAP, RDP and databases need two to ten short chunks; a transfer soon exceeds
/// these limits.
const CLEAR_CHUNKS: u32 = 16;
const CLEAR_BYTES: usize = 8 * 1024;

/// The result of detection after a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detection {
    Unsure,
    /// The protocol, and the offset in the chunk at which it begins. Kept chunks come before it.
    Found(StreamSlot, usize),
    Hopeless,
}

/// Detects the protocol of one connection.
#[derive(Debug)]
pub(super) struct ProtocolDetector {
    midstream: bool,
    /// Only a protocol that may follow an exchange in clear (TLS) is still looked for.
    clear: bool,
    /// Number of chunks and bytes of both directions.
    chunks: u32,
    bytes: usize,
    sides: [DirectionState; 2],
    /// Chunks kept while no protocol is certain; hardly ever any.
    undecided: Option<Box<UndecidedChunks>>,
}

/// State of detection for one direction.
#[derive(Debug, Default)]
struct DirectionState {
    chunks: u32,
    /// The direction began like no known protocol.
    foreign: bool,
}

impl ProtocolDetector {
    pub(super) fn new(midstream: bool) -> Self {
        ProtocolDetector {
            midstream,
            clear: false,
            chunks: 0,
            bytes: 0,
            sides: Default::default(),
            undecided: None,
        }
    }

    /// Returns the heap bytes of the kept chunks.
    pub(super) fn held(&self) -> usize {
        self.undecided.as_ref().map_or(0, |undecided| undecided.held())
    }

    /// Takes the chunks kept so far, in order.
    pub(super) fn take(&mut self) -> Vec<BufferedChunk> {
        self.undecided.take().map_or_else(Vec::new, |undecided| undecided.kept)
    }

    pub(super) fn chunk(&mut self, chunk: &Chunk<'_>) -> Detection {
        self.chunks += 1;
        self.bytes += chunk.bytes.len();
        if self.clear {
            return self.upgrade(chunk);
        }
        let index = chunk.direction.index();
        self.sides[index].chunks += 1;
        if chunk.gap > 0 {
            let heads = self.undecided.as_ref().map(|undecided| &undecided.heads[index]);
            if let Some(slot) = heads.and_then(|head| registry::torn(head)) {
                return Detection::Found(slot, 0);
            }
            self.forget(chunk.direction);
            self.midstream = true;
        }
        if self.sides[index].foreign {
            return self.rescue(chunk);
        }
        // The first chunk is nearly always enough, and then nothing is copied.
        let head = self.undecided.as_mut().map(|undecided| &mut undecided.heads[index]);
        let verdict = match head.filter(|head| !head.is_empty()) {
            None => probe(chunk.direction, chunk.bytes),
            Some(head) => {
                head.extend_from_slice(chunk.bytes);
                probe(chunk.direction, head)
            }
        };
        match verdict {
            Detection::Found(..) => verdict,
            Detection::Unsure if self.has_room(chunk) => {
                self.keep(chunk, 0);
                Detection::Unsure
            }
            Detection::Unsure | Detection::Hopeless => {
                self.forget(chunk.direction);
                self.sides[index].foreign = true;
                // The first bytes may be the rest of a line, with a message after it.
                self.rescue(chunk)
            }
        }
    }

    fn has_room(&self, chunk: &Chunk<'_>) -> bool {
        self.undecided.as_ref().is_none_or(|undecided| undecided.has_room(chunk))
    }

    /// Looks for a message, or for TLS after an exchange in clear, in a foreign direction.
    ///
    /// Such a direction began in the middle of a message or with something else.
    fn rescue(&mut self, chunk: &Chunk<'_>) -> Detection {
        if let Some(slot) = registry::following_clear(chunk.bytes) {
            self.forget_all();
            return Detection::Found(slot, 0);
        }
        if let Some((found, start)) = registry::message_start(chunk.bytes) {
            let bytes = chunk.bytes.get(start..).unwrap_or_default();
            self.forget(chunk.direction);
            let probe = (found.protocol().probe)(chunk.direction, bytes);
            match probe {
                Probe::Certain => return Detection::Found(found, start),
                Probe::Unsure if self.has_room(chunk) => {
                    self.keep(chunk, start);
                    self.sides[chunk.direction.index()].foreign = false;
                }
                Probe::Unsure | Probe::NotForUs => {}
            }
        }
        let patience = if self.midstream { MIDSTREAM_PATIENCE } else { PATIENCE };
        let tired = |side: &DirectionState| side.foreign && side.chunks >= patience;
        let foreign = self.sides.iter().all(|side| side.foreign) && !self.midstream;
        if !foreign && !self.sides.iter().any(tired) {
            return Detection::Unsure;
        }
        if self.midstream {
            return Detection::Hopeless;
        }
        self.forget_all();
        self.clear = true;
        self.upgrade(chunk)
    }

    /// Looks only for a protocol that may follow an exchange in clear, as after STARTTLS.
    ///
    /// It costs one comparison per chunk.
    fn upgrade(&self, chunk: &Chunk<'_>) -> Detection {
        if let Some(slot) = registry::following_clear(chunk.bytes) {
            Detection::Found(slot, 0)
        } else if self.chunks < CLEAR_CHUNKS && self.bytes < CLEAR_BYTES {
            Detection::Unsure
        } else {
            Detection::Hopeless
        }
    }

    fn keep(&mut self, chunk: &Chunk<'_>, start: usize) {
        self.undecided.get_or_insert_default().keep(chunk, start);
    }

    fn forget_all(&mut self) {
        self.undecided = None;
    }

    fn forget(&mut self, direction: Direction) {
        if let Some(undecided) = &mut self.undecided {
            undecided.forget(direction);
        }
    }
}

/// Probes the beginning of a direction for all protocols.
fn probe(direction: Direction, head: &[u8]) -> Detection {
    let mut verdict = Detection::Hopeless;
    for slot in registry::candidates(head) {
        match (slot.protocol().probe)(direction, head) {
            Probe::Certain => return Detection::Found(slot, 0),
            Probe::Unsure => verdict = Detection::Unsure,
            Probe::NotForUs => {}
        }
    }
    verdict
}

#[cfg(test)]
mod tests;
