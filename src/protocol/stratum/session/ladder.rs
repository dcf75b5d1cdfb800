//! The ladder of proof: what was seen of each side, and the highest stage that it supports.

use crate::model::EvidenceKind;
use crate::model::event::Moment;
use crate::model::event::mining::ConversationStage;
use crate::model::event::mining::StageProof;

use super::super::act::Proof;

/// Evidence, and the stages that it has led to.
///
/// One side alone never reaches the top: two shares (or a login and one) without a word of the
/// pool are a session, two jobs without a word of the miner are mining.
#[derive(Debug, Default)]
pub(super) struct ProofLadder {
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
    pub steps: Vec<StageProof>,
}

impl ProofLadder {
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Something that only miners say, apart from jobs and shares, was heard.
    pub(super) fn miner_spoke(&self) -> bool {
        self.asked || self.shares > 0
    }

    /// Jobs or shares were seen.
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

    /// Keeps a login that proves nothing by itself.
    pub(super) fn keep(&mut self, at: Moment, detail: String) {
        self.latent.get_or_insert((at, detail));
    }

    /// The stage that all evidence together supports.
    fn supported(&self) -> Option<ConversationStage> {
        let ProofLadder { answered, work, shares, judged, .. } = *self;
        let asked = self.miner_spoke();
        // Who hands in a share after a login has been given work, seen or not.
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

    /// Adds the stage that a message is evidence for, or the higher one that it completes.
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
