//! Looks at the first bytes of a TCP connection until one protocol is certain.

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;
use std::sync::LazyLock;

use super::parser::Probe;
use super::prelude::{proxy_protocol, socks};
use super::stratum::{self, sv2};
use super::{dns, http, p2pool, tls, websocket};
use crate::model::chunk::{Chunk, Direction};
use crate::model::time::Timestamp;

/// Bytes kept of both directions together while nothing is certain: the longest undecided
/// beginning is a Stratum line without its end, and those of 3 kB come in pairs with a notify.
const MAX_KEPT: usize = 16 * 1024;
/// Chunks kept likewise; a line sent byte by byte.
const MAX_KEPT_CHUNKS: usize = 8 * 1024;
/// Bytes that the smallest allocation costs beside its content.
const ALLOCATION: usize = 32;
/// Chunks after which a direction that began like nothing we know is given up, if the start of the
/// connection was seen.
const PATIENCE: u32 = 3;
/// The same for a connection that was under way: until a line of mining begins. An Equihash
/// submission has six segments, and a pool pushes work once a minute.
const MIDSTREAM_PATIENCE: u32 = 48;
/// Chunks and bytes of a connection within which TLS may begin after an exchange in clear. Mail,
/// FTP, XMPP, LDAP, RDP and databases need two to ten short ones; a transfer is soon over this.
const CLEAR_CHUNKS: u32 = 16;
const CLEAR_BYTES: usize = 8 * 1024;

/// A protocol that a connection can begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    ProxyProtocol,
    Socks,
    Http,
    /// Whose handshake was not seen.
    WebSocket,
    Tls,
    Dns,
    Stratum,
    StratumV2,
    P2Pool,
}

/// What the bytes so far say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Unsure,
    /// From this offset in the chunk on. What was kept comes before it.
    Found(Found, usize),
    Hopeless,
}

/// A chunk that was kept.
#[derive(Debug)]
pub(super) struct Kept {
    direction: Direction,
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

/// The search in one connection.
#[derive(Debug)]
pub(super) struct Search {
    midstream: bool,
    /// Only TLS is still looked for.
    clear: bool,
    /// Chunks and bytes of both directions.
    chunks: u32,
    bytes: usize,
    sides: [Side; 2],
    /// What is undecided; there hardly ever is anything.
    undecided: Option<Box<Undecided>>,
}

/// The search in one direction.
#[derive(Debug, Default)]
struct Side {
    chunks: u32,
    /// It began like nothing we know.
    foreign: bool,
}

/// Chunks that have not told yet what they are.
#[derive(Debug, Default)]
struct Undecided {
    kept: Vec<Kept>,
    /// Bytes of all that is kept.
    size: usize,
    /// The beginning of each direction.
    heads: [Vec<u8>; 2],
}

impl Search {
    pub fn new(midstream: bool) -> Self {
        Search {
            midstream,
            clear: false,
            chunks: 0,
            bytes: 0,
            sides: Default::default(),
            undecided: None,
        }
    }

    /// Bytes kept.
    pub fn held(&self) -> usize {
        let Some(undecided) = &self.undecided else { return 0 };
        let Undecided { kept, size, heads } = &**undecided;
        let heads = heads.iter().map(Vec::capacity).sum::<usize>();
        let records = kept.capacity() * size_of::<Kept>() + kept.len() * ALLOCATION;
        size_of::<Undecided>() + heads + size + records
    }

    /// The chunks kept so far, in order.
    pub fn take(&mut self) -> Vec<Kept> {
        self.undecided.take().map_or_else(Vec::new, |undecided| undecided.kept)
    }

    pub fn chunk(&mut self, chunk: &Chunk<'_>) -> Verdict {
        self.chunks += 1;
        self.bytes += chunk.bytes.len();
        if self.clear {
            return self.upgrade(chunk);
        }
        let index = chunk.direction.index();
        self.sides[index].chunks += 1;
        if chunk.gap > 0 {
            self.forget(chunk.direction);
            self.midstream = true;
        }
        if self.sides[index].foreign {
            return self.rescue(chunk);
        }
        // Nearly always the first chunk is enough, and nothing is copied.
        let head = self.undecided.as_mut().map(|undecided| &mut undecided.heads[index]);
        let verdict = match head.filter(|head| !head.is_empty()) {
            None => probe(chunk.direction, chunk.bytes),
            Some(head) => {
                head.extend_from_slice(chunk.bytes);
                probe(chunk.direction, head)
            }
        };
        match verdict {
            Verdict::Found(..) => verdict,
            Verdict::Unsure if self.has_room(chunk) => {
                self.keep(chunk, 0);
                Verdict::Unsure
            }
            Verdict::Unsure | Verdict::Hopeless => {
                self.forget(chunk.direction);
                self.sides[index].foreign = true;
                // The first bytes may be the rest of a line, and a message behind it.
                self.rescue(chunk)
            }
        }
    }

    fn has_room(&self, chunk: &Chunk<'_>) -> bool {
        self.undecided.as_ref().is_none_or(|undecided| {
            undecided.size + chunk.bytes.len() <= MAX_KEPT && undecided.kept.len() < MAX_KEPT_CHUNKS
        })
    }

    /// Looks for a message in a direction that began in the middle of one, or with something else,
    /// and for a TLS handshake after an exchange in clear.
    fn rescue(&mut self, chunk: &Chunk<'_>) -> Verdict {
        if tls::begins_with_hello(chunk.bytes) {
            self.forget_all();
            return Verdict::Found(Found::Tls, 0);
        }
        if let Some((found, start)) = message_start(chunk.bytes) {
            let bytes = chunk.bytes.get(start..).unwrap_or_default();
            self.forget(chunk.direction);
            let probe = match found {
                Found::Http => http::probe(bytes),
                Found::WebSocket => websocket::probe(chunk.direction, bytes),
                _ => stratum::probe(chunk.direction, bytes),
            };
            match probe {
                Probe::Certain => return Verdict::Found(found, start),
                Probe::Unsure if self.has_room(chunk) => {
                    self.keep(chunk, start);
                    self.sides[chunk.direction.index()].foreign = false;
                }
                Probe::Unsure | Probe::NotForUs => {}
            }
        }
        let patience = if self.midstream { MIDSTREAM_PATIENCE } else { PATIENCE };
        let tired = |side: &Side| side.foreign && side.chunks >= patience;
        let foreign = self.sides.iter().all(|side| side.foreign) && !self.midstream;
        if !foreign && !self.sides.iter().any(tired) {
            return Verdict::Unsure;
        }
        if self.midstream {
            return Verdict::Hopeless;
        }
        self.forget_all();
        self.clear = true;
        self.upgrade(chunk)
    }

    /// Looks only for a TLS handshake in what began as something else (STARTTLS and the like): that
    /// costs a comparison a chunk.
    fn upgrade(&self, chunk: &Chunk<'_>) -> Verdict {
        if tls::begins_with_hello(chunk.bytes) {
            Verdict::Found(Found::Tls, 0)
        } else if self.chunks < CLEAR_CHUNKS && self.bytes < CLEAR_BYTES {
            Verdict::Unsure
        } else {
            Verdict::Hopeless
        }
    }

    /// Keeps a chunk from `start` on, as the beginning of its direction or the next part of it.
    fn keep(&mut self, chunk: &Chunk<'_>, start: usize) {
        let bytes = chunk.bytes.get(start..).unwrap_or_default();
        let Undecided { kept, size, heads } = &mut **self.undecided.get_or_insert_default();
        let head = &mut heads[chunk.direction.index()];
        if head.is_empty() {
            head.extend_from_slice(bytes);
        }
        *size += bytes.len();
        kept.push(Kept {
            direction: chunk.direction,
            time: chunk.time,
            packet: chunk.packet,
            gap: chunk.gap,
            bytes: bytes.to_vec(),
        });
    }

    fn forget_all(&mut self) {
        self.undecided = None;
    }

    fn forget(&mut self, direction: Direction) {
        let Some(undecided) = &mut self.undecided else { return };
        let Undecided { kept, size, heads } = &mut **undecided;
        kept.retain(|kept| kept.direction != direction);
        *size = kept.iter().map(|kept| kept.bytes.len()).sum();
        heads[direction.index()].clear();
    }
}

/// Asks every protocol about the beginning of a direction.
fn probe(direction: Direction, head: &[u8]) -> Verdict {
    type Ask = fn(Direction, &[u8]) -> Probe;
    /// The first that is certain ends the search.
    const CANDIDATES: [(Found, Ask); 9] = [
        (Found::Tls, |_, head| tls::probe(head)),
        (Found::Http, |_, head| http::probe(head)),
        (Found::Dns, |_, head| dns::probe_stream(head)),
        (Found::Stratum, stratum::probe),
        (Found::WebSocket, websocket::probe),
        (Found::Socks, |_, head| socks::probe(head)),
        (Found::ProxyProtocol, |_, head| proxy_protocol::probe(head)),
        (Found::StratumV2, sv2::probe),
        (Found::P2Pool, |_, head| p2pool::probe(head)),
    ];
    let mut verdict = Verdict::Hopeless;
    for (found, ask) in CANDIDATES {
        match ask(direction, head) {
            Probe::Certain => return Verdict::Found(found, 0),
            Probe::Unsure => verdict = Verdict::Unsure,
            Probe::NotForUs => {}
        }
    }
    verdict
}

/// Words of which every message of a line-based dialect has at least one.
const WORDS: [&str; 9] =
    ["method", "result", "params", "\\u00", "\"id\"", "identifier", "\"type\"", "\"job", "error"];

/// Where in a chunk something may begin that is worth a look. HTTP and WebSocket begin messages
/// with a segment.
fn message_start(bytes: &[u8]) -> Option<(Found, usize)> {
    match bytes {
        [websocket::TEXT | websocket::BINARY, ..] => Some((Found::WebSocket, 0)),
        _ if http::probe(bytes) == Probe::Certain => Some((Found::Http, 0)),
        _ => line_start(bytes).map(|start| (Found::Stratum, start)),
    }
}

/// Where a line that may be JSON-RPC begins: at the start, or behind a line feed.
fn line_start(bytes: &[u8]) -> Option<usize> {
    static GATE: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(WORDS).ok()
    });
    static NEXT_LINE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\n{"));
    let start = if bytes.first() == Some(&b'{') { 0 } else { NEXT_LINE.find(bytes)? + 1 };
    let line = bytes.get(start..)?;
    GATE.as_ref().is_none_or(|gate| gate.is_match(line)).then_some(start)
}

#[cfg(test)]
mod tests;
