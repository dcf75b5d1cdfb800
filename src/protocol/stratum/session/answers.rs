//! Matches answers to requests, and applies them to the session.

use crate::model::chunk::Direction;
use crate::model::event::Moment;
use crate::model::event::mining::ConversationStage;
use crate::model::event::mining::Dialect;

use super::super::act::Act;
use super::super::dialect::header::getblocktemplate;
use super::super::framing::message::{Id, RequestOutcome, RpcMessage};
use super::super::identity::profile::learn_agent;
use super::shares::{Open, PendingShare};
use super::{COST_ANSWER, Origin, StratumSession};
use crate::model::text::printable_bounded;

impl StratumSession {
    /// Processes an answer: settles the request it belongs to, then applies the act in it (`read`).
    pub(super) fn answer(
        &mut self,
        at: Moment,
        direction: Direction,
        message: &RpcMessage<'_>,
        read: Option<(Dialect, Act<'_>)>,
    ) {
        if self.state.miner == Some(direction) {
            if self.version_asked.take_if(|id| *id == message.id).is_some() {
                let version = message.result().and_then(|result| result.text());
                learn_agent(&mut self.state, version.as_deref());
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
            Some(open) if open.is_share() => self.settle(at, open, &outcome),
            Some(open) => self.granted(at, open.asked, &outcome, brings_job),
            None if read.is_none() => self.spend(COST_ANSWER),
            None => {}
        }
        if let Some((dialect, act)) = read {
            let origin = Origin { id: message.id, method: &message.method };
            self.act(at, direction, origin, dialect, act);
        }
    }

    /// Removes and returns the open request that an answer belongs to.
    fn matching(
        &mut self,
        message: &RpcMessage<'_>,
        outcome: &RequestOutcome,
        brings_job: bool,
    ) -> Option<Open> {
        let bare = message.result().is_none_or(|result| result.boolean().is_some());
        // Without a usable id, the status decides: CryptoNote pools answer keep-alives with
        // `KEEPALIVED`, if they answer them at all.
        let status = message.result_object().and_then(|result| result.text("status"));
        let kept = status
            .filter(|_| message.id.is_vague())
            .map(|status| status.eq_ignore_ascii_case("KEEPALIVED"));
        let fits = |open: &Open| match open.asked {
            PendingShare::Share if kept == Some(true) => false,
            PendingShare::Other if kept == Some(false) => false,
            PendingShare::Share => !brings_job,
            PendingShare::Work => brings_job || !bare || !outcome.is_granted(),
            PendingShare::Login | PendingShare::Hello | PendingShare::Other => true,
            PendingShare::Hashrate => !brings_job,
        };
        if let Some(open) = self.ledger.take(|open| open.id == message.id && fits(open)) {
            return Some(open);
        }
        if brings_job {
            return None;
        }
        // Some pools answer `mining.subscribe` with a different id.
        let compound = message.result().is_some_and(|result| result.is_array());
        if compound && self.ledger.any(|open| open.asked == PendingShare::Hello) {
            return self.ledger.take(|open| open.asked == PendingShare::Hello);
        }
        // Otherwise only an answer without a usable id may match the oldest request that fits:
        // pools answer in order.
        if !message.id.is_vague() {
            return None;
        }
        self.ledger.take(|open| open.asked != PendingShare::Work && fits(open))
    }

    /// Processes the pool's answer to a request that is not a share.
    fn granted(
        &mut self,
        at: Moment,
        asked: PendingShare,
        outcome: &RequestOutcome,
        brings_job: bool,
    ) {
        match (asked, outcome) {
            (PendingShare::Login, RequestOutcome::Refused(reason)) => {
                let reason = if reason.is_empty() { "refused" } else { reason.as_str() };
                self.state.refused = Some(printable_bounded(reason));
            }
            (PendingShare::Login, RequestOutcome::Granted) => {
                self.state.refused = None;
                self.ladder.answered = true;
                if !brings_job {
                    self.ladder.climb(at, ConversationStage::Answered, || {
                        "pool accepted the login".to_owned()
                    });
                }
            }
            (PendingShare::Hello | PendingShare::Hashrate, RequestOutcome::Granted) => {
                self.ladder.answered = true;
                self.ladder.climb(at, ConversationStage::Answered, || "pool answered".to_owned());
            }
            _ => {}
        }
        if brings_job {
            // An answer to a login that includes a job proves two stages; record both.
            self.ladder.answered = true;
            if asked == PendingShare::Login {
                self.ladder.asked = true;
                self.ladder.climb(at, ConversationStage::Answered, || {
                    "pool accepted the login".to_owned()
                });
            }
        }
    }

    pub(super) fn judge(&mut self, at: Moment, to: Id, outcome: &RequestOutcome) {
        let open = match to {
            Id::None => self.ledger.take(Open::is_share).or_else(|| self.ledger.take(|_| true)),
            id => self.ledger.take(|open| open.id == id),
        };
        match open {
            Some(open) if open.is_share() => self.settle(at, open, outcome),
            Some(open) => self.granted(at, open.asked, outcome, false),
            None => {}
        }
    }

    /// Accepts up to `shares` open shares, oldest first.
    pub(super) fn receipt(&mut self, at: Moment, shares: u32) {
        for _ in 0..shares {
            let Some(share) = self.ledger.take(Open::is_share) else { break };
            self.settle(at, share, &RequestOutcome::Granted);
        }
    }

    /// Records that the pool ends the conversation: this refuses a login that is still open.
    pub(super) fn sent_away(&mut self, at: Moment, reason: String) {
        if let Some(open) = self.ledger.take(|open| open.asked == PendingShare::Login) {
            self.granted(at, open.asked, &RequestOutcome::Refused(reason), false);
        }
    }

    fn settle(&mut self, at: Moment, share: Open, outcome: &RequestOutcome) {
        self.ledger.settle(share, outcome.is_granted());
        self.newest = share.hashes.filter(|_| outcome.is_granted());
        self.ladder.judged();
        let word = if outcome.is_granted() { "accepted" } else { "rejected" };
        self.ladder.climb(at, ConversationStage::ShareSubmitted, || format!("pool {word} a share"));
    }
}
