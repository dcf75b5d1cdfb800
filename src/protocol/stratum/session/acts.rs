//! Applies each act of a miner or a pool to the session.

use super::super::act::{Act, Job, Login, Measure, Proof, Submit};
use super::super::framing::message::Id;
use super::super::identity::coin;
use super::super::identity::profile::{learn_agent, learn_algorithm};
use super::super::text::abbreviated;
use super::shares::{Open, PendingShare};
use super::{COST_FOREIGN, Origin, StratumSession};
use crate::model::chunk::Direction;
use crate::model::event::Moment;
use crate::model::event::mining::ConversationStage;
use crate::model::event::mining::Dialect;
use crate::model::text::printable_bounded;

impl StratumSession {
    /// Whether `act` may travel in `direction`.
    fn fits_role(&self, direction: Direction, by_miner: bool, midstream: bool) -> bool {
        match self.state.miner {
            Some(miner) => (miner == direction) == by_miner,
            // A request inside a response is probably a web page about mining.
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
            // Both sides send pings.
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
                self.ledger.ask(ask(PendingShare::Hello));
                self.profile.guess(&mut self.state, hello.likely);
                learn_agent(&mut self.state, hello.agent.as_deref());
                self.ladder.asked = true;
                let by = self.by_agent();
                self.ladder
                    .climb(at, ConversationStage::Requested, || format!("{}{by}", origin.method));
            }
            Act::Login(login) => {
                self.ledger.ask(ask(PendingShare::Login));
                self.login(at, &login);
            }
            Act::AskWork { standing } => {
                self.ledger.ask(ask(PendingShare::Work));
                self.ladder.asked = true;
                self.ladder.standing |= standing;
                let by = self.by_agent();
                self.ladder.climb(at, ConversationStage::Requested, || {
                    format!("request for work ({}){by}", origin.method)
                });
            }
            Act::Submit(submit) => self.submit(at, origin.id, submit),
            Act::Hashrate(rate) => {
                self.ledger.ask(ask(PendingShare::Hashrate));
                self.ladder.asked = true;
                self.state.reported_hashrate =
                    coin::plausible(rate).or(self.state.reported_hashrate);
                self.ladder.climb(at, ConversationStage::Requested, || {
                    format!("hashrate of {rate} H/s reported")
                });
            }
            Act::Idle => self.ledger.ask(ask(PendingShare::Other)),
            Act::Greeting(greeting) => {
                self.profile.guess(&mut self.state, greeting.likely);
                learn_algorithm(&mut self.state, greeting.algorithm.as_ref());
                self.profile.version_rolling |= greeting.version_rolling;
                self.ladder.answered = true;
                self.ladder.climb(at, ConversationStage::Answered, || match origin.method {
                    "" => "pool answered".to_owned(),
                    method => format!("pool sent {method}"),
                });
            }
            Act::Difficulty(measure) => {
                self.jobs.set_difficulty(measure);
                self.state.difficulty = amount(measure).or(self.state.difficulty);
                self.ladder.answered = true;
                let words = difficulty_words(measure);
                self.ladder.climb(at, ConversationStage::Answered, || format!("pool set{words}"));
            }
            Act::Job(job) => self.job(at, &job),
            Act::Answer { to, outcome } => self.judge(at, to, &outcome),
            Act::Receipt { shares } => self.receipt(at, shares),
            Act::SendAway(reason) => self.sent_away(at, reason.into_owned()),
            Act::Redirect { host, port } => {
                self.state.redirect = Some((printable_bounded(&host), port));
                self.ladder.answered = true;
                self.ladder.climb(at, ConversationStage::Answered, || {
                    "pool redirected the miner".to_owned()
                });
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
            self.ladder.climb(at, ConversationStage::Requested, || detail);
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
        self.ledger.ask(Open { id, asked: PendingShare::Share, hashes });
        self.newest = hashes;
        self.ladder.share();
        self.ladder.climb(at, ConversationStage::ShareSubmitted, || match submit.job.as_ref() {
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
        learn_algorithm(&mut self.state, job.algorithm.as_ref());
        self.ladder.job(job.proof);
        self.ladder.climb(at, ConversationStage::WorkDelivered, || {
            let name = if job.id.is_empty() { "delivered" } else { &job.id };
            format!("job {}{}", abbreviated(name), difficulty_words(measure))
        });
    }

    /// Expected hashes of a share of difficulty `measure`.
    fn hashes(&self, measure: Measure) -> Option<f64> {
        let hashes = match measure {
            Measure::Hashes(hashes) => hashes,
            Measure::Difficulty(difficulty) => {
                difficulty * self.profile.hashes_per_difficulty(&self.state)?
            }
            Measure::InForce | Measure::HashesAtOne(_) | Measure::Unknown => return None,
        };
        coin::plausible(hashes)
    }

    fn by_agent(&self) -> String {
        self.state.agent.as_deref().map(|agent| format!(" with {agent}")).unwrap_or_default()
    }
}

/// The number that reports show for a measure.
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
