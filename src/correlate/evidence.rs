//! The reasons behind a verdict: each listed once, however often it recurs.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use hashbrown::HashSet;

use crate::model::alert::{Evidence, EvidenceKind};

/// Reasons listed for one incident; a record of 8,000 bytes holds fewer.
const MAX_LISTED: usize = 32;
/// Reasons remembered to recognise repetitions; beyond that new ones are only counted. More than there
/// are pools to probe, and with 8 bytes each not more than half of what an incident is reckoned with.
const MAX_KEYS: usize = 384;

/// Reasons, first occurrence first.
#[derive(Clone, Debug, Default)]
pub(super) struct EvidenceList {
    /// With the hashes of their subjects.
    listed: Vec<(u64, Evidence)>,
    /// Hashes of kind and subject: a name can have 255 bytes, and there may be as many as a host likes.
    keys: HashSet<u64>,
    omitted: u64,
}

impl EvidenceList {
    /// Adds a reason unless one of its kind is known for `subject` (a name, a far end): whether
    /// it was new.
    pub fn add(&mut self, subject: &str, evidence: Evidence) -> bool {
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

    /// Takes over the reasons of an incident that has become part of a probe: what was said to
    /// pools was probing.
    pub fn absorb(&mut self, other: EvidenceList) {
        for (subject, mut evidence) in other.listed {
            if matches!(evidence.kind, EvidenceKind::Login | EvidenceKind::LoginReply) {
                evidence.kind = EvidenceKind::Probe;
            }
            self.add_hashed(subject, evidence);
        }
        self.omitted += other.omitted;
    }

    pub fn listed(&self) -> impl Iterator<Item = &Evidence> {
        self.listed.iter().map(|(_, evidence)| evidence)
    }

    /// Reasons listed.
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Forgets the reasons that a record has just told, and not that they were told.
    pub fn clear_listed(&mut self) {
        self.listed.clear();
        self.omitted = 0;
    }
}
