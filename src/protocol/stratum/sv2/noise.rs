//! Stratum V2 inside Noise: only the sizes of flights and messages are visible.
//!
//! The client's handshake has 64 bytes, the server's answer 234. Each later message is a header of
//! 22 bytes and a payload, with 16 more bytes for each part of the payload. A share has 62 bytes
//! (or 71 with a usual extranonce), its receipt 58, a job 83 or 87, a new previous hash 86. Pools
//! may send one receipt for many shares.

use crate::model::Chunk;
use crate::model::chunk::Direction;
use crate::model::event::mining::ConversationStage;
use crate::model::event::mining::{Carrier, Dialect, MiningSession, Shares, StageProof, Work};
use crate::model::event::{Event, Moment, Tunnel};
use crate::protocol::parser::{Context, Next, Probe};

/// Bytes of the client's handshake flight.
const CLIENT_HELLO: u64 = 64;
/// Bytes of the server's handshake flight.
const SERVER_HELLO: u64 = 234;

/// Bytes of SetupConnection with the texts that real devices send.
const SETUP: std::ops::RangeInclusive<u64> = 22 + 16 + 20..=22 + 16 + 300;
const SETUP_SUCCESS: u64 = 44;

/// Bytes of SubmitSharesStandard, and of SubmitSharesExtended with extranonces of 4 to 16 bytes.
const SHARE: std::ops::RangeInclusive<u64> = 62..=79;
const RECEIPT: u64 = 58;

/// Bytes of SubmitShares.Error with a code of 12 to 22 letters. With `stale-share` (11 letters) it
/// has a receipt's size.
const REFUSAL: std::ops::RangeInclusive<u64> = 59..=69;

/// Most shares in one flight. Pools send a receipt after ten shares or fewer.
const MAX_BATCH: u64 = 16;

/// Minimum number of distinct values in 64 random bytes. The average is 57; fewer than 44 never
/// occur in practice.
const MIN_DISTINCT: usize = 44;

/// Whether a direction begins like a Noise handshake.
///
/// Only the server's flight can be certain.
pub(super) fn probe(direction: Direction, bytes: &[u8]) -> Probe {
    let (flight, whole) = match direction {
        Direction::ToServer => (CLIENT_HELLO, Probe::Unsure),
        Direction::ToClient => (SERVER_HELLO, Probe::Certain),
    };
    let seen = bytes.len() as u64;
    let tls = bytes.starts_with(&[0x16, 0x03]);
    let text = || bytes.len() >= 8 && bytes.iter().all(|b| (0x09..0x7f).contains(b));
    if seen > flight || tls || text() || !looks_random(bytes) {
        Probe::NotForUs
    } else if seen == flight {
        whole
    } else {
        Probe::Unsure
    }
}

fn looks_random(bytes: &[u8]) -> bool {
    let Some(bytes) = bytes.get(..CLIENT_HELLO as usize) else { return true };
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| {
        if let Some(slot) = seen.get_mut(usize::from(*byte)) {
            *slot = true;
        }
    });
    seen.iter().filter(|seen| **seen).count() >= MIN_DISTINCT
}

/// The flight that is being received; `Open` stands for all after SetupConnection.Success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoiseStage {
    ClientHello,
    ServerHello,
    Setup,
    SetupSuccess,
    Open,
}

/// Follows the flights of one connection.
///
/// A flight is the bytes of one direction until the other side sends.
#[derive(Debug)]
pub(super) struct NoiseReader {
    stage: NoiseStage,
    /// Bytes of the current flight so far.
    flight: u64,
    /// Direction of the current flight.
    direction: Direction,
    state: MiningSession,
    first: Option<Moment>,
    /// Bytes of a share, known from the first receipt on.
    share: Option<u64>,
    /// Number of shares that wait for a receipt, and the bytes of each.
    batch: (u64, u64),
    /// A flight had more than one share.
    batches: bool,
    receipts: u64,
}

impl NoiseReader {
    /// Creates a reader of a connection inside `carriers`, outermost first. `tunnel` is the far end
    /// of the innermost one.
    pub(super) fn new(mut carriers: Vec<Carrier>, tunnel: Option<Tunnel>) -> Self {
        carriers.push(Carrier::Noise);
        NoiseReader {
            stage: NoiseStage::ClientHello,
            flight: 0,
            direction: Direction::ToServer,
            state: MiningSession {
                dialect: Dialect::StratumV2,
                carriers,
                tunnel,
                miner: Some(Direction::ToServer),
                coin: Some("BTC".to_owned()),
                coins: vec!["BTC".to_owned()],
                coin_reason: Some("dialect"),
                ..MiningSession::default()
            },
            first: None,
            share: None,
            batch: (0, 0),
            batches: false,
            receipts: 0,
        }
    }

    pub(super) fn chunk(&mut self, ctx: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        let at = ctx.at;
        if chunk.gap > 0 && self.stage != NoiseStage::Open {
            return Next::Reject;
        }
        self.first.get_or_insert(at);
        self.state.last_message = Some(at);
        if chunk.direction != self.direction {
            if !self.flight_over(ctx) {
                return Next::Reject;
            }
            self.direction = chunk.direction;
            self.flight = 0;
        }
        self.flight = self.flight.saturating_add(chunk.bytes.len() as u64);
        let too_much = match self.stage {
            NoiseStage::ClientHello => self.flight > CLIENT_HELLO,
            NoiseStage::ServerHello => self.flight > SERVER_HELLO,
            NoiseStage::Setup => self.flight > *SETUP.end(),
            NoiseStage::SetupSuccess => self.flight > SETUP_SUCCESS,
            NoiseStage::Open => false,
        };
        if too_much { Next::Reject } else { Next::More }
    }

    pub(super) fn close(&mut self, ctx: &mut Context<'_>) {
        // If no receipt was ever seen, the client's last flight is not counted: it may as well
        // close the channel.
        let farewell = self.stage == NoiseStage::Open
            && self.direction == Direction::ToServer
            && self.share.is_none();
        if (farewell || self.flight_over(ctx)) && !self.state.steps.is_empty() {
            self.emit(ctx);
        }
    }

    /// Ends the current flight. Returns false if its size or direction is wrong for the stage.
    fn flight_over(&mut self, ctx: &mut Context<'_>) -> bool {
        let from_client = self.direction == Direction::ToServer;
        let next = match self.stage {
            NoiseStage::ClientHello if self.flight == CLIENT_HELLO && from_client => {
                NoiseStage::ServerHello
            }
            NoiseStage::ServerHello if self.flight == SERVER_HELLO => NoiseStage::Setup,
            NoiseStage::Setup if SETUP.contains(&self.flight) => NoiseStage::SetupSuccess,
            NoiseStage::SetupSuccess if self.flight == SETUP_SUCCESS => {
                self.state.first_message = self.first;
                let detail = "Noise handshake and SetupConnection in the sizes of Stratum V2";
                self.step(ctx, ConversationStage::Answered, detail);
                NoiseStage::Open
            }
            NoiseStage::Open => {
                self.count(ctx, from_client);
                NoiseStage::Open
            }
            _ => return false,
        };
        self.stage = next;
        true
    }

    /// Counts shares, receipts and refusals from the size of a flight in an open connection.
    fn count(&mut self, ctx: &mut Context<'_>, from_client: bool) {
        let shares = &mut self.state.shares;
        if from_client && let Some((number, size)) = batch(self.flight, self.share) {
            shares.submitted += number;
            self.batches |= number > 1;
            let before = if self.batch.1 == size { self.batch.0 } else { 0 };
            self.batch = (before + number, size);
        } else if !from_client && self.flight == RECEIPT && self.batch.0 > 0 {
            let (number, size) = std::mem::take(&mut self.batch);
            // Where each share gets its own receipt, a share without one stays unanswered.
            shares.accepted += if self.batches { number } else { 1 };
            self.share = Some(size);
            self.receipts += 1;
        } else if !from_client && REFUSAL.contains(&self.flight) && self.batch.0 > 0 {
            shares.rejected += 1;
            self.batch.0 -= 1;
        }
        let Shares { submitted, accepted, rejected, .. } = *shares;
        shares.unanswered = submitted - accepted - rejected;
        // One message of a share's size may be something else; several with a receipt each are
        // shares.
        const PAIRS: u64 = 3;
        if self.receipts == PAIRS {
            let detail = "messages in the sizes of Stratum V2 shares, each with its receipt";
            self.step(ctx, ConversationStage::ShareSubmitted, detail);
        }
    }

    fn step(&mut self, ctx: &mut Context<'_>, stage: ConversationStage, detail: &str) {
        if self.state.steps.iter().any(|step| step.stage == stage) {
            return;
        }
        self.state.steps.push(StageProof {
            stage,
            kind: stage.usual_evidence(),
            at: ctx.at,
            detail: detail.to_owned(),
        });
        self.emit(ctx);
    }

    fn emit(&mut self, ctx: &mut Context<'_>) {
        self.state.midstream = ctx.flow.midstream();
        self.state.work =
            Work { last_message: self.state.last_message.map(|at| at.time), ..Work::default() };
        ctx.emit(Event::Mining(&self.state));
    }
}

/// The number of shares in a flight of `flight` bytes, and the bytes of each.
///
/// All shares of a connection have the same size. While it is not `known`, exactly one possible
/// size must divide the flight. `None` if the flight does not consist of shares.
fn batch(flight: u64, known: Option<u64>) -> Option<(u64, u64)> {
    let fits = |size: &u64| flight.is_multiple_of(*size) && flight / size <= MAX_BATCH;
    let mut sizes = SHARE.filter(|size| flight > 0 && fits(size));
    let size = match known {
        Some(size) => Some(size).filter(|size| flight > 0 && fits(size)),
        None => sizes.next().filter(|_| sizes.next().is_none()),
    }?;
    Some((flight / size, size))
}
