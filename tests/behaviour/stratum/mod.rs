//! Conversations of miners and pools.

mod dialects;
mod look_alikes;
mod relatives;
mod streams;
mod v2;

use crate::support::trial::{Trial, all};

pub fn trials() -> Vec<Trial> {
    all([
        dialects::trials(),
        look_alikes::trials(),
        relatives::trials(),
        streams::trials(),
        v2::trials(),
    ])
}
