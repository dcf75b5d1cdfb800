//! How bad and how sure: severity and confidence from the verdict and its evidence.

use crate::model::alert::{Evidence, EvidenceKind, Severity, Verdict};
use crate::model::finding::PoolClass;

/// What severity and confidence are derived from.
pub(super) struct Grounds<'a> {
    pub verdict: Verdict,
    pub evidence: &'a [Evidence],
    pub class: Option<PoolClass>,
    /// Only one direction of the conversation was seen.
    pub one_way: bool,
    /// The host answers the lookups of others: its own lookups are theirs.
    pub resolver: bool,
    /// The host probes many pools.
    pub prober: bool,
}

/// A verdict needs a conversation to be more than `low` or `medium`; a single weak signal (a name,
/// an address) never is.
pub(super) fn severity(grounds: &Grounds<'_>) -> Severity {
    match grounds.verdict {
        Verdict::Contact if grounds.class == Some(PoolClass::Malware) && !grounds.resolver => {
            Severity::Medium
        }
        Verdict::Probe | Verdict::Contact => Severity::Low,
        Verdict::Attempt | Verdict::Session | Verdict::Mining if grounds.prober => Severity::Low,
        Verdict::Attempt | Verdict::Session => Severity::Medium,
        Verdict::Mining => Severity::High,
        Verdict::Active => Severity::Critical,
    }
}

/// What a host did that did not mine: whether it looked a pool up, and whether it connected to one.
pub(super) fn contact(evidence: &[Evidence]) -> (bool, bool) {
    let mut kinds = evidence.iter().map(|evidence| evidence.kind);
    (kinds.clone().any(EvidenceKind::is_lookup), kinds.any(EvidenceKind::is_connection))
}

/// 0 to 100: how sure it is that the verdict's statement is true of this host.
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
        // Looked up *and* connected to is more than either alone.
        let (looked_up, reached) = contact(grounds.evidence);
        confidence += if looked_up && reached { 20 } else { 0 };
        confidence += match grounds.class {
            Some(PoolClass::Malware) => 10,
            Some(PoolClass::Policy) => -15,
            _ => 0,
        };
        confidence -= if grounds.resolver { 20 } else { 0 };
    }
    if grounds.one_way {
        confidence -= 10;
    }
    confidence.clamp(1, 100) as u8
}
