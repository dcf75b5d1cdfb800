//! Plain Stratum V2 frames: `extension u16 | type u8 | length u24 | payload`, little-endian.

use std::borrow::Cow;

use crate::model::Chunk;
use crate::model::chunk::Direction;
use crate::model::event::Tunnel;
use crate::model::event::mining::{Carrier, Dialect};
use crate::protocol::parser::{Context, Next, Probe};

use super::super::act::{Act, Hello, Job, Login, Measure, Submit};
use super::super::framing::message::{Id, RequestOutcome};
use super::super::identity::coin;
use super::super::session::{Origin, StratumSession};

/// Longest payload read, in bytes. Frames with longer ones (transaction data) are skipped.
const MAX_FRAME: usize = 16 * 1024;

/// Message types of the mining protocol that are read (specification, chapter 8).
const SETUP_CONNECTION: u8 = 0x00;
const SETUP_SUCCESS: u8 = 0x01;
const SETUP_ERROR: u8 = 0x02;
const RECONNECT: u8 = 0x04;
const OPEN_STANDARD: u8 = 0x10;
const OPEN_STANDARD_SUCCESS: u8 = 0x11;
const OPEN_ERROR: u8 = 0x12;
const OPEN_EXTENDED: u8 = 0x13;
const OPEN_EXTENDED_SUCCESS: u8 = 0x14;
const NEW_JOB: u8 = 0x15;
const SUBMIT_STANDARD: u8 = 0x1a;
const SUBMIT_EXTENDED: u8 = 0x1b;
const SUBMIT_SUCCESS: u8 = 0x1c;
const SUBMIT_ERROR: u8 = 0x1d;
const NEW_EXTENDED_JOB: u8 = 0x1f;
const SET_TARGET: u8 = 0x21;

/// Whether a direction begins like plain Stratum V2.
///
/// Its first frame must open a connection, or be a share or a receipt of one in progress. Shares
/// and receipts have fixed sizes.
pub(super) fn probe(bytes: &[u8]) -> Probe {
    // None matches any byte.
    const OPENINGS: [&[Option<u8>]; 4] = [
        // SetupConnection of less than 64 KiB for the mining protocol (0), minimum and maximum
        // version 2.
        &[
            Some(0),
            Some(0),
            Some(SETUP_CONNECTION),
            None,
            None,
            Some(0),
            Some(0),
            Some(2),
            Some(0),
            Some(2),
            Some(0),
        ],
        &[Some(0), Some(0), Some(SETUP_SUCCESS), Some(6), Some(0), Some(0), Some(2), Some(0)],
        &[Some(0), Some(0x80), Some(SUBMIT_STANDARD), Some(24), Some(0), Some(0)],
        &[Some(0), Some(0x80), Some(SUBMIT_SUCCESS), Some(20), Some(0), Some(0)],
    ];
    let fits = |opening: &&[Option<u8>]| {
        bytes.iter().zip(opening.iter()).all(|(byte, want)| want.is_none_or(|want| want == *byte))
    };
    match OPENINGS.iter().filter(|opening| fits(opening)).map(|opening| opening.len()).min() {
        None => Probe::NotForUs,
        Some(length) if bytes.len() >= length => Probe::Certain,
        Some(_) => Probe::Unsure,
    }
}

/// Reads both directions of a connection.
#[derive(Debug)]
pub(super) struct FrameReader {
    session: StratumSession,
    /// Indexed by [`Direction::index`].
    streams: [FrameStream; 2],
}

#[derive(Debug, Default)]
struct FrameStream {
    buffer: Vec<u8>,
    /// Bytes of a long frame that are still to be skipped.
    skip: usize,
    /// Out of sync after lost bytes, until a frame of a known type and size is found.
    torn: bool,
}

impl FrameStream {
    /// Drops the current frame: bytes are missing before the next [`FrameStream::push`].
    fn lose(&mut self) {
        self.buffer.clear();
        self.skip = 0;
        self.torn = true;
    }

    /// Reads the next bytes and returns the type and payload of each frame that they complete.
    fn push(&mut self, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let passed = self.skip.min(bytes.len());
        self.skip -= passed;
        self.buffer.extend_from_slice(bytes.get(passed..).unwrap_or_default());
        let mut frames = Vec::new();
        let mut rest = self.buffer.as_slice();
        while let [_, _, kind, a, b, c, tail @ ..] = rest {
            let length = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
            if length > MAX_FRAME {
                self.skip = length.saturating_sub(tail.len());
                rest = tail.get(length..).unwrap_or_default();
            } else if let Some((payload, next)) = tail.split_at_checked(length) {
                frames.push((*kind, payload.to_vec()));
                rest = next;
            } else {
                break;
            }
        }
        let done = self.buffer.len() - rest.len();
        self.buffer.drain(..done);
        frames
    }
}

/// Finds the first frame whose type has a fixed size, by its header of 6 bytes.
///
/// Returns the frame's offset. All three types have the channel bit set.
fn frame_start(bytes: &[u8]) -> Option<usize> {
    const HEADERS: [[u8; 6]; 3] = [
        [0, 0x80, SUBMIT_STANDARD, 24, 0, 0],
        [0, 0x80, SUBMIT_SUCCESS, 20, 0, 0],
        [0, 0x80, SET_TARGET, 36, 0, 0],
    ];
    bytes.windows(6).position(|window| HEADERS.iter().any(|header| window == header))
}

impl FrameReader {
    /// Bytes held in memory.
    pub(super) fn held(&self) -> usize {
        let buffers = self.streams.iter().map(|stream| stream.buffer.capacity());
        buffers.sum::<usize>() + self.session.held()
    }

    /// Creates a reader of a connection inside `carriers`, outermost first. `tunnel` is the far end
    /// of the innermost one.
    pub(super) fn new(carriers: Vec<Carrier>, tunnel: Option<Tunnel>) -> Self {
        FrameReader { session: StratumSession::new(carriers, tunnel), streams: Default::default() }
    }

    pub(super) fn chunk(&mut self, ctx: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        let [to_server, to_client] = &mut self.streams;
        let stream = match chunk.direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        let mut bytes = chunk.bytes;
        if chunk.gap > 0 {
            stream.lose();
        }
        if stream.torn {
            let Some(start) = frame_start(bytes) else { return Next::More };
            bytes = bytes.get(start..).unwrap_or_default();
            stream.torn = false;
        }
        // Pieces bound the buffer's size, however large the chunk is: between pieces it holds less
        // than one frame.
        for piece in bytes.chunks(MAX_FRAME) {
            for (kind, payload) in stream.push(piece) {
                if let Some((method, id, acts)) = interpret(kind, &payload) {
                    for act in acts {
                        let origin = Origin { id, method };
                        self.session.perform(ctx, chunk.direction, origin, Dialect::StratumV2, act);
                    }
                } else {
                    self.session.malformed(1);
                }
            }
        }
        if self.session.is_hopeless() { Next::Reject } else { Next::More }
    }

    pub(super) fn close(&mut self, ctx: &mut Context<'_>) {
        self.session.close(ctx);
    }
}

/// Translates a frame: its name, the id that pairs requests with answers, and its acts.
///
/// Returns no acts for types that are not read, and `None` if the payload is too short.
fn interpret(kind: u8, payload: &[u8]) -> Option<(&'static str, Id, Vec<Act<'static>>)> {
    let mut fields = Fields(payload);
    let connection = Id::Some(u64::MAX);
    Some(match kind {
        SETUP_CONNECTION => {
            let _ = (fields.u8()?, fields.u16()?, fields.u16()?, fields.u32()?);
            let (_host, _port) = (fields.text()?, fields.u16()?);
            let (vendor, hardware, firmware) = (fields.text()?, fields.text()?, fields.text()?);
            let agent = [vendor, hardware, firmware].join(" ").trim().to_owned();
            let hello = Hello { agent: Some(Cow::Owned(agent)), likely: Dialect::StratumV2 };
            ("SetupConnection", connection, vec![Act::Hello(hello)])
        }
        SETUP_SUCCESS => ("SetupConnection.Success", connection, vec![granted(connection)]),
        SETUP_ERROR => {
            let _flags = fields.u32()?;
            ("SetupConnection.Error", connection, vec![refused(connection, fields.text()?)])
        }
        RECONNECT => {
            let act = Act::Redirect { host: Cow::Owned(fields.text()?), port: fields.u16()? };
            ("Reconnect", connection, vec![act])
        }
        OPEN_STANDARD | OPEN_EXTENDED => {
            let request = Id::Some(u64::from(fields.u32()?));
            let login =
                Login { user: Some(Cow::Owned(fields.text()?)), certain: true, ..Login::default() };
            let rate = f64::from(f32::from_bits(fields.u32()?));
            let mut acts = vec![Act::Login(Box::new(login))];
            if coin::plausible(rate).is_some() {
                acts.push(Act::Hashrate(rate));
            }
            ("OpenMiningChannel", request, acts)
        }
        OPEN_STANDARD_SUCCESS | OPEN_EXTENDED_SUCCESS => {
            let request = Id::Some(u64::from(fields.u32()?));
            let _channel = fields.u32()?;
            let target = Act::Difficulty(fields.target()?);
            ("OpenMiningChannel.Success", request, vec![granted(request), target])
        }
        OPEN_ERROR => {
            let request = Id::Some(u64::from(fields.u32()?));
            ("OpenMiningChannel.Error", request, vec![refused(request, fields.text()?)])
        }
        SET_TARGET => {
            let _channel = fields.u32()?;
            ("SetTarget", Id::None, vec![Act::Difficulty(fields.target()?)])
        }
        NEW_JOB | NEW_EXTENDED_JOB => {
            let _channel = fields.u32()?;
            let job = Job::strict(Cow::Owned(fields.u32()?.to_string()), Measure::InForce);
            ("NewMiningJob", Id::None, vec![Act::Job(job)])
        }
        SUBMIT_STANDARD | SUBMIT_EXTENDED => {
            let _channel = fields.u32()?;
            let sequence = share(fields.u32()?);
            let job = Cow::Owned(fields.u32()?.to_string());
            ("SubmitShares", sequence, vec![Act::Submit(Submit::strict(job, None))])
        }
        SUBMIT_SUCCESS => {
            let (_channel, _last) = (fields.u32()?, fields.u32()?);
            let shares = fields.u32()?;
            ("SubmitShares.Success", Id::None, vec![Act::Receipt { shares }])
        }
        SUBMIT_ERROR => {
            let _channel = fields.u32()?;
            let sequence = share(fields.u32()?);
            ("SubmitShares.Error", sequence, vec![refused(sequence, fields.text()?)])
        }
        _ => ("", Id::None, Vec::new()),
    })
}

/// Id of a share. Bit 32 is set, because shares and requests are numbered separately.
fn share(sequence: u32) -> Id {
    Id::Some(1 << 32 | u64::from(sequence))
}

fn granted(to: Id) -> Act<'static> {
    Act::Answer { to, outcome: RequestOutcome::Granted }
}

fn refused(to: Id, reason: String) -> Act<'static> {
    Act::Answer { to, outcome: RequestOutcome::Refused(reason) }
}

/// Reads the fields of a payload in order.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Reads a STR0_255: a length byte and text.
    fn text(&mut self) -> Option<String> {
        let length = usize::from(self.u8()?);
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    /// Reads a target: U256, little-endian.
    fn target(&mut self) -> Option<Measure> {
        use std::fmt::Write;
        let mut digits = String::with_capacity(64);
        for byte in self.take(32)?.iter().rev() {
            let _ = write!(digits, "{byte:02x}");
        }
        Some(Measure::of_hashes(coin::hashes_below(&digits)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_one_act_however_many_shares_it_claims() {
        let claim = u32::MAX.to_le_bytes();
        let payload = [&[1, 0, 0, 0, 2, 0, 0, 0][..], &claim, &[0; 8]].concat();
        let (_, _, acts) = interpret(SUBMIT_SUCCESS, &payload).expect("a whole frame");
        assert!(matches!(acts.as_slice(), [Act::Receipt { shares: u32::MAX }]), "{acts:?}");
    }
}
