//! An observer that ignores all reports.

use minewatch::capture::Progress;
use minewatch::pipeline::{Observer, Snapshot};

pub struct Nobody;

impl Observer for Nobody {
    fn progress(&mut self, _: Option<Progress>) {}
    fn snapshot(&mut self, _: &Snapshot) {}
}
