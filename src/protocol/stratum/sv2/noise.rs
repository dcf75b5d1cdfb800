//! Stratum V2 inside Noise: nothing but the sizes of flights and messages shows.
//!
//! The handshake is 64 bytes there and 234 back; then each message is a header of 22 bytes and its
//! payload with 16 more per part. A share has 62 bytes (or 71 with a usual extranonce), its
//! receipt 58, a job 83 or 87, a new previous hash 86. Pools may give one receipt to many shares.

use crate::model::Chunk;
use crate::model::chunk::Direction;
use crate::model::event::mining::ConversationStage;
use crate::model::event::mining::{Carrier, Dialect, MiningSession, Shares, StageProof, Work};
use crate::model::event::{Event, Moment, Tunnel};
use crate::protocol::parser::{Context, Next, Probe};

const CLIENT_HELLO: u64 = 64;
const SERVER_HELLO: u64 = 234;

/// SetupConnection with the texts that real devices send.
const SETUP: std::ops::RangeInclusive<u64> = 22 + 16 + 20..=22 + 16 + 300;
const SETUP_SUCCESS: u64 = 44;

/// SubmitSharesStandard, and SubmitSharesExtended with extranonces of 4 to 16 bytes.
const SHARE: std::ops::RangeInclusive<u64> = 62..=79;
const RECEIPT: u64 = 58;

/// SubmitShares.Error with a code of 12 to 22 letters; `stale-share` looks like a receipt.
const REFUSAL: std::ops::RangeInclusive<u64> = 59..=69;

/// Shares in one flight: pools give a receipt after ten of them or less.
const MAX_BATCH: u64 = 16;

/// Distinct values that 64 random bytes have at least: 57 on average, below 44 never in practice.
const MIN_DISTINCT: usize = 44;

/// Whether a direction begins as a Noise handshake may.
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

/// How far the conversation's shape was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoiseStage {
    ClientHello,
    ServerHello,
    Setup,
    SetupSuccess,
    Open,
}

/// Follows the flights of one connection: the bytes of one direction until the other one speaks.
#[derive(Debug)]
pub(super) struct NoiseReader {
    stage: NoiseStage,
    flight: u64,
    direction: Direction,
    state: MiningSession,
    first: Option<Moment>,
    /// A share's size, once receipts have shown it.
    share: Option<u64>,
    /// Shares that wait for a receipt, and the size of one.
    batch: (u64, u64),
    /// Several shares came at once.
    batches: bool,
    receipts: u64,
}

impl NoiseReader {
    /// `carriers` wrap the connection, outermost first; `tunnel` is the innermost one's far end.
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
        // Without a receipt ever, what a client says last is as likely to close its channel.
        let farewell = self.stage == NoiseStage::Open
            && self.direction == Direction::ToServer
            && self.share.is_none();
        if (farewell || self.flight_over(ctx)) && !self.state.steps.is_empty() {
            self.emit(ctx);
        }
    }

    /// The other side is about to speak. Returns whether the flight had the right size.
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

    /// Reads shares and receipts from the size of a flight in an open connection.
    fn count(&mut self, ctx: &mut Context<'_>, from_client: bool) {
        let shares = &mut self.state.shares;
        if from_client && let Some((number, size)) = batch(self.flight, self.share) {
            shares.submitted += number;
            self.batches |= number > 1;
            let before = if self.batch.1 == size { self.batch.0 } else { 0 };
            self.batch = (before + number, size);
        } else if !from_client && self.flight == RECEIPT && self.batch.0 > 0 {
            let (number, size) = std::mem::take(&mut self.batch);
            // Where each share has its own receipt, one that had none stays unanswered.
            shares.accepted += if self.batches { number } else { 1 };
            self.share = Some(size);
            self.receipts += 1;
        } else if !from_client && REFUSAL.contains(&self.flight) && self.batch.0 > 0 {
            shares.rejected += 1;
            self.batch.0 -= 1;
        }
        let Shares { submitted, accepted, rejected, .. } = *shares;
        shares.unanswered = submitted - accepted - rejected;
        // One message of that size may be another; a receipt to each of several is not.
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

/// The shares in a flight of so many bytes, and the size of one, which all of a connection have in
/// common: one share, or several if only one size divides the flight.
fn batch(flight: u64, known: Option<u64>) -> Option<(u64, u64)> {
    let fits = |size: &u64| flight.is_multiple_of(*size) && flight / size <= MAX_BATCH;
    let mut sizes = SHARE.filter(|size| flight > 0 && fits(size));
    let size = match known {
        Some(size) => Some(size).filter(|size| flight > 0 && fits(size)),
        None => sizes.next().filter(|_| sizes.next().is_none()),
    }?;
    Some((flight / size, size))
}
