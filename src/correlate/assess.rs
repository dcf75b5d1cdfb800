//! Assesses incidents: their verdict, severity and confidence. Only this module does.

use crate::model::event::mining::ConversationStage;
use crate::model::indicator::IntelClass;
use crate::model::record::{Evidence, EvidenceKind, Severity, Verdict};

/// The facts from which severity and confidence are derived.
pub(super) struct Grounds<'a> {
    pub verdict: Verdict,
    pub evidence: &'a [Evidence],
    pub class: Option<IntelClass>,
    /// Only one direction of the conversation was seen.
    pub one_way: bool,
    /// The host is a resolver: it makes its lookups for others.
    pub resolver: bool,
    /// The host probes many pools.
    pub prober: bool,
}

/// The verdict about the miner of a conversation that has reached `stage`.
pub(super) fn verdict(stage: ConversationStage) -> Verdict {
    match stage {
        ConversationStage::Requested => Verdict::Attempt,
        ConversationStage::Answered => Verdict::Session,
        ConversationStage::WorkDelivered => Verdict::Mining,
        ConversationStage::ShareSubmitted => Verdict::Active,
    }
}

/// The severity of an incident. Only a conversation makes it `high` or `critical`; a weak signal (a
/// name, an address) makes it `medium` at most.
pub(super) fn severity(grounds: &Grounds<'_>) -> Severity {
    match grounds.verdict {
        Verdict::Contact if grounds.class == Some(IntelClass::Malware) && !grounds.resolver => {
            Severity::Medium
        }
        Verdict::Probe | Verdict::Contact => Severity::Low,
        Verdict::Attempt | Verdict::Session | Verdict::Mining if grounds.prober => Severity::Low,
        Verdict::Attempt | Verdict::Session => Severity::Medium,
        Verdict::Mining => Severity::High,
        Verdict::Active => Severity::Critical,
    }
}

/// How a host contacted pools: whether it looked one up, and whether it connected to one.
pub(super) fn contact(evidence: &[Evidence]) -> (bool, bool) {
    let mut kinds = evidence.iter().map(|evidence| evidence.kind);
    (kinds.clone().any(EvidenceKind::is_lookup), kinds.any(EvidenceKind::is_connection))
}

/// The confidence, from 1 to 100, that the verdict is true of this host.
pub(super) fn confidence(grounds: &Grounds<'_>) -> u8 {
    let base: i32 = match grounds.verdict {
        Verdict::Contact => 40,
        Verdict::Probe => 70,
        Verdict::Attempt => 70,
        Verdict::Session => 85,
        Verdict::Mining => 95,
        Verdict::Active => 99,
    };
    let mut confidence = base;
    if grounds.verdict == Verdict::Contact {
        // A lookup *and* a connection prove more than either alone.
        let (looked_up, reached) = contact(grounds.evidence);
        confidence += if looked_up && reached { 20 } else { 0 };
        confidence += match grounds.class {
            Some(IntelClass::Malware) => 10,
            Some(IntelClass::Policy) => -15,
            _ => 0,
        };
        confidence -= if grounds.resolver { 20 } else { 0 };
    }
    if grounds.one_way {
        confidence -= 10;
    }
    confidence.clamp(1, 100) as u8
}
