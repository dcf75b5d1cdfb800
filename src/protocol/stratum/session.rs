//! The state machine of a mining conversation: what each message proves, and what is known so far.

use std::time::Duration;

use crate::model::alert::Verdict;
use crate::model::chunk::Direction;
use crate::model::event::mining::{Carrier, Dialect, MiningSession, Work};
use crate::model::event::{Event, HttpRequest, Moment, Tunnel};
use crate::model::time::Timestamp;
use crate::protocol::parser::Context;

use super::dialect::{Act, Job, Login, Measure, Proof, REGISTRY, Submit, View};
use super::ladder::Ladder;
use super::message::{Id, Message};
use super::pace::Nonces;
use super::profile::{Profile, learn_agent, learn_algorithm};
use super::shares::{Asked, Ledger, Open};
use super::text::abbreviated;
use super::work::{Clock, HashCounter, Jobs};
use super::{agent, coin};
use crate::model::text::kept;

/// A growing conversation is reported at most this often, apart from new steps.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// How much of other grammars a conversation may show before it counts as none of mining. An
/// unknown method costs much, an answer to an unseen question little.
const PATIENCE: u32 = 64;
const COST_FOREIGN: u32 = 8;
const COST_MALFORMED: u32 = 8;
pub(super) const COST_ANSWER: u32 = 1;

/// Where an act comes from: the id and the name of its message.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub id: Id,
    pub method: &'a str,
}

/// A conversation between a miner and a pool, whatever carries it.
#[derive(Debug)]
pub struct Session {
    pub(super) state: MiningSession,
    profile: Profile,
    pub(super) ladder: Ladder,
    pub(super) ledger: Ledger,
    jobs: Jobs,
    clock: Clock,
    counter: HashCounter,
    nonces: Nonces,
    /// Expected hashes of the share that the newest message is, or accepts.
    pub(super) newest: Option<f64>,
    pub(super) version_asked: Option<Id>,
    /// The carrier tells client from server: HTTP, or WebSocket.
    plain_roles: bool,
    patience: u32,
    reported: Timestamp,
}

impl Session {
    /// Bytes kept of jobs, of requests without an answer, and of what a miner says of itself.
    pub fn held(&self) -> usize {
        size_of::<Session>() + self.jobs.held() + self.ledger.held() + self.state.held()
    }

    pub fn new(carriers: Vec<Carrier>, tunnel: Option<Tunnel>) -> Self {
        Session {
            plain_roles: matches!(carriers.last(), Some(Carrier::Http | Carrier::WebSocket)),
            state: MiningSession { carriers, tunnel, ..MiningSession::default() },
            profile: Profile::default(),
            ladder: Ladder::default(),
            ledger: Ledger::default(),
            jobs: Jobs::default(),
            clock: Clock::default(),
            counter: HashCounter::default(),
            nonces: Nonces::default(),
            newest: None,
            version_asked: None,
            patience: PATIENCE,
            reported: Timestamp::ZERO,
        }
    }

    /// Whether this is mining for all that is known.
    pub fn is_mining(&self) -> bool {
        !self.ladder.is_empty()
    }

    /// Whether enough was seen to know that this is no mining.
    pub fn is_hopeless(&self) -> bool {
        !self.is_mining() && self.patience == 0
    }

    /// Whether something was heard, and nothing that is foreign to mining.
    pub fn is_promising(&self) -> bool {
        self.is_mining() || self.state.first_message.is_some() && self.patience == PATIENCE
    }

    /// Counts lines that no message came out of.
    pub fn malformed(&mut self, lines: u64) {
        self.cut(lines);
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        self.spend(lines.saturating_mul(COST_MALFORMED));
    }

    /// The HTTP request around the messages to come.
    pub fn http_request(&mut self, request: &HttpRequest) {
        self.profile.http(&mut self.state, request);
    }

    /// Counts lines that a loss has cut: no fault of theirs.
    pub fn cut(&mut self, lines: u64) {
        self.state.malformed = self.state.malformed.saturating_add(lines);
    }

    /// Takes one JSON message that travels in `direction`.
    pub fn message(&mut self, ctx: &mut Context<'_>, direction: Direction, message: &Message<'_>) {
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

    /// Takes what a message of another framing means.
    pub fn perform(
        &mut self,
        ctx: &mut Context<'_>,
        direction: Direction,
        origin: Origin<'_>,
        dialect: Dialect,
        act: Act<'_>,
    ) {
        self.hear(ctx, |session, at| session.act(at, direction, origin, dialect, act));
    }

    /// Does what every message brings with it: times, and reports when they are due.
    fn hear(&mut self, ctx: &mut Context<'_>, take: impl FnOnce(&mut Self, Moment)) {
        if self.state.first_message.is_none() {
            self.state.first_message = Some(ctx.at);
            self.state.midstream = ctx.flow.midstream;
        }
        self.state.last_message = Some(ctx.at);
        self.clock.tick(ctx.at.time);
        self.newest = None;
        let steps = self.ladder.steps.len();
        take(self, ctx.at);
        let due = self.is_mining() && ctx.at.time.since(self.reported) >= REPORT_EVERY;
        if self.ladder.steps.len() != steps || due {
            self.report(ctx);
        }
    }

    /// The last word on the conversation.
    pub fn close(&mut self, ctx: &mut Context<'_>) {
        if self.is_mining() {
            self.state.one_way = ctx.flow.packets.contains(&0);
            self.report(ctx);
        }
    }

    /// Brings the state up to date with its parts.
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

    fn report(&mut self, ctx: &mut Context<'_>) {
        self.reported = ctx.at.time;
        self.refresh();
        ctx.emit(Event::Mining(&self.state));
    }

    pub(super) fn spend(&mut self, cost: u32) {
        self.patience = self.patience.saturating_sub(cost);
    }

    /// What the message means in the conversation's own dialect, else in the first that knows it.
    fn read<'a>(&self, message: &Message<'a>) -> Option<(Dialect, Act<'a>)> {
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

    /// Whether `act` may travel in `direction`.
    fn fits_role(&self, direction: Direction, by_miner: bool, midstream: bool) -> bool {
        match self.state.miner {
            Some(miner) => (miner == direction) == by_miner,
            // A response that contains a request is a page about mining.
            None if self.plain_roles && !midstream => {
                (direction == Direction::ToServer) == by_miner
            }
            None => true,
        }
    }

    pub(super) fn act(
        &mut self,
        at: Moment,
        direction: Direction,
        origin: Origin<'_>,
        dialect: Dialect,
        act: Act<'_>,
    ) {
        let by_miner = act.by_miner();
        if matches!(act, Act::Idle) && self.state.miner == Some(direction.reverse()) {
            // Pings go both ways.
            return;
        }
        if !self.fits_role(direction, by_miner, self.state.midstream) {
            self.malformed(1);
            return;
        }
        if !matches!(act, Act::Idle) {
            self.state.miner = Some(if by_miner { direction } else { direction.reverse() });
        }
        if matches!(act, Act::Hello(_) | Act::Login(_)) && !self.ladder.work_seen() {
            self.state.midstream = false;
        }
        let tentative = matches!(&act, Act::Login(login) if !login.certain);
        if dialect != Dialect::Unknown && !tentative && !matches!(act, Act::Idle) {
            self.profile.prove(&mut self.state, dialect);
        }
        let ask = |asked| Open { id: origin.id, asked, hashes: None };
        match act {
            Act::Hello(hello) => {
                self.ledger.ask(ask(Asked::Hello));
                self.profile.guess(&mut self.state, hello.likely);
                learn_agent(&mut self.state, hello.agent.as_deref());
                self.ladder.asked = true;
                let by = self.by_agent();
                self.ladder.climb(at, Verdict::Attempt, || format!("{}{by}", origin.method));
            }
            Act::Login(login) => {
                self.ledger.ask(ask(Asked::Login));
                self.login(at, &login);
            }
            Act::AskWork { standing } => {
                self.ledger.ask(ask(Asked::Work));
                self.ladder.asked = true;
                self.ladder.standing |= standing;
                let by = self.by_agent();
                self.ladder.climb(at, Verdict::Attempt, || {
                    format!("request for work ({}){by}", origin.method)
                });
            }
            Act::Submit(submit) => self.submit(at, origin.id, submit),
            Act::Hashrate(rate) => {
                self.ledger.ask(ask(Asked::Hashrate));
                self.ladder.asked = true;
                self.state.reported_hashrate =
                    coin::plausible(rate).or(self.state.reported_hashrate);
                self.ladder
                    .climb(at, Verdict::Attempt, || format!("hashrate of {rate} H/s reported"));
            }
            Act::Idle => self.ledger.ask(ask(Asked::Other)),
            Act::Greeting(greeting) => {
                self.profile.guess(&mut self.state, greeting.likely);
                learn_algorithm(&mut self.state, greeting.algorithm.as_ref());
                self.ladder.answered = true;
                self.ladder.climb(at, Verdict::Session, || match origin.method {
                    "" => "pool answered".to_owned(),
                    method => format!("pool sent {method}"),
                });
            }
            Act::Difficulty(measure) => {
                self.jobs.set_difficulty(measure);
                self.state.difficulty = amount(measure).or(self.state.difficulty);
                self.ladder.answered = true;
                let words = difficulty_words(measure);
                self.ladder.climb(at, Verdict::Session, || format!("pool set{words}"));
            }
            Act::Job(job) => self.job(at, &job),
            Act::Answer { to, outcome } => self.judge(at, to, &outcome),
            Act::SendAway(reason) => self.sent_away(at, reason.into_owned()),
            Act::Redirect { host, port } => {
                self.state.redirect = Some((kept(&host), port));
                self.ladder.answered = true;
                self.ladder.climb(at, Verdict::Session, || "pool redirected the miner".to_owned());
            }
            Act::AskVersion => self.version_asked = Some(origin.id),
        }
    }

    fn login(&mut self, at: Moment, login: &Login<'_>) {
        let certain = self.profile.login(&mut self.state, login);
        let user = login.user.as_deref().unwrap_or_default();
        let detail = format!("login of {}{}", abbreviated(user), self.by_agent());
        if certain {
            self.ladder.asked = true;
            self.ladder.climb(at, Verdict::Attempt, || detail);
        } else {
            self.ladder.keep(at, detail);
        }
    }

    fn submit(&mut self, at: Moment, id: Id, submit: Submit<'_>) {
        if !submit.strict && !self.is_mining() {
            self.spend(COST_FOREIGN);
            return;
        }
        let known = self.jobs.of_share(&submit.job);
        let measure = known.map(|(measure, _)| measure);
        if let (Some((_, since)), Some(nonce)) = (known, submit.nonce) {
            self.nonces.share(nonce, at.time.since(since));
        }
        self.profile.user(&mut self.state, submit.user.as_deref().unwrap_or_default());
        if let Some(count) = submit.hash_count {
            let rate = self.counter.rate(count, at.time);
            self.state.reported_hashrate = rate.or(self.state.reported_hashrate);
        }
        self.profile.tell_coin(&mut self.state);
        let hashes = measure.and_then(|measure| self.hashes(measure));
        self.ledger.ask(Open { id, asked: Asked::Share, hashes });
        self.newest = hashes;
        self.ladder.share();
        self.ladder.climb(at, Verdict::Active, || match submit.job.as_ref() {
            "" => "share submitted".to_owned(),
            job => format!("share submitted for job {}", abbreviated(job)),
        });
    }

    fn job(&mut self, at: Moment, job: &Job<'_>) {
        if job.proof == Proof::Loose && !self.ladder.miner_spoke() {
            self.spend(COST_FOREIGN);
            return;
        }
        for sibling in &job.siblings {
            self.jobs.remember(sibling, job.measure, at.time);
        }
        let measure = self.jobs.deliver(&job.id, job.measure, at.time);
        if amount(measure).is_some() {
            self.clock.work(at.time);
        }
        self.state.difficulty = amount(measure).or(self.state.difficulty);
        self.state.height = job.height.or(self.state.height);
        learn_algorithm(&mut self.state, job.algorithm.as_ref());
        self.ladder.job(job.proof);
        self.ladder.climb(at, Verdict::Mining, || {
            let name = if job.id.is_empty() { "delivered" } else { &job.id };
            format!("job {}{}", abbreviated(name), difficulty_words(measure))
        });
    }

    /// Expected hashes of a share.
    fn hashes(&self, measure: Measure) -> Option<f64> {
        let hashes = match measure {
            Measure::Hashes(hashes) => hashes,
            Measure::Difficulty(difficulty) => {
                let (algorithm, coin) =
                    (self.state.algorithm.as_deref(), self.state.coin.as_deref());
                difficulty * coin::hashes_per_difficulty(self.state.dialect, algorithm, coin)?
            }
            Measure::InForce | Measure::HashesAtOne(_) | Measure::Unknown => return None,
        };
        coin::plausible(hashes)
    }

    fn by_agent(&self) -> String {
        self.state.agent.as_deref().map(|agent| format!(" with {agent}")).unwrap_or_default()
    }
}

/// The number that stands for a measure in reports.
fn amount(measure: Measure) -> Option<f64> {
    match measure {
        Measure::Difficulty(amount) | Measure::Hashes(amount) => Some(amount),
        Measure::InForce | Measure::HashesAtOne(_) | Measure::Unknown => None,
    }
}

fn difficulty_words(measure: Measure) -> String {
    match amount(measure) {
        Some(amount) if amount.fract() == 0.0 || amount < 1.0 => format!(" at difficulty {amount}"),
        Some(amount) => format!(" at difficulty {amount:.2}"),
        None => String::new(),
    }
}
