//! Dialects without relatives.

pub(super) mod pascal;
pub(super) mod pearl;
pub(super) mod ton;
