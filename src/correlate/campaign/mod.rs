//! Links incidents of several hosts by shared identities.

mod identity_index;

pub(super) use identity_index::IdentityIndex;
