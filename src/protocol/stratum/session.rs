//! The state machine of a mining conversation: what each message proves, and what is known so far.

use std::borrow::Cow;
use std::time::Duration;

use crate::model::alert::Verdict;
use crate::model::chunk::Direction;
use crate::model::event::mining::{Carrier, Dialect, MiningSession, Step, Wallet, Work};
use crate::model::event::{Event, HttpRequest, Moment, Tunnel};
use crate::model::time::Timestamp;
use crate::protocol::parser::Context;

use super::dialect::{Act, Job, Login, Measure, Proof, REGISTRY, Submit, View, getblocktemplate};
use super::message::{Id, Message, Outcome};
use super::shares::{Asked, Ledger, Open};
use super::text::{abbreviated, printable};
use super::work::{Clock, Jobs};
use super::{agent, coin, login};

/// A growing conversation is reported at most this often, apart from new steps.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// How much of other grammars a conversation may show before it counts as none of mining. An
/// unknown method costs much, an answer to an unseen question little.
const PATIENCE: u32 = 64;
const COST_FOREIGN: u32 = 8;
const COST_MALFORMED: u32 = 8;
const COST_ANSWER: u32 = 1;

/// Algorithms listed at login that are kept; XMRig offers 29.
const MAX_ALGORITHMS: usize = 64;

/// What was seen of each side, as far as the ladder of verdicts asks for it.
#[derive(Debug, Default)]
struct Evidence {
    /// The miner said something that only miners say.
    asked: bool,
    /// The pool answered that, or spoke as pools do.
    answered: bool,
    /// The miner wants to hear of all work to come.
    standing: bool,
    /// Jobs, in halves: a block template is half a proof.
    work: u32,
    /// Shares with the right shape.
    shares: u32,
    /// Answers to shares.
    judged: u32,
}

/// Where an act comes from: the id and the name of its message.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub id: Id,
    pub method: &'a str,
}

/// A conversation between a miner and a pool, whatever carries it.
#[derive(Debug)]
pub struct Session {
    state: MiningSession,
    evidence: Evidence,
    ledger: Ledger,
    jobs: Jobs,
    clock: Clock,
    /// The dialect was told by more than a first message's guess.
    dialect_proven: bool,
    /// A login that could be anybody's, until the pool's answer shows that it is a miner's.
    latent: Option<(Moment, String)>,
    /// Coin that the miner named itself.
    named_coin: Option<String>,
    /// What HTTP said around the messages.
    http: Option<HttpRequest>,
    version_asked: Option<Id>,
    http_bodies: bool,
    patience: u32,
    reported: Timestamp,
}

impl Session {
    pub fn new(carriers: Vec<Carrier>, tunnel: Option<Tunnel>) -> Self {
        Session {
            http_bodies: carriers.last() == Some(&Carrier::Http),
            state: MiningSession { carriers, tunnel, ..MiningSession::default() },
            evidence: Evidence::default(),
            ledger: Ledger::default(),
            jobs: Jobs::default(),
            clock: Clock::default(),
            dialect_proven: false,
            latent: None,
            named_coin: None,
            http: None,
            version_asked: None,
            patience: PATIENCE,
            reported: Timestamp::ZERO,
        }
    }

    /// Whether this is mining for all that is known.
    pub fn is_mining(&self) -> bool {
        !self.state.steps.is_empty()
    }

    /// Whether enough was seen to know that this is no mining.
    pub fn is_hopeless(&self) -> bool {
        !self.is_mining() && self.patience == 0
    }

    /// Counts lines that no message came out of.
    pub fn malformed(&mut self, lines: u64) {
        self.state.malformed = self.state.malformed.saturating_add(lines);
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        self.spend(lines.saturating_mul(COST_MALFORMED));
    }

    /// The HTTP request around the messages to come.
    pub fn http_request(&mut self, request: &HttpRequest) {
        self.http = Some(request.clone());
        if self.is_mining() {
            self.learn_from_http();
        }
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
        let steps = self.state.steps.len();
        take(self, ctx.at);
        let due = self.is_mining() && ctx.at.time.since(self.reported) >= REPORT_EVERY;
        if self.state.steps.len() != steps || due {
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

    /// What is known, up to date.
    pub fn snapshot(&mut self) -> &MiningSession {
        self.tell_coin();
        self.state.jobs = self.jobs.delivered;
        self.state.shares = self.ledger.shares();
        let proven = self.ledger.proven();
        self.state.work = Work {
            hashes: proven.hashes,
            hashes_squared: proven.hashes_squared,
            shares: proven.shares,
            first_job: self.clock.first_job,
            last_message: self.clock.last,
            pauses: self.clock.pauses.clone(),
        };
        &self.state
    }

    fn report(&mut self, ctx: &mut Context<'_>) {
        self.reported = ctx.at.time;
        self.snapshot();
        ctx.emit(Event::Mining(&self.state));
    }

    fn spend(&mut self, cost: u32) {
        self.patience = self.patience.saturating_sub(cost);
    }

    /// What the message means in the conversation's own dialect, else in the first that knows it.
    fn read<'a>(&self, message: &Message<'a>) -> Option<(Dialect, Act<'a>)> {
        let http_agent = self.http.as_ref().and_then(|request| request.user_agent.as_deref());
        let view = View {
            dialect: self.state.dialect,
            miner_agent: self.state.agent.as_deref().or(http_agent).is_some_and(agent::is_miner),
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
            // HTTP's roles are plain: a response that contains a request is a page about mining.
            None if self.http_bodies && !midstream => {
                (direction == Direction::ToServer) == by_miner
            }
            None => true,
        }
    }

    fn act(
        &mut self,
        at: Moment,
        direction: Direction,
        origin: Origin<'_>,
        dialect: Dialect,
        act: Act<'_>,
    ) {
        let by_miner = act.by_miner();
        if !self.fits_role(direction, by_miner, self.state.midstream) {
            self.malformed(1);
            return;
        }
        if !matches!(act, Act::Idle) {
            self.state.miner = Some(if by_miner { direction } else { direction.reverse() });
        }
        let tentative = matches!(&act, Act::Login(login) if !login.certain);
        if dialect != Dialect::Unknown && !tentative && !matches!(act, Act::Idle) {
            self.state.dialect = dialect;
            self.dialect_proven = true;
        }
        let ask = |asked| Open { id: origin.id, asked, hashes: None };
        match act {
            Act::Hello(hello) => {
                self.ledger.ask(ask(Asked::Hello));
                self.guess(hello.likely);
                self.learn_agent(hello.agent);
                self.evidence.asked = true;
                let by = self.by_agent();
                self.climb(at, Verdict::Attempt, || format!("{}{by}", origin.method));
            }
            Act::Login(login) => {
                self.ledger.ask(ask(Asked::Login));
                self.login(at, &login);
            }
            Act::AskWork { standing } => {
                self.ledger.ask(ask(Asked::Work));
                self.evidence.asked = true;
                self.evidence.standing |= standing;
                let by = self.by_agent();
                self.climb(at, Verdict::Attempt, || {
                    format!("request for work ({}){by}", origin.method)
                });
            }
            Act::Submit(submit) => self.submit(at, origin.id, submit),
            Act::Hashrate(rate) => {
                self.ledger.ask(ask(Asked::Hashrate));
                self.evidence.asked = true;
                self.state.reported_hashrate =
                    coin::plausible(rate).or(self.state.reported_hashrate);
                self.climb(at, Verdict::Attempt, || format!("hashrate of {rate} H/s reported"));
            }
            Act::Idle => self.ledger.ask(ask(Asked::Other)),
            Act::Greeting(greeting) => {
                self.guess(greeting.likely);
                if let Some(algorithm) = greeting.algorithm {
                    self.state.algorithm = Some(printable(&algorithm));
                }
                self.evidence.answered = true;
                self.climb(at, Verdict::Session, || match origin.method {
                    "" => "pool answered".to_owned(),
                    method => format!("pool sent {method}"),
                });
            }
            Act::Difficulty(measure) => {
                self.jobs.set_difficulty(measure);
                self.state.difficulty = amount(measure).or(self.state.difficulty);
                self.evidence.answered = true;
                let words = difficulty_words(measure);
                self.climb(at, Verdict::Session, || format!("pool set{words}"));
            }
            Act::Job(job) => self.job(at, &job),
            Act::Answer { to, outcome } => self.judge(at, to, &outcome),
            Act::Redirect { host, port } => {
                self.state.redirect = Some((printable(&host), port));
                self.evidence.answered = true;
                self.climb(at, Verdict::Session, || "pool redirected the miner".to_owned());
            }
            Act::AskVersion => self.version_asked = Some(origin.id),
        }
    }

    /// Books an answer: with the request that it belongs to, and what it brings along.
    fn answer(
        &mut self,
        at: Moment,
        direction: Direction,
        message: &Message<'_>,
        read: Option<(Dialect, Act<'_>)>,
    ) {
        if self.state.miner == Some(direction) {
            if self.version_asked.take_if(|id| *id == message.id).is_some() {
                self.learn_agent(message.result().and_then(|result| result.text()));
            }
            return;
        }
        let mut outcome = message.outcome();
        if self.state.dialect == Dialect::GetBlockTemplate {
            outcome = getblocktemplate::outcome(message, outcome);
        }
        let brings_job = matches!(read, Some((_, Act::Job(_))));
        let open = match self.state.miner {
            Some(_) => self.matching(message, &outcome, brings_job),
            None => None,
        };
        match open {
            Some(open) if open.asked == Asked::Share => self.settle(at, open, &outcome),
            Some(open) => self.granted(at, open.asked, &outcome, brings_job),
            None if read.is_none() => self.spend(COST_ANSWER),
            None => {}
        }
        if let Some((dialect, act)) = read {
            let origin = Origin { id: message.id, method: &message.method };
            self.act(at, direction, origin, dialect, act);
        }
    }

    /// The open request that an answer belongs to.
    fn matching(
        &mut self,
        message: &Message<'_>,
        outcome: &Outcome,
        brings_job: bool,
    ) -> Option<Open> {
        let bare = message.result().is_none_or(|result| result.boolean().is_some());
        let fits = |open: &Open| match open.asked {
            Asked::Share => !brings_job,
            Asked::Work => brings_job || !bare || !outcome.is_granted(),
            Asked::Login | Asked::Hello | Asked::Other => true,
            Asked::Hashrate => !brings_job,
        };
        if let Some(open) = self.ledger.take(|open| open.id == message.id && fits(open)) {
            return Some(open);
        }
        if brings_job {
            return None;
        }
        // Some pools answer `mining.subscribe` with an id of their own.
        let compound = message.result().is_some_and(|result| result.is_array());
        if compound && self.ledger.any(|open| open.asked == Asked::Hello) {
            return self.ledger.take(|open| open.asked == Asked::Hello);
        }
        // Otherwise only an answer without a usable id may go to the oldest request, and not
        // where it could as well be meant for one that nobody counts.
        if !message.id.is_vague()
            || self.ledger.any(|open| matches!(open.asked, Asked::Hashrate | Asked::Other))
        {
            return None;
        }
        self.ledger.take(|open| open.asked != Asked::Work && fits(open))
    }

    /// The pool's answer to anything but a share.
    fn granted(&mut self, at: Moment, asked: Asked, outcome: &Outcome, brings_job: bool) {
        match (asked, outcome) {
            (Asked::Login, Outcome::Refused(reason)) => {
                let reason = if reason.is_empty() { "refused" } else { reason.as_str() };
                self.state.refused = Some(printable(reason));
            }
            (Asked::Login, Outcome::Granted) => {
                self.state.refused = None;
                self.evidence.answered = true;
                if !brings_job {
                    self.climb(at, Verdict::Session, || "pool accepted the login".to_owned());
                }
            }
            (Asked::Hello | Asked::Hashrate, Outcome::Granted) => {
                self.evidence.answered = true;
                self.climb(at, Verdict::Session, || "pool answered".to_owned());
            }
            _ => {}
        }
        if brings_job {
            // A login's answer with a job proves both at once; keep the rungs apart.
            self.evidence.answered = true;
            if asked == Asked::Login {
                self.evidence.asked = true;
                self.climb(at, Verdict::Session, || "pool accepted the login".to_owned());
            }
        }
    }

    fn login(&mut self, at: Moment, login: &Login<'_>) {
        let user = login.user.as_deref().unwrap_or_default();
        let password = login.password.as_deref().unwrap_or_default();
        let identity = login::identify(user, password);
        self.learn_agent(login.agent.clone());
        let known_agent = login.agent.as_deref().is_some_and(agent::is_miner);
        let certain =
            login.certain || known_agent || !login.algorithms.is_empty() || identity.is_proof();
        let donation = identity.is_hash && !login.certain || login.donation;
        if !user.is_empty() {
            self.state.login = Some(printable(user));
        }
        self.state.password =
            login.password.as_deref().map(printable).or(self.state.password.take());
        self.state.rig_id = login.rig_id.as_deref().map(printable).or(self.state.rig_id.take());
        let worker =
            login.worker.as_deref().or(login.rig_id.as_deref()).or(identity.worker.as_deref());
        self.state.worker = worker.map(printable).or(self.state.worker.take());
        self.state.donation = donation;
        self.learn_wallet(identity.wallet.filter(|_| !donation), login.likely, identity.is_hash);
        self.state.wallet_hidden =
            self.state.wallet.is_none() && self.state.login.is_some() && !donation;
        self.named_coin = identity.coin.or(self.named_coin.take());
        self.state.algorithms =
            login.algorithms.iter().take(MAX_ALGORITHMS).map(|name| printable(name)).collect();
        if let ([algorithm], None) = (self.state.algorithms.as_slice(), &self.state.algorithm) {
            self.state.algorithm = Some(algorithm.clone());
        }
        self.guess(login.likely);
        self.guess_from_wallet();
        let detail = format!("login of {}{}", abbreviated(user), self.by_agent());
        if certain {
            self.evidence.asked = true;
            self.climb(at, Verdict::Attempt, || detail);
        } else if self.latent.is_none() {
            self.latent = Some((at, detail));
        }
    }

    fn submit(&mut self, at: Moment, id: Id, submit: Submit<'_>) {
        if !submit.strict && !self.is_mining() && submit.job.is_empty() {
            self.spend(COST_FOREIGN);
            return;
        }
        let measure = self.jobs.measure(&submit.job);
        if measure.is_none() && self.jobs.delivered == 0 {
            // Under way already: work was available before we looked.
            self.clock.work(at.time);
        }
        self.tell_coin();
        let hashes = measure.and_then(|measure| self.hashes(measure));
        self.ledger.ask(Open { id, asked: Asked::Share, hashes });
        self.evidence.shares = self.evidence.shares.saturating_add(1);
        if self.state.login.is_none()
            && let Some(user) = submit.user.as_deref().filter(|user| !user.is_empty())
        {
            let identity = login::identify(user, "");
            self.state.login = Some(printable(user));
            self.state.worker = identity.worker.as_deref().map(printable);
            self.state.wallet_hidden = identity.wallet.is_none();
            self.learn_wallet(identity.wallet, Dialect::Unknown, false);
        }
        self.climb(at, Verdict::Active, || match submit.job.as_ref() {
            "" => "share submitted".to_owned(),
            job => format!("share submitted for job {}", abbreviated(job)),
        });
    }

    fn judge(&mut self, at: Moment, to: Id, outcome: &Outcome) {
        let share = |open: &Open| open.asked == Asked::Share;
        let open = match to {
            Id::None => self.ledger.take(share).or_else(|| self.ledger.take(|_| true)),
            id => self.ledger.take(|open| open.id == id),
        };
        match open {
            Some(open) if share(&open) => self.settle(at, open, outcome),
            Some(open) => self.granted(at, open.asked, outcome, false),
            None => {}
        }
    }

    fn settle(&mut self, at: Moment, share: Open, outcome: &Outcome) {
        self.ledger.settle(share, outcome.is_granted());
        self.evidence.judged = self.evidence.judged.saturating_add(1);
        let word = if outcome.is_granted() { "accepted" } else { "rejected" };
        self.climb(at, Verdict::Active, || format!("pool {word} a share"));
    }

    fn job(&mut self, at: Moment, job: &Job<'_>) {
        if job.proof == Proof::Loose && !self.evidence.asked && self.evidence.shares == 0 {
            self.spend(COST_FOREIGN);
            return;
        }
        for sibling in &job.siblings {
            self.jobs.remember(sibling, job.measure);
        }
        let measure = self.jobs.deliver(&job.id, job.measure);
        self.clock.work(at.time);
        self.state.difficulty = amount(measure).or(self.state.difficulty);
        self.state.height = job.height.or(self.state.height);
        if let Some(algorithm) = &job.algorithm {
            self.state.algorithm = Some(printable(algorithm));
        }
        let halves = if job.proof == Proof::Template && !self.evidence.standing { 1 } else { 2 };
        self.evidence.work = self.evidence.work.saturating_add(halves);
        self.climb(at, Verdict::Mining, || {
            let name = if job.id.is_empty() { "delivered" } else { &job.id };
            format!("job {}{}", abbreviated(name), difficulty_words(measure))
        });
    }

    /// The rung that all evidence together supports.
    fn rung(&self) -> Option<Verdict> {
        let Evidence { asked, answered, work, shares, judged, .. } = self.evidence;
        let asked = asked || shares > 0;
        if shares > 0 && (work > 0 || judged > 0) {
            Some(Verdict::Active)
        } else if work >= 4 || (work >= 2 && (asked || self.latent.is_some())) {
            Some(Verdict::Mining)
        } else if work >= 2 || (asked && (answered || work > 0)) || shares >= 2 {
            Some(Verdict::Session)
        } else if asked {
            Some(Verdict::Attempt)
        } else {
            None
        }
    }

    /// Adds the rung that a message is evidence for, or the higher one that it completes.
    fn climb(&mut self, at: Moment, wanted: Verdict, detail: impl FnOnce() -> String) {
        let Some(rung) = self.rung() else { return };
        if self.state.steps.is_empty() {
            self.learn_from_http();
            if let Some((at, detail)) = self.latent.take() {
                self.evidence.asked = true;
                self.state.steps.push(Step { verdict: Verdict::Attempt, at, detail });
            }
        }
        let verdict = match self.state.verdict() {
            Some(top) if rung <= top => wanted.min(rung),
            _ => rung,
        };
        let place = self.state.steps.partition_point(|step| step.verdict < verdict);
        if self.state.steps.get(place).is_none_or(|step| step.verdict != verdict) {
            self.state.steps.insert(place, Step { verdict, at, detail: detail() });
        }
    }

    /// Takes a guess at the dialect, unless it is known.
    fn guess(&mut self, likely: Dialect) {
        let better = likely != Dialect::Unknown
            && (self.state.dialect == Dialect::Unknown || likely != Dialect::Bitcoin);
        if better && !self.dialect_proven {
            self.state.dialect = likely;
        }
    }

    /// A wallet tells more than a bare `mining.subscribe`.
    fn guess_from_wallet(&mut self) {
        let coin = self.state.wallet.as_ref().and_then(|wallet| wallet.coins.first().copied());
        if self.state.dialect != Dialect::Unknown && self.state.dialect != Dialect::Bitcoin {
            return;
        }
        self.guess(match coin {
            Some("ZEC") => Dialect::Equihash,
            Some("KAS") => Dialect::Kaspa,
            Some("ERG") => Dialect::Ergo,
            Some("CFX") => Dialect::Conflux,
            Some("ETH") => Dialect::EthStratum1,
            _ => Dialect::Bitcoin,
        });
    }

    fn learn_agent(&mut self, agent: Option<Cow<'_, str>>) {
        if let Some(agent) = agent.filter(|agent| !agent.trim().is_empty()) {
            self.state.agent = Some(printable(&agent));
        }
    }

    fn learn_wallet(&mut self, wallet: Option<Wallet>, likely: Dialect, is_hash: bool) {
        if let Some(wallet) = wallet {
            self.state.wallet = Some(wallet);
        } else if likely == Dialect::IronFish && is_hash {
            let address = self.state.login.clone().unwrap_or_default();
            self.state.wallet = Some(Wallet { address, coins: vec!["IRON"], ..Wallet::default() });
        }
    }

    /// Fills what the messages left open from the HTTP request around them.
    fn learn_from_http(&mut self) {
        let Some(request) = &self.http else { return };
        if self.state.agent.is_none() {
            self.state.agent = request.user_agent.as_deref().map(printable);
        }
        let identity = login::identify(&request.target, "");
        if let (None, Some(wallet)) = (&self.state.wallet, identity.wallet) {
            self.state.wallet = Some(wallet);
            self.state.wallet_hidden = false;
            self.state.worker =
                self.state.worker.take().or(identity.worker.as_deref().map(printable));
        }
        if self.state.login.is_none()
            && let Some(user) = request.user.as_deref().filter(|user| !user.is_empty())
        {
            let identity = login::identify(user, "");
            self.state.login = Some(printable(user));
            self.state.worker =
                self.state.worker.take().or(identity.worker.as_deref().map(printable));
            self.state.wallet = self.state.wallet.take().or(identity.wallet);
            self.state.wallet_hidden = self.state.wallet.is_none();
        }
    }

    /// The coin, from the strongest source there is.
    fn tell_coin(&mut self) {
        let from_algorithm = self.state.algorithm.as_deref().and_then(coin::of_algorithm);
        let from_dialect = coin::of_dialect(self.state.dialect);
        let coins = self.state.wallet.as_ref().map_or(&[][..], |wallet| wallet.coins.as_slice());
        // A format that several coins share: the work decides between them.
        let from_wallet = [from_algorithm, from_dialect]
            .into_iter()
            .flatten()
            .find(|coin| coins.contains(coin))
            .or(coins.first().copied());
        let (coin, reason) = if let Some(named) = &self.named_coin {
            (named.as_str(), "login")
        } else if let Some(coin) = from_wallet {
            (coin, "wallet")
        } else if let Some(coin) = from_algorithm {
            (coin, "algorithm")
        } else if let Some(coin) = from_dialect {
            (coin, "dialect")
        } else {
            return;
        };
        if self.state.coin.as_deref() != Some(coin) {
            self.state.coin = Some(printable(coin));
        }
        self.state.coin_reason = Some(reason);
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
