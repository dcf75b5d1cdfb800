//! What is found, in captures made here and in real ones, and what is not.

mod generated;
mod incidents;
mod intel;
mod real_benign;
mod real_mining;
mod segments;

use crate::support::trial::{Trial, all};

pub fn trials() -> Vec<Trial> {
    all([
        generated::trials(),
        incidents::trials(),
        intel::trials(),
        real_benign::trials(),
        real_mining::trials(),
        segments::trials(),
    ])
}
