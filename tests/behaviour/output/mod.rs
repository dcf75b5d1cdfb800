//! Alerts and event records, what outputs are made of, and the golden captures.

mod alerts;
mod events;
mod extensions;
mod golden;

use crate::support::json_lines;
use crate::support::trial::{Trial, all};

pub fn trials() -> Vec<Trial> {
    all([
        alerts::trials(),
        events::trials(),
        extensions::trials(),
        golden::trials(),
        json_lines::trials(),
    ])
}
