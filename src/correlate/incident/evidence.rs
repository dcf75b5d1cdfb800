//! The evidence of an incident: each reason is listed once, however often it recurs.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use hashbrown::HashSet;

use crate::model::record::{Evidence, EvidenceKind};

/// Reasons listed for one incident. A record of 8,000 bytes holds fewer.
const MAX_LISTED: usize = 32;
/// Reasons remembered to recognise repetitions; beyond that a repetition counts as new. This is
/// more than there are pools to probe, and with 8 bytes each at most half of the memory that is
/// reckoned for an incident.
const MAX_KEYS: usize = 384;

/// Reasons, in order of first occurrence.
#[derive(Clone, Debug, Default)]
pub(in crate::correlate) struct EvidenceList {
    /// Reasons with the hashes of their subjects.
    listed: Vec<(u64, Evidence)>,
    /// Hashes of kind and subject. Hashes bound the memory: a name can have 255 bytes, and a host
    /// can send any number of names.
    keys: HashSet<u64>,
    omitted: u64,
}

impl EvidenceList {
    /// Adds a reason, unless one of its kind is known for `subject` (a name, a far end). Returns
    /// whether it was new.
    pub(crate) fn add(&mut self, subject: &str, evidence: Evidence) -> bool {
        self.add_hashed(FixedState::default().hash_one(subject), evidence)
    }

    fn add_hashed(&mut self, subject: u64, evidence: Evidence) -> bool {
        let key = FixedState::default().hash_one((evidence.kind, subject));
        if self.keys.contains(&key) {
            return false;
        }
        if self.keys.len() < MAX_KEYS {
            self.keys.insert(key);
        }
        if self.listed.len() < MAX_LISTED {
            self.listed.push((subject, evidence));
        } else {
            self.omitted += 1;
        }
        true
    }

    /// Takes over the reasons of an incident that has become part of a probe. Logins and their
    /// replies become evidence of probing.
    pub(crate) fn absorb(&mut self, other: EvidenceList) {
        for (subject, mut evidence) in other.listed {
            if matches!(evidence.kind, EvidenceKind::Login | EvidenceKind::LoginReply) {
                evidence.kind = EvidenceKind::Probe;
            }
            self.add_hashed(subject, evidence);
        }
        self.omitted += other.omitted;
    }

    pub(crate) fn listed(&self) -> impl Iterator<Item = &Evidence> {
        self.listed.iter().map(|(_, evidence)| evidence)
    }

    /// Number of reasons listed.
    pub(crate) fn len(&self) -> usize {
        self.listed.len()
    }

    pub(crate) fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Clears the list after a record has reported it. Its reasons are still recognised as known.
    pub(crate) fn clear_listed(&mut self) {
        self.listed.clear();
        self.omitted = 0;
    }
}
