//! Duino-Coin: short texts with commas. Each is one segment, with or without a line feed.

use std::borrow::Cow;

use crate::model::Chunk;
use crate::model::chunk::Direction;
use crate::model::event::mining::Dialect;
use crate::protocol::description::{FirstBytes, StreamProtocol};
use crate::protocol::parser::{Context, Next, Parser, Probe};
use crate::protocol::surroundings::Surroundings;

use super::act::{Act, Greeting, Hello, Job, Login, Measure, Submit};
use super::framing::message::{Id, RequestOutcome};
use super::session::{Origin, StratumSession};
use super::text::is_hex_of;

pub(in crate::protocol) const STREAM: StreamProtocol = StreamProtocol {
    first_bytes: FirstBytes::Among(&[b'J'..=b'J', b'0'..=b'9']),
    // The miner asks for each job.
    message_start: Some(|bytes| bytes.starts_with(b"JOB,").then_some(0)),
    ..StreamProtocol::new("duino", probe, |surroundings| {
        Box::new(DuinoSession::inside(surroundings))
    })
};

/// Longest text, in bytes: a share with the names of program and rig.
const MAX_TEXT: usize = 256;
/// Longest version that a server says first, in bytes: `4.3`, perhaps with a line feed.
const MAX_VERSION: usize = 8;
/// Expected hashes of a share of difficulty 1: the result is one of 100, each as likely.
const HASHES_PER_DIFFICULTY: f64 = 50.0;

/// Whether a direction begins like a Duino-Coin miner or server.
///
/// The miner asks: `JOB,user,LEVEL`. The server says its version first, which is no proof; its job
/// is: two hashes and a number.
pub fn probe(direction: Direction, bytes: &[u8]) -> Probe {
    match direction {
        _ if bytes.is_empty() => Probe::Unsure,
        Direction::ToServer if begins_request(bytes) => match request(bytes) {
            Some(_) => Probe::Certain,
            None if bytes.len() < MAX_TEXT && !bytes.contains(&b'\n') => Probe::Unsure,
            None => Probe::NotForUs,
        },
        Direction::ToClient => probe_server(bytes),
        Direction::ToServer => Probe::NotForUs,
    }
}

/// Fields of a share: result, rate, program, rig, chip, group.
const SHARE_FIELDS: usize = 6;
/// Digits of SHA-1.
const HASH: usize = 40;

/// A version, perhaps, and a job after it.
fn probe_server(bytes: &[u8]) -> Probe {
    if !bytes.first().is_some_and(u8::is_ascii_digit) {
        return Probe::NotForUs;
    }
    let head = bytes.get(..MAX_VERSION + 2 * HASH + 2).unwrap_or(bytes);
    let mut fields = head.split(|byte| *byte == b',');
    let first = fields.next().unwrap_or_default();
    let (version, hash) = first.split_at(first.len().saturating_sub(HASH));
    let hex = |text: &[u8]| text.iter().all(u8::is_ascii_hexdigit);
    if is_version(bytes) {
        return Probe::Unsure;
    }
    match (fields.next(), fields.next()) {
        (None, _) if first.len() < HASH + MAX_VERSION && is_begun(first) => Probe::Unsure,
        (Some(second), None)
            if hash.len() == HASH && hex(hash) && second.len() <= HASH && hex(second) =>
        {
            Probe::Unsure
        }
        (Some(second), Some(_)) => {
            let versioned = version.is_empty() || is_version(version);
            let hashes = hash.len() == HASH && hex(hash) && second.len() == HASH && hex(second);
            if versioned && hashes { Probe::Certain } else { Probe::NotForUs }
        }
        _ => Probe::NotForUs,
    }
}

/// Whether `text` can be a version and a part of a hash.
fn is_begun(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b'\r' | b'\n'))
}

fn begins_request(bytes: &[u8]) -> bool {
    b"JOB,".iter().zip(bytes).all(|(expected, found)| expected == found)
        && bytes.iter().all(|b| matches!(b, b' '..=b'~' | b'\r' | b'\n'))
}

fn is_version(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_end();
    let begins = bytes.first().is_some_and(u8::is_ascii_digit);
    begins && bytes.len() <= MAX_VERSION && text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

/// The user of `JOB,user,LEVEL(,key)`.
fn request(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?.lines().next()?;
    let mut fields = text.strip_prefix("JOB,")?.split(',');
    let user = fields.next().filter(|user| !user.is_empty())?;
    let level = fields.next().filter(|level| level.len() >= 2)?;
    level.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).then_some(user)
}

/// Parser of one connection.
#[derive(Debug)]
pub struct DuinoSession {
    session: StratumSession,
    logged_in: bool,
    /// Text whose end is not certain yet: it ends with a line feed or when the other side speaks.
    pending: Vec<u8>,
    /// Who said `pending`.
    speaker: Direction,
    /// Bytes are missing: the rest of a text is skipped.
    torn: bool,
}

impl DuinoSession {
    /// Creates a parser of a connection in `surroundings`.
    pub fn inside(surroundings: &Surroundings) -> Self {
        let Surroundings { carriers, tunnel } = surroundings;
        DuinoSession {
            session: StratumSession::new(carriers.clone(), tunnel.clone()),
            logged_in: false,
            pending: Vec::new(),
            speaker: Direction::ToServer,
            torn: false,
        }
    }

    /// Reads the pending text.
    fn flush(&mut self, ctx: &mut Context<'_>) {
        let pending = std::mem::take(&mut self.pending);
        let text = pending.trim_ascii();
        if text.is_empty() || std::mem::take(&mut self.torn) {
            return;
        }
        let text = std::str::from_utf8(text).unwrap_or_default();
        let acts = match self.speaker {
            Direction::ToServer => said_by_miner(text, &mut self.logged_in),
            Direction::ToClient => said_by_server(text).into_iter().collect(),
        };
        if acts.is_empty() {
            self.session.malformed(1);
        }
        for (method, act) in acts {
            let origin = Origin { id: Id::None, method };
            self.session.perform(ctx, self.speaker, origin, Dialect::Duino, act);
        }
    }

    /// Whether a segment of the same side begins a new text.
    fn begins_text(&self, bytes: &[u8]) -> bool {
        let commas = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b',').count();
        let number = || {
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            digits > 0 && bytes.get(digits) == Some(&b',')
        };
        let complete =
            request(&self.pending).is_some() || commas(&self.pending) >= SHARE_FIELDS - 1;
        bytes.starts_with(b"JOB,") || (complete && number())
    }
}

fn said_by_miner<'a>(text: &'a str, logged_in: &mut bool) -> Vec<(&'static str, Act<'a>)> {
    if let Some(user) = request(text.as_bytes()) {
        let work = ("JOB", Act::AskWork { standing: false });
        if std::mem::replace(logged_in, true) {
            return vec![work];
        }
        let login = Login {
            user: Some(Cow::Borrowed(user)),
            certain: true,
            likely: Dialect::Duino,
            ..Login::default()
        };
        return vec![("JOB", Act::Login(Box::new(login))), work];
    }
    // `result,hashes a second,program,rig,…`
    let mut fields = text.split(',');
    let result = fields.next().is_some_and(|result| result.parse::<u64>().is_ok());
    let rate = fields.next().and_then(|rate| rate.parse::<f64>().ok());
    let Some(rate) = rate.filter(|_| result) else { return Vec::new() };
    let agent = fields.next().filter(|agent| !agent.is_empty()).map(Cow::Borrowed);
    let mut acts = Vec::new();
    if agent.is_some() {
        acts.push(("share", Act::Hello(Hello { agent, likely: Dialect::Duino })));
    }
    acts.push(("share", Act::Hashrate(rate)));
    acts.push(("share", Act::Submit(Submit::strict(Cow::Borrowed(""), None))));
    acts
}

fn said_by_server(text: &str) -> Option<(&'static str, Act<'_>)> {
    let granted = Act::Answer { to: Id::None, outcome: RequestOutcome::Granted };
    let (word, rest) = text.split_once(',').unwrap_or((text, ""));
    Some(match word {
        "GOOD" | "BLOCK" => ("answer", granted),
        "BAD" | "INVU" => {
            let outcome = RequestOutcome::Refused(rest.to_owned());
            ("answer", Act::Answer { to: Id::None, outcome })
        }
        _ if is_version(text.as_bytes()) => ("version", Act::Greeting(Greeting::default())),
        // `previous hash,expected hash,difficulty`
        _ if is_hex_of(word, 40) => {
            let (expected, difficulty) = rest.split_once(',')?;
            let difficulty = difficulty.split(',').next()?.parse::<f64>().ok()?;
            let measure = Measure::of_difficulty(Some(difficulty * HASHES_PER_DIFFICULTY));
            let measure = match measure {
                Measure::Difficulty(hashes) => Measure::Hashes(hashes),
                other => other,
            };
            let job = Act::Job(Job::strict(Cow::Borrowed(""), measure));
            is_hex_of(expected, 40).then_some(("job", job))?
        }
        _ => return None,
    })
}

impl Parser for DuinoSession {
    fn held(&self) -> usize {
        self.pending.capacity() + self.session.held()
    }

    fn chunk(&mut self, ctx: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        if chunk.direction != self.speaker || self.begins_text(chunk.bytes) {
            self.flush(ctx);
        }
        self.speaker = chunk.direction;
        if chunk.gap > 0 {
            self.pending.clear();
            self.torn = !chunk.bytes.starts_with(b"JOB,");
        }
        for piece in chunk.bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.pending.len() + piece.len() > MAX_TEXT {
                self.pending.clear();
                self.session.malformed(1);
            } else {
                self.pending.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                self.flush(ctx);
            }
            if self.session.is_hopeless() {
                return Next::Reject;
            }
        }
        Next::More
    }

    fn close(&mut self, ctx: &mut Context<'_>) {
        self.flush(ctx);
        self.session.close(ctx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_miners_request_decides() {
        let miner = |text: &str| probe(Direction::ToServer, text.as_bytes());
        for text in ["JOB,someuser,MEDIUM,None", "JOB,u,ESP8266\n"] {
            assert_eq!(miner(text), Probe::Certain, "{text}");
        }
        for text in ["JOB,", "J", "JOB,someuser"] {
            assert_eq!(miner(text), Probe::Unsure, "{text}");
        }
        for text in ["JOBS", "JOB,,MEDIUM\n", "JOB a", "4.3", "JOB,x,lower\n"] {
            assert_eq!(miner(text), Probe::NotForUs, "{text}");
        }
        assert_eq!(probe(Direction::ToClient, b"4.3"), Probe::Unsure);
        let job = format!("4.3{},{},7500", "0d".repeat(20), "1e".repeat(20));
        assert_eq!(probe(Direction::ToClient, job.as_bytes()), Probe::Certain);
        for cut in 1..85 {
            assert_eq!(probe(Direction::ToClient, &job.as_bytes()[..cut]), Probe::Unsure, "{cut}");
        }
        assert_eq!(probe(Direction::ToClient, b"220 mail.example ESMTP"), Probe::NotForUs);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            said_by_miner(&text, &mut false);
            said_by_server(&text);
            probe(Direction::ToServer, &bytes);
            probe(Direction::ToClient, &bytes);
        }
    }
}
