//! An observer who looks away.

use minewatch::capture::{CaptureStats, Progress};
use minewatch::pipeline::Observer;

pub struct Nobody;

impl Observer for Nobody {
    fn progress(&mut self, _: Option<Progress>) {}
    fn capture(&mut self, _: &CaptureStats) {}
}
