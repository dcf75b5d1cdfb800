//! Alerts and event records, and the golden captures.

mod alerts;
mod events;
mod golden;

use crate::support::json_lines;
use crate::support::trial::{Trial, all};

pub fn trials() -> Vec<Trial> {
    all([alerts::trials(), events::trials(), golden::trials(), json_lines::trials()])
}
