//! Packets from captures, through links and tunnels, to flows.

mod captures;
mod flows;
mod gate;
mod links;

use crate::support::trial::{Trial, all};

pub fn trials() -> Vec<Trial> {
    all([captures::trials(), flows::trials(), gate::trials(), links::trials()])
}
