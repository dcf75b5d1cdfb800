//! Collects the evidence from both sides, and derives the stage that it supports.

use crate::model::EvidenceKind;
use crate::model::event::Moment;
use crate::model::event::mining::ConversationStage;
use crate::model::event::mining::StageProof;

use super::super::act::Proof;

/// Evidence from both sides, and the stages that it has proven.
///
/// One side alone never proves the highest stage. Without a message of the pool, two shares, or a
/// login and a share, support [`ConversationStage::Answered`]. Without a message of the miner, two
/// jobs support [`ConversationStage::WorkDelivered`].
#[derive(Debug, Default)]
pub(super) struct ProofLadder {
    /// The miner sent a message that only miners send.
    pub asked: bool,
    /// The pool answered such a message, or sent one that only pools send.
    pub answered: bool,
    /// The miner asked for all later jobs.
    pub standing: bool,
    /// Jobs seen, counted in halves: a block template counts one half unless `standing`.
    work: u32,
    /// Shares submitted.
    shares: u32,
    /// Answers to shares seen.
    judged: u32,
    /// A login that does not prove mining by itself, until other evidence does.
    latent: Option<(Moment, String)>,
    /// Stages proven, lowest first.
    pub steps: Vec<StageProof>,
}

impl ProofLadder {
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether the miner sent a share, or another message that only miners send.
    pub(super) fn miner_spoke(&self) -> bool {
        self.asked || self.shares > 0
    }

    /// Whether jobs or shares were seen.
    pub(super) fn work_seen(&self) -> bool {
        self.work > 0 || self.shares > 0
    }

    pub(super) fn job(&mut self, proof: Proof) {
        let halves = if proof == Proof::Template && !self.standing { 1 } else { 2 };
        self.work = self.work.saturating_add(halves);
    }

    pub(super) fn share(&mut self) {
        self.shares = self.shares.saturating_add(1);
    }

    pub(super) fn judged(&mut self) {
        self.judged = self.judged.saturating_add(1);
    }

    /// Keeps the first login that does not prove mining by itself.
    pub(super) fn keep(&mut self, at: Moment, detail: String) {
        self.latent.get_or_insert((at, detail));
    }

    /// The highest stage that all evidence together supports.
    fn supported(&self) -> Option<ConversationStage> {
        let ProofLadder { answered, work, shares, judged, .. } = *self;
        let asked = self.miner_spoke();
        // A miner that submits a share after a login was given work, seen or not.
        let worked = self.asked && shares > 0;
        if shares > 0 && (work > 0 || judged > 0) {
            Some(ConversationStage::ShareSubmitted)
        } else if work >= 4 || (work >= 2 && (asked || self.latent.is_some())) {
            Some(ConversationStage::WorkDelivered)
        } else if work >= 2 || (asked && (answered || work > 0)) || shares >= 2 || worked {
            Some(ConversationStage::Answered)
        } else if asked {
            Some(ConversationStage::Requested)
        } else {
            None
        }
    }

    /// Adds the stage that a message is evidence for, or the higher one that it makes provable.
    ///
    /// Adds nothing while the evidence supports no stage. Otherwise it first adds a kept login,
    /// with the time at which the login was sent.
    pub(super) fn climb(
        &mut self,
        at: Moment,
        wanted: ConversationStage,
        detail: impl FnOnce() -> String,
    ) {
        let Some(supported) = self.supported() else { return };
        if let Some((at, detail)) = self.latent.take() {
            self.asked = true;
            self.add(ConversationStage::Requested, EvidenceKind::Login, at, || detail);
        }
        let top = self.steps.last().map(|step| step.stage);
        let stage = if top >= Some(supported) { wanted.min(supported) } else { supported };
        self.add(stage, wanted.usual_evidence(), at, detail);
    }

    fn add(
        &mut self,
        stage: ConversationStage,
        kind: EvidenceKind,
        at: Moment,
        detail: impl FnOnce() -> String,
    ) {
        let place = self.steps.partition_point(|step| step.stage < stage);
        if self.steps.get(place).is_none_or(|step| step.stage != stage) {
            self.steps.insert(place, StageProof { stage, kind, at, detail: detail() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConversationStage::{Answered, Requested, ShareSubmitted, WorkDelivered};

    fn climb(ladder: &mut ProofLadder, wanted: ConversationStage) -> Vec<ConversationStage> {
        ladder.climb(Moment::default(), wanted, String::new);
        ladder.steps.iter().map(|step| step.stage).collect()
    }

    #[test]
    fn shares_without_a_pool_are_at_most_a_session() {
        let mut ladder = ProofLadder::default();
        ladder.share();
        assert_eq!(climb(&mut ladder, ShareSubmitted), [Requested]);
        ladder.share();
        assert_eq!(climb(&mut ladder, ShareSubmitted), [Requested, Answered]);
        ladder.share();
        assert_eq!(climb(&mut ladder, ShareSubmitted), [Requested, Answered]);
        ladder.judged();
        assert_eq!(climb(&mut ladder, ShareSubmitted), [Requested, Answered, ShareSubmitted]);
    }

    #[test]
    fn a_login_and_a_share_are_a_session_before_the_pool_is_heard() {
        let mut ladder = ProofLadder { asked: true, ..ProofLadder::default() };
        assert_eq!(climb(&mut ladder, Requested), [Requested]);
        ladder.share();
        assert_eq!(climb(&mut ladder, ShareSubmitted), [Requested, Answered]);
    }

    #[test]
    fn jobs_without_a_miner_are_at_most_mining() {
        let mut ladder = ProofLadder::default();
        ladder.job(Proof::Strict);
        assert_eq!(climb(&mut ladder, WorkDelivered), [Answered]);
        ladder.job(Proof::Strict);
        assert_eq!(climb(&mut ladder, WorkDelivered), [Answered, WorkDelivered]);
    }

    #[test]
    fn one_template_is_no_work_unless_the_miner_waits_for_more() {
        let mut ladder = ProofLadder { asked: true, ..ProofLadder::default() };
        ladder.job(Proof::Template);
        assert_eq!(climb(&mut ladder, WorkDelivered), [Answered]);
        ladder.standing = true;
        ladder.job(Proof::Template);
        assert_eq!(climb(&mut ladder, WorkDelivered), [Answered, WorkDelivered]);
    }

    #[test]
    fn a_kept_login_counts_from_when_it_was_sent() {
        let mut ladder = ProofLadder::default();
        let early = Moment { packet: 1, ..Moment::default() };
        ladder.keep(early, "login".into());
        assert!(climb(&mut ladder, Requested).is_empty());
        ladder.job(Proof::Strict);
        assert_eq!(climb(&mut ladder, WorkDelivered), [Requested, WorkDelivered]);
        assert_eq!(ladder.steps[0].at, early);
    }

    #[test]
    fn a_share_stays_a_share_on_whatever_stage_it_stands() {
        let mut ladder = ProofLadder { asked: true, ..ProofLadder::default() };
        climb(&mut ladder, Requested);
        ladder.share();
        assert_eq!(climb(&mut ladder, ShareSubmitted), [Requested, Answered]);
        let kinds: Vec<_> = ladder.steps.iter().map(|step| step.kind).collect();
        assert_eq!(kinds, [EvidenceKind::Login, EvidenceKind::Share]);
    }

    #[test]
    fn evidence_for_a_lower_stage_is_filed_in_its_place() {
        let mut ladder = ProofLadder::default();
        ladder.share();
        ladder.judged();
        assert_eq!(climb(&mut ladder, ShareSubmitted), [ShareSubmitted]);
        ladder.job(Proof::Strict);
        assert_eq!(climb(&mut ladder, WorkDelivered), [WorkDelivered, ShareSubmitted]);
    }
}
