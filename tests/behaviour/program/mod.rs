//! The program as a whole: command line, memory, threads, structure.

mod cli;
mod floods;
mod health;
mod layering;
mod threads;

use crate::support::trial::{Trial, all};

pub fn trials() -> Vec<Trial> {
    all([cli::trials(), floods::trials(), health::trials(), layering::trials(), threads::trials()])
}
