//! Parts of incidents that all rules share: evidence and identities.

mod evidence;
mod identity;

pub(super) use evidence::EvidenceList;
pub(super) use identity::{Identities, Identity};
