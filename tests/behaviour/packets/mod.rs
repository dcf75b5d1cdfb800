//! Packets from captures, through links and tunnels, to flows.

mod bypass;
mod captures;
mod flows;
mod links;

use crate::support::trial::{Trial, all};

pub fn trials() -> Vec<Trial> {
    all([captures::trials(), flows::trials(), bypass::trials(), links::trials()])
}
