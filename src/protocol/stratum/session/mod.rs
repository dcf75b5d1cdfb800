//! State of one mining conversation: what its messages prove, and when to report it.
//!
//! ```text
//! act ────▶ acts ────┐                     ┌─▶ ladder: stages proven
//! answer ─▶ answers ─┴─▶ StratumSession ───┼─▶ shares: open requests, share counts
//!                                          └─▶ work, pace: jobs, pauses, nonces
//! ```

mod acts;
mod answers;
mod ladder;
mod pace;
mod shares;
mod work;

use std::time::Duration;

use crate::model::Timestamp;
use crate::model::chunk::Direction;
use crate::model::event::mining::{Carrier, Dialect, MiningSession, Work};
use crate::model::event::{Event, HttpRequest, Moment, Tunnel};
use crate::protocol::parser::Context;

use super::act::Act;
use super::dialect::{REGISTRY, View};
use super::framing::message::{Id, RpcMessage};
use super::identity::agent;
use super::identity::profile::Profile;
use ladder::ProofLadder;
use pace::Nonces;
use shares::ShareLedger;
use work::{HashCounter, Jobs, WorkClock};

/// Shortest time between two reports of a conversation, unless it proves a new stage or ends.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// Packets of one direction, without any of the other, after which the flow counts as one-way.
/// Fewer can mean that the capture began late, or that the answer is slow.
const ONE_WAY_AFTER: u32 = 8;

/// Total cost of foreign messages after which a conversation no longer counts as possible mining.
/// An unknown method costs much; an answer to an unseen request costs little.
const PATIENCE: u32 = 64;
const COST_FOREIGN: u32 = 8;
const COST_MALFORMED: u32 = 8;
const COST_ANSWER: u32 = 1;

/// Id and method of the message that an act comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub id: Id,
    pub method: &'a str,
}

/// State of a conversation between a miner and a pool, in any carrier.
///
/// Parts of its `impl` are in `acts` and `answers`.
#[derive(Debug)]
pub(super) struct StratumSession {
    state: MiningSession,
    profile: Profile,
    ladder: ProofLadder,
    ledger: ShareLedger,
    jobs: Jobs,
    clock: WorkClock,
    counter: HashCounter,
    nonces: Nonces,
    /// Expected hashes of the share that the newest message submits or accepts.
    newest: Option<f64>,
    version_asked: Option<Id>,
    /// The carrier (HTTP or WebSocket) shows which side is the client.
    plain_roles: bool,
    patience: u32,
    reported: Timestamp,
}

impl StratumSession {
    /// Bytes held in memory: the session itself, jobs, open requests, nonces of shares, pauses, and
    /// the texts and stages of the state.
    pub(super) fn held(&self) -> usize {
        let shares = self.ledger.held() + self.nonces.held();
        size_of::<StratumSession>()
            + self.jobs.held()
            + shares
            + self.clock.held()
            + self.state.held()
    }

    pub(super) fn new(carriers: Vec<Carrier>, tunnel: Option<Tunnel>) -> Self {
        StratumSession {
            plain_roles: matches!(carriers.last(), Some(Carrier::Http | Carrier::WebSocket)),
            state: MiningSession { carriers, tunnel, ..MiningSession::default() },
            profile: Profile::default(),
            ladder: ProofLadder::default(),
            ledger: ShareLedger::default(),
            jobs: Jobs::default(),
            clock: WorkClock::default(),
            counter: HashCounter::default(),
            nonces: Nonces::default(),
            newest: None,
            version_asked: None,
            patience: PATIENCE,
            reported: Timestamp::ZERO,
        }
    }

    /// Whether any stage of mining is proven.
    pub(super) fn is_mining(&self) -> bool {
        !self.ladder.is_empty()
    }

    /// Whether enough was seen to rule out mining.
    pub(super) fn is_hopeless(&self) -> bool {
        !self.is_mining() && self.patience == 0
    }

    /// Whether mining is proven, or all messages so far (one or more) could belong to mining.
    pub(super) fn is_promising(&self) -> bool {
        self.is_mining() || self.state.first_message.is_some() && self.patience == PATIENCE
    }

    /// Reduces the patience for lines that contain no message.
    pub(super) fn malformed(&mut self, lines: u64) {
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        self.spend(lines.saturating_mul(COST_MALFORMED));
    }

    /// Records the HTTP request around the next messages.
    pub(super) fn http_request(&mut self, request: &HttpRequest) {
        self.profile.http(&mut self.state, request);
    }

    /// Records the target of the HTTP request that opened the connection.
    pub(super) fn http_target(&mut self, target: &str) {
        self.profile.http_target(&mut self.state, target);
    }

    /// Processes one JSON message that travels in `direction`.
    pub(super) fn message(
        &mut self,
        ctx: &mut Context<'_>,
        direction: Direction,
        message: &RpcMessage<'_>,
    ) {
        self.hear(ctx, |session, at| {
            let read = session.read(message);
            let origin = Origin { id: message.id, method: &message.method };
            if message.is_answer() {
                session.answer(at, direction, message, read);
            } else if let Some((dialect, act)) = read {
                session.act(at, direction, origin, dialect, act);
            } else {
                session.spend(COST_FOREIGN);
            }
        });
    }

    /// Processes what is left of a message that the capture has cut.
    ///
    /// It can show that a miner logs in; what else it says may be missing, so nothing else counts.
    pub(super) fn torn(
        &mut self,
        ctx: &mut Context<'_>,
        direction: Direction,
        message: &RpcMessage<'_>,
    ) {
        if let Some((dialect, act @ (Act::Hello(_) | Act::Login(_)))) = self.read(message) {
            let origin = Origin { id: message.id, method: &message.method };
            self.perform(ctx, direction, origin, dialect, act);
        }
    }

    /// Processes an act of a message in another framing.
    pub(super) fn perform(
        &mut self,
        ctx: &mut Context<'_>,
        direction: Direction,
        origin: Origin<'_>,
        dialect: Dialect,
        act: Act<'_>,
    ) {
        self.hear(ctx, |session, at| session.act(at, direction, origin, dialect, act));
    }

    /// Runs `take` on one message: updates the times before it, reports after it if due.
    fn hear(&mut self, ctx: &mut Context<'_>, take: impl FnOnce(&mut Self, Moment)) {
        if self.state.first_message.is_none() {
            self.state.first_message = Some(ctx.at);
            self.state.midstream = ctx.flow.midstream();
        }
        self.state.last_message = Some(ctx.at);
        self.clock.tick(ctx.at.time);
        self.newest = None;
        let steps = self.ladder.steps.len();
        take(self, ctx.at);
        let due = self.is_mining() && ctx.at.time.since(self.reported) >= REPORT_EVERY;
        if self.ladder.steps.len() != steps || due {
            self.report(ctx, ONE_WAY_AFTER);
        }
    }

    /// Sends the last report, if mining is proven.
    pub(super) fn close(&mut self, ctx: &mut Context<'_>) {
        if self.is_mining() {
            // No answer can follow any more.
            self.report(ctx, 1);
        }
    }

    /// Copies the results of the parts into the state to report.
    fn refresh(&mut self) {
        self.profile.tell_coin(&mut self.state);
        self.state.steps.clone_from(&self.ladder.steps);
        self.state.jobs = self.jobs.delivered;
        self.state.shares = self.ledger.shares();
        let proven = self.ledger.proven();
        self.state.work = Work {
            pace: self.nonces.pace(),
            hashes: proven.hashes,
            hashes_squared: proven.hashes_squared,
            shares: proven.shares,
            first_job: self.clock.first_job,
            last_message: self.clock.last,
            last_share: self.newest,
            pauses: self.clock.pauses.clone(),
        };
    }

    /// Emits the state. The flow is one-way if one direction has at least `enough` packets and the
    /// other has none.
    fn report(&mut self, ctx: &mut Context<'_>, enough: u32) {
        self.reported = ctx.at.time;
        self.state.one_way = matches!(ctx.flow.packets, [0, seen] | [seen, 0] if seen >= enough);
        self.refresh();
        ctx.emit(Event::Mining(&self.state));
    }

    pub(super) fn spend(&mut self, cost: u32) {
        self.patience = self.patience.saturating_sub(cost);
    }

    /// Reads the message in the conversation's dialect, else in the first dialect that accepts it.
    fn read<'a>(&self, message: &RpcMessage<'a>) -> Option<(Dialect, Act<'a>)> {
        let view = View {
            dialect: self.state.dialect,
            miner_agent: self.state.agent.as_deref().is_some_and(agent::is_miner),
        };
        let own = REGISTRY
            .iter()
            .find(|grammar| grammar.dialect == view.dialect && view.dialect != Dialect::Unknown);
        own.into_iter().chain(REGISTRY).find_map(|grammar| {
            let read = if message.is_answer() { grammar.answer } else { grammar.message };
            read(message, &view).map(|act| (grammar.dialect, act))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_and_nonces_are_booked_as_memory() {
        let mut session = StratumSession::new(Vec::new(), None);
        let before = session.held();
        session.clock.pauses.reserve_exact(16);
        let pauses = 16 * size_of::<(Timestamp, Timestamp)>();
        assert_eq!(session.held(), before + pauses);
        session.nonces.share(7, Duration::from_secs(9));
        assert!(session.held() > before + pauses);
    }
}
