//! Coins whose shares are cycles, or that kept the calls of one.

pub(super) mod aeternity;
pub(super) mod beam;
pub(super) mod epic;
pub(super) mod grin;
