//! The ladder of verdicts: what was seen of each side, and the highest rung that it supports.

use crate::model::alert::{EvidenceKind, Verdict};
use crate::model::event::Moment;
use crate::model::event::mining::Step;

use super::super::act::Proof;

/// Evidence, and the rungs that it has led to.
///
/// One side alone never reaches the top: two shares (or a login and one) without a word of the
/// pool are a session, two jobs without a word of the miner are mining.
#[derive(Debug, Default)]
pub struct Ladder {
    /// The miner said something that only miners say.
    pub asked: bool,
    /// The pool answered that, or spoke as pools do.
    pub answered: bool,
    /// The miner wants to hear of all work to come.
    pub standing: bool,
    /// Jobs, in halves: a block template is half a proof.
    work: u32,
    /// Shares with the right shape.
    shares: u32,
    /// Answers to shares.
    judged: u32,
    /// A login that could be anybody's, until the pool's answer shows that it is a miner's.
    latent: Option<(Moment, String)>,
    /// Lowest first.
    pub steps: Vec<Step>,
}

impl Ladder {
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Something that only miners say, apart from jobs and shares, was heard.
    pub fn miner_spoke(&self) -> bool {
        self.asked || self.shares > 0
    }

    /// Jobs or shares were seen.
    pub fn work_seen(&self) -> bool {
        self.work > 0 || self.shares > 0
    }

    pub fn job(&mut self, proof: Proof) {
        let halves = if proof == Proof::Template && !self.standing { 1 } else { 2 };
        self.work = self.work.saturating_add(halves);
    }

    pub fn share(&mut self) {
        self.shares = self.shares.saturating_add(1);
    }

    pub fn judged(&mut self) {
        self.judged = self.judged.saturating_add(1);
    }

    /// Keeps a login that proves nothing by itself.
    pub fn keep(&mut self, at: Moment, detail: String) {
        self.latent.get_or_insert((at, detail));
    }

    /// The rung that all evidence together supports.
    fn rung(&self) -> Option<Verdict> {
        let Ladder { answered, work, shares, judged, .. } = *self;
        let asked = self.miner_spoke();
        // Who hands in a share after a login has been given work, seen or not.
        let worked = self.asked && shares > 0;
        if shares > 0 && (work > 0 || judged > 0) {
            Some(Verdict::Active)
        } else if work >= 4 || (work >= 2 && (asked || self.latent.is_some())) {
            Some(Verdict::Mining)
        } else if work >= 2 || (asked && (answered || work > 0)) || shares >= 2 || worked {
            Some(Verdict::Session)
        } else if asked {
            Some(Verdict::Attempt)
        } else {
            None
        }
    }

    /// Adds the rung that a message is evidence for, or the higher one that it completes.
    pub fn climb(&mut self, at: Moment, wanted: Verdict, detail: impl FnOnce() -> String) {
        let Some(rung) = self.rung() else { return };
        if let Some((at, detail)) = self.latent.take() {
            self.asked = true;
            self.add(Verdict::Attempt, EvidenceKind::Login, at, || detail);
        }
        let top = self.steps.last().map(|step| step.verdict);
        let verdict = if top >= Some(rung) { wanted.min(rung) } else { rung };
        self.add(verdict, wanted.evidence(), at, detail);
    }

    fn add(
        &mut self,
        verdict: Verdict,
        kind: EvidenceKind,
        at: Moment,
        detail: impl FnOnce() -> String,
    ) {
        let place = self.steps.partition_point(|step| step.verdict < verdict);
        if self.steps.get(place).is_none_or(|step| step.verdict != verdict) {
            self.steps.insert(place, Step { verdict, kind, at, detail: detail() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn climb(ladder: &mut Ladder, wanted: Verdict) -> Vec<&'static str> {
        ladder.climb(Moment::default(), wanted, String::new);
        ladder.steps.iter().map(|step| step.verdict.name()).collect()
    }

    #[test]
    fn shares_without_a_pool_are_at_most_a_session() {
        let mut ladder = Ladder::default();
        ladder.share();
        assert_eq!(climb(&mut ladder, Verdict::Active), ["attempt"]);
        ladder.share();
        assert_eq!(climb(&mut ladder, Verdict::Active), ["attempt", "session"]);
        ladder.share();
        assert_eq!(climb(&mut ladder, Verdict::Active), ["attempt", "session"]);
        ladder.judged();
        assert_eq!(climb(&mut ladder, Verdict::Active), ["attempt", "session", "active"]);
    }

    #[test]
    fn a_login_and_a_share_are_a_session_before_the_pool_is_heard() {
        let mut ladder = Ladder { asked: true, ..Ladder::default() };
        assert_eq!(climb(&mut ladder, Verdict::Attempt), ["attempt"]);
        ladder.share();
        assert_eq!(climb(&mut ladder, Verdict::Active), ["attempt", "session"]);
    }

    #[test]
    fn jobs_without_a_miner_are_at_most_mining() {
        let mut ladder = Ladder::default();
        ladder.job(Proof::Strict);
        assert_eq!(climb(&mut ladder, Verdict::Mining), ["session"]);
        ladder.job(Proof::Strict);
        assert_eq!(climb(&mut ladder, Verdict::Mining), ["session", "mining"]);
    }

    #[test]
    fn one_template_is_no_work_unless_the_miner_waits_for_more() {
        let mut ladder = Ladder { asked: true, ..Ladder::default() };
        ladder.job(Proof::Template);
        assert_eq!(climb(&mut ladder, Verdict::Mining), ["session"]);
        ladder.standing = true;
        ladder.job(Proof::Template);
        assert_eq!(climb(&mut ladder, Verdict::Mining), ["session", "mining"]);
    }

    #[test]
    fn a_kept_login_counts_from_when_it_was_sent() {
        let mut ladder = Ladder::default();
        let early = Moment { packet: 1, ..Moment::default() };
        ladder.keep(early, "login".into());
        assert!(climb(&mut ladder, Verdict::Attempt).is_empty());
        ladder.job(Proof::Strict);
        assert_eq!(climb(&mut ladder, Verdict::Mining), ["attempt", "mining"]);
        assert_eq!(ladder.steps[0].at, early);
    }

    #[test]
    fn a_share_stays_a_share_on_whatever_rung_it_stands() {
        let mut ladder = Ladder { asked: true, ..Ladder::default() };
        climb(&mut ladder, Verdict::Attempt);
        ladder.share();
        assert_eq!(climb(&mut ladder, Verdict::Active), ["attempt", "session"]);
        let kinds: Vec<_> = ladder.steps.iter().map(|step| step.kind).collect();
        assert_eq!(kinds, [EvidenceKind::Login, EvidenceKind::Share]);
    }

    #[test]
    fn evidence_for_a_lower_rung_is_filed_in_its_place() {
        let mut ladder = Ladder::default();
        ladder.share();
        ladder.judged();
        assert_eq!(climb(&mut ladder, Verdict::Active), ["active"]);
        ladder.job(Proof::Strict);
        assert_eq!(climb(&mut ladder, Verdict::Mining), ["mining", "active"]);
    }
}
