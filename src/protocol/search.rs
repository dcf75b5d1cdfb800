//! Looks at the first bytes of a TCP connection until one protocol is certain.

use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;

use super::parser::Probe;
use super::prelude::{proxy_protocol, socks};
use super::stratum::{self, p2pool, sv2};
use super::{dns, http, tls, websocket};
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
    kept: Vec<Kept>,
    size: usize,
    sides: [Side; 2],
}

/// The search in one direction.
#[derive(Debug, Default)]
struct Side {
    /// The beginning, as far as it is undecided.
    head: Vec<u8>,
    chunks: u32,
    /// It began like nothing we know.
    foreign: bool,
}

impl Search {
    pub fn new(midstream: bool) -> Self {
        Search { midstream, kept: Vec::new(), size: 0, sides: Default::default() }
    }

    /// Bytes kept.
    pub fn held(&self) -> usize {
        let heads = self.sides.iter().map(|side| side.head.capacity()).sum::<usize>();
        let records = self.kept.capacity() * size_of::<Kept>();
        heads + self.size + records + self.kept.len() * ALLOCATION
    }

    /// The chunks kept so far, in order.
    pub fn take(&mut self) -> Vec<Kept> {
        std::mem::take(&mut self.kept)
    }

    pub fn chunk(&mut self, chunk: &Chunk<'_>) -> Verdict {
        let index = chunk.direction.index();
        self.sides[index].chunks += 1;
        if chunk.gap > 0 {
            self.forget(chunk.direction);
            self.midstream = true;
        }
        let side = &mut self.sides[index];
        if side.foreign {
            return self.rescue(chunk);
        }
        // Nearly always the first chunk is enough, and nothing is copied.
        let verdict = if side.head.is_empty() {
            probe(chunk.direction, chunk.bytes)
        } else {
            side.head.extend_from_slice(chunk.bytes);
            probe(chunk.direction, &side.head)
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
        self.size + chunk.bytes.len() <= MAX_KEPT && self.kept.len() < MAX_KEPT_CHUNKS
    }

    /// Looks for a message in a direction that began in the middle of one, or with something else,
    /// and for a TLS handshake after an exchange in clear (STARTTLS).
    fn rescue(&mut self, chunk: &Chunk<'_>) -> Verdict {
        if tls::begins_with_hello(chunk.bytes) {
            Direction::BOTH.into_iter().for_each(|direction| self.forget(direction));
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
        let hopeless = self.sides.iter().all(|side| side.foreign) && !self.midstream;
        if hopeless || self.sides.iter().any(tired) { Verdict::Hopeless } else { Verdict::Unsure }
    }

    /// Keeps a chunk from `start` on, as the beginning of its direction or the next part of it.
    fn keep(&mut self, chunk: &Chunk<'_>, start: usize) {
        let bytes = chunk.bytes.get(start..).unwrap_or_default();
        let side = &mut self.sides[chunk.direction.index()];
        if side.head.is_empty() {
            side.head.extend_from_slice(bytes);
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

    fn forget(&mut self, direction: Direction) {
        self.kept.retain(|kept| kept.direction != direction);
        self.size = self.kept.iter().map(|kept| kept.bytes.len()).sum();
        self.sides[direction.index()].head.clear();
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
    let start =
        if bytes.first() == Some(&b'{') { 0 } else { memchr::memmem::find(bytes, b"\n{")? + 1 };
    let line = bytes.get(start..)?;
    GATE.as_ref().is_none_or(|gate| gate.is_match(line)).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{ToClient as S, ToServer as C};
    use proptest::prelude::*;

    const NOTIFY: &[u8] = b"{\"id\":null,\"method\":\"mining.notify\",\"params\":[]}\n";

    /// Nothing that we know, and too long for a handshake of Stratum V2, which is random bytes.
    const NOISE: &[u8] = &[0xff; 300];

    fn say(search: &mut Search, direction: Direction, bytes: &[u8]) -> Verdict {
        say_after(search, direction, 0, bytes)
    }

    fn say_after(search: &mut Search, direction: Direction, gap: u64, bytes: &[u8]) -> Verdict {
        search.chunk(&Chunk { direction, time: Timestamp::ZERO, packet: 1, gap, bytes })
    }

    /// What was kept of a direction.
    fn kept(search: &mut Search, direction: Direction) -> Vec<u8> {
        let kept = search.take();
        let own = kept.iter().filter(|kept| kept.direction == direction);
        own.flat_map(|kept| kept.bytes.clone()).collect()
    }

    #[test]
    fn both_sides_foreign_is_hopeless_at_once_and_one_side_after_some_patience() {
        let mut search = Search::new(false);
        assert_eq!(say(&mut search, S, b"SSH-2.0-OpenSSH_9.2\r\n"), Verdict::Unsure);
        assert_eq!(say(&mut search, C, b"SSH-2.0-libssh\r\n"), Verdict::Hopeless);
        for (midstream, patience) in [(false, PATIENCE), (true, MIDSTREAM_PATIENCE)] {
            let mut search = Search::new(midstream);
            for _ in 1..patience {
                assert_eq!(say(&mut search, S, NOISE), Verdict::Unsure);
            }
            assert_eq!(say(&mut search, S, NOISE), Verdict::Hopeless);
        }
    }

    #[test]
    fn what_was_said_before_is_kept_for_the_parser() {
        let mut search = Search::new(false);
        assert_eq!(say(&mut search, S, &NOTIFY[..9]), Verdict::Unsure);
        assert_eq!(say(&mut search, C, b"{\"id\":1,"), Verdict::Unsure);
        assert_eq!(say(&mut search, S, &NOTIFY[9..]), Verdict::Found(Found::Stratum, 0));
        let order: Vec<_> = search.kept.iter().map(|kept| kept.direction).collect();
        assert_eq!(order, [S, C]);
        assert_eq!(kept(&mut search, S), &NOTIFY[..9]);
    }

    #[test]
    fn a_late_start_is_taken_up_at_the_next_message() {
        let frame = [&[0x81, NOTIFY.len() as u8], NOTIFY].concat();
        let line = [b"5\"],\"id\":4}\n", NOTIFY].concat();
        for (chunk, found, start) in [
            (&line[..], Found::Stratum, line.len() - NOTIFY.len()),
            (&frame, Found::WebSocket, 0),
            (b"GET / HTTP/1.1\r\n", Found::Http, 0),
            (b"HTTP/1.1 200 OK\r\n", Found::Http, 0),
        ] {
            let mut search = Search::new(true);
            assert_eq!(say(&mut search, S, NOISE), Verdict::Unsure);
            assert_eq!(say(&mut search, S, chunk), Verdict::Found(found, start));
            assert!(kept(&mut search, S).is_empty());
        }
    }

    #[test]
    fn a_loss_makes_it_a_late_start() {
        let mut search = Search::new(false);
        assert_eq!(say(&mut search, S, &NOTIFY[..9]), Verdict::Unsure);
        assert_eq!(say_after(&mut search, S, 100, NOISE), Verdict::Unsure);
        for _ in 0..PATIENCE + 1 {
            assert_eq!(say(&mut search, S, NOISE), Verdict::Unsure);
        }
        assert_eq!(say(&mut search, S, NOTIFY), Verdict::Found(Found::Stratum, 0));
    }

    proptest! {
        #[test]
        fn what_is_kept_is_bounded(
            starts in prop::collection::vec(
                (any::<bool>(), prop::sample::select(vec![
                    "", "{\"method\":\"", "GET ", "\x05", "\r\n\r\n", "\n{\"id\":", "PROXY ", "\u{81}~",
                ])),
                1..4,
            ),
            chunks in prop::collection::vec((any::<bool>(), 0u64..20, 0usize..3000, any::<u8>()), 0..60),
        ) {
            let mut search = Search::new(false);
            let side = |client| if client { C } else { S };
            let begin = starts.iter().map(|(client, text)| (side(*client), 0, text.as_bytes().to_vec()));
            let go_on = chunks
                .iter()
                .map(|(client, gap, count, byte)| (side(*client), gap.saturating_sub(18), vec![*byte; *count]));
            for (direction, gap, bytes) in begin.chain(go_on) {
                let verdict = say_after(&mut search, direction, gap, &bytes);
                prop_assert!(search.size <= MAX_KEPT + 3000 * 2);
                if verdict != Verdict::Unsure {
                    break;
                }
            }
        }
    }

    #[test]
    fn tls_may_begin_after_an_exchange_in_clear() {
        let mut hello = vec![22, 3, 1, 0x00, 0xc8, 1, 0x00, 0x00, 0xc4, 3, 3];
        hello.resize(5 + 0xc8, 0x5a);
        let mut search = Search::new(false);
        // SSLRequest of PostgreSQL, and the server's consent.
        say(&mut search, C, &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
        say(&mut search, S, b"S");
        assert_eq!(say(&mut search, C, &hello), Verdict::Found(Found::Tls, 0));
        assert!(search.take().is_empty(), "what came before is no TLS");
    }
}
