//! Aleo's binary pool protocol (zkwork): `length u32 | type u8 | payload`, little-endian.
//!
//! The miner's first frame holds the worker's name and the payout address in clear. The pool
//! answers no share.

use std::borrow::Cow;

use crate::model::Chunk;
use crate::model::chunk::Direction;
use crate::model::event::mining::Dialect;
use crate::protocol::description::{FirstBytes, StreamProtocol};
use crate::protocol::parser::{Context, Next, Parser, Probe};
use crate::protocol::surroundings::Surroundings;

use super::act::{Act, Greeting, Job, Login, Measure, Submit};
use super::framing::message::{Id, RequestOutcome};
use super::session::{Origin, StratumSession};

pub(in crate::protocol) const STREAM: StreamProtocol = StreamProtocol {
    // The low byte of the first frame's length: the shortest name is empty.
    first_bytes: FirstBytes::Among(&[FIXED + ADDRESS as u8..=FIXED + ADDRESS as u8 + MAX_NAME]),
    ..StreamProtocol::new(
        "aleo",
        |_, bytes| probe(bytes),
        |surroundings| Box::new(ZkWorkSession::inside(surroundings)),
    )
};

const CONNECT: u8 = 0x80;
const SUBMIT: u8 = 0x81;
const PING: u8 = 0x83;
const CONNECT_ACK: u8 = 0x00;
const NOTIFY: u8 = 0x01;
const SHUT_DOWN: u8 = 0x02;
const PONG: u8 = 0x03;

/// Bytes of a connect frame besides name and address: type, kinds of worker and address, version of
/// three bytes, length of the name.
const FIXED: u8 = 7;
/// Characters of an address.
const ADDRESS: usize = 63;
/// Longest worker's name that begins a connection, in bytes.
const MAX_NAME: u8 = 48;
/// Longest frame, in bytes (`MAXIMUM_MESSAGE_SIZE` of the reference implementation).
const MAX_FRAME: usize = 512;
/// Bytes of a frame's length.
const LENGTH: usize = 4;

/// Whether a direction begins with the frame that opens a connection.
pub fn probe(bytes: &[u8]) -> Probe {
    let fixed = [None, Some(0), Some(0), Some(0), Some(CONNECT)];
    let fits = bytes.iter().zip(fixed).all(|(byte, want)| want.is_none_or(|want| want == *byte));
    match bytes.first() {
        Some(length)
            if !(FIXED + ADDRESS as u8..=FIXED + ADDRESS as u8 + MAX_NAME).contains(length) =>
        {
            return Probe::NotForUs;
        }
        Some(_) if !fits => return Probe::NotForUs,
        _ => {}
    }
    match frame(bytes) {
        None => Probe::Unsure,
        Some((frame, _)) if connect(frame.get(1..).unwrap_or_default()).is_some() => Probe::Certain,
        Some(_) => Probe::NotForUs,
    }
}

/// Splits the first frame, without its length, from what follows. `None` if it is not whole.
fn frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// Name and address of a connect frame.
fn connect(payload: &[u8]) -> Option<(&str, &str)> {
    let (name_length, rest) = payload.get(5..)?.split_first()?;
    let (name, address) = rest.split_at_checked(usize::from(*name_length))?;
    let (name, address) = (std::str::from_utf8(name).ok()?, std::str::from_utf8(address).ok()?);
    let valid = address.len() == ADDRESS
        && address.starts_with("aleo1")
        && address.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    valid.then_some((name, address))
}

/// Parser of one connection.
#[derive(Debug)]
pub struct ZkWorkSession {
    session: StratumSession,
    /// Beginnings of frames, indexed by [`Direction::index`]; shorter than [`MAX_FRAME`].
    buffers: [Vec<u8>; 2],
}

impl ZkWorkSession {
    /// Creates a parser of a connection in `surroundings`.
    pub fn inside(surroundings: &Surroundings) -> Self {
        let Surroundings { carriers, tunnel } = surroundings;
        ZkWorkSession {
            session: StratumSession::new(carriers.clone(), tunnel.clone()),
            buffers: Default::default(),
        }
    }

    /// Reads a frame without its length. Returns false if it is none of this protocol.
    fn frame(&mut self, ctx: &mut Context<'_>, direction: Direction, frame: &[u8]) -> bool {
        let Some((method, id, act)) = interpret(direction, frame) else { return false };
        let origin = Origin { id, method };
        self.session.perform(ctx, direction, origin, Dialect::Aleo, act);
        true
    }
}

/// Translates a frame: its name, the id that pairs requests with answers, and its act.
fn interpret(direction: Direction, frame: &[u8]) -> Option<(&'static str, Id, Act<'_>)> {
    let (kind, payload) = frame.split_first()?;
    let connection = Id::Some(u64::MAX);
    Some(match (direction, *kind) {
        (Direction::ToServer, CONNECT) => {
            let (name, address) = connect(payload)?;
            let login = Login {
                user: Some(Cow::Borrowed(address)),
                worker: (!name.is_empty()).then_some(Cow::Borrowed(name)),
                certain: true,
                likely: Dialect::Aleo,
                ..Login::default()
            };
            ("Connect", connection, Act::Login(Box::new(login)))
        }
        // `(worker u32, job u64, solution)`
        (Direction::ToServer, SUBMIT) => {
            let job = payload.get(4..)?.first_chunk::<8>()?;
            let job = Cow::Owned(u64::from_le_bytes(*job).to_string());
            ("Submit", Id::None, Act::Submit(Submit::strict(job, None)))
        }
        (Direction::ToServer, PING) => ("Ping", connection, Act::Idle),
        // `(accepted u8, address, worker u32, signature)`
        (Direction::ToClient, CONNECT_ACK) => {
            let outcome = match payload.first()? {
                0 => RequestOutcome::Refused(String::new()),
                _ => RequestOutcome::Granted,
            };
            ("ConnectAck", connection, Act::Answer { to: connection, outcome })
        }
        // `(job u64, target u64, epoch)`
        (Direction::ToClient, NOTIFY) => {
            let (job, rest) = payload.split_first_chunk::<8>()?;
            let target = u64::from_le_bytes(*rest.first_chunk::<8>()?);
            let job = Cow::Owned(u64::from_le_bytes(*job).to_string());
            let measure = Measure::of_difficulty(Some(target as f64));
            ("Notify", Id::None, Act::Job(Job::strict(job, measure)))
        }
        (Direction::ToClient, SHUT_DOWN) => ("ShutDown", Id::None, Act::SendAway("".into())),
        (Direction::ToClient, PONG) => ("Pong", Id::None, Act::Greeting(Greeting::default())),
        _ => return None,
    })
}

impl Parser for ZkWorkSession {
    fn held(&self) -> usize {
        self.buffers.iter().map(Vec::capacity).sum::<usize>() + self.session.held()
    }

    fn chunk(&mut self, ctx: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        let index = chunk.direction.index();
        let mut buffer = self.buffers.get_mut(index).map(std::mem::take).unwrap_or_default();
        if chunk.gap > 0 {
            // A chunk mostly begins with a frame: the miner sends each in one go.
            buffer.clear();
        }
        for piece in chunk.bytes.chunks(MAX_FRAME) {
            buffer.extend_from_slice(piece);
            let mut rest = buffer.as_slice();
            while let Some((frame, next)) = frame(rest) {
                if !self.frame(ctx, chunk.direction, frame) {
                    self.session.malformed(1);
                }
                rest = next;
            }
            let claimed = rest.first_chunk::<LENGTH>().map(|length| u32::from_le_bytes(*length));
            if claimed.is_some_and(|length| length as usize > MAX_FRAME) {
                // Out of sync: the next chunk may begin with a frame.
                self.session.malformed(1);
                rest = &[];
            }
            let done = buffer.len() - rest.len();
            buffer.drain(..done);
        }
        if let Some(kept) = self.buffers.get_mut(index) {
            *kept = buffer;
        }
        if self.session.is_hopeless() { Next::Reject } else { Next::More }
    }

    fn close(&mut self, ctx: &mut Context<'_>) {
        self.session.close(ctx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn opening(name: &str, address: &str) -> Vec<u8> {
        let mut frame = vec![CONNECT, 1, 0, 1, 2, 6, name.len() as u8];
        frame.extend(name.bytes().chain(address.bytes()));
        [&(frame.len() as u32).to_le_bytes()[..], &frame].concat()
    }

    fn address() -> String {
        format!("aleo1{}", "q".repeat(58))
    }

    #[test]
    fn only_a_frame_with_an_address_opens_a_connection() {
        let whole = opening("rig1", &address());
        assert_eq!(probe(&whole), Probe::Certain);
        for cut in 1..whole.len() {
            assert_eq!(probe(&whole[..cut]), Probe::Unsure, "{cut}");
        }
        let other = opening("rig1", &address().replace("aleo1", "cosmo"));
        assert_eq!(probe(&other), Probe::NotForUs);
        for foreign in [&b"GET / HTTP/1.1"[..], b"J\0\0\0\x81", b"\0\0\0\0"] {
            assert_eq!(probe(foreign), Probe::NotForUs);
        }
    }

    proptest! {
        #[test]
        fn no_frame_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            probe(&bytes);
            interpret(Direction::ToServer, &bytes);
            interpret(Direction::ToClient, &bytes);
        }
    }
}
