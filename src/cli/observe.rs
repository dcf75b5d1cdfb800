//! Shows the progress and the problems of a run to a person at a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::print;
use crate::capture::{InputProblem, Progress, wall_clock};
use crate::health::Condition;
use crate::model::record::ConditionKind;
use crate::pipeline::{Observer, Snapshot};

/// Shows a progress bar for a replay on a terminal.
pub(super) struct ReplayBar {
    bar: Option<ProgressBar>,
}

impl ReplayBar {
    pub(super) fn new() -> Self {
        ReplayBar { bar: std::io::stderr().is_terminal().then(|| ProgressBar::new(0)) }
    }

    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for ReplayBar {
    fn progress(&mut self, progress: Option<Progress>) {
        const FORM: &str = "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} to go";
        let (Some(bar), Some(progress)) = (&self.bar, progress) else { return };
        if bar.length() != Some(progress.total)
            && let Ok(style) = ProgressStyle::with_template(FORM)
        {
            bar.set_style(style);
            bar.set_length(progress.total);
        }
        bar.set_position(progress.done);
    }

    fn snapshot(&mut self, _: &Snapshot) {}
}

/// Reports problems of a live capture at once.
#[derive(Default)]
pub(super) struct LiveNotes {
    reported: Vec<InputProblem>,
    waiting_for: Vec<String>,
    drops: u64,
    shed: u64,
    /// Records that outputs have dropped.
    records: u64,
    /// Conditions that hold.
    conditions: Vec<ConditionKind>,
}

impl Observer for LiveNotes {
    fn progress(&mut self, _: Option<Progress>) {}

    fn snapshot(&mut self, snapshot: &Snapshot) {
        self.report_conditions(&snapshot.conditions);
        let stats = &snapshot.capture;
        for problem in &stats.problems {
            if !self.reported.contains(problem) {
                print::note(problem);
                self.reported.push(problem.clone());
            }
        }
        for name in self.waiting_for.iter().filter(|name| !stats.waiting_for.contains(name)) {
            print::note(format_args!("{name}: packets can arrive again"));
        }
        self.waiting_for.clone_from(&stats.waiting_for);
        let drops = stats.kernel_drops + stats.interface_drops;
        if drops > self.drops {
            print::note(format_args!(
                "{} packets lost, {drops} of {} so far",
                drops - self.drops,
                stats.kernel_received
            ));
            self.drops = drops;
        }
        let shed = stats.bypassed.packets;
        if shed > self.shed {
            print::note(format_args!(
                "too much traffic: {} packets of settled flows shed, {shed} so far",
                shed - self.shed
            ));
            self.shed = shed;
        }
        let records = snapshot.outputs.iter().map(|output| output.dropped).sum();
        if records > self.records {
            print::note(format_args!(
                "an output is too slow: {} records dropped, {records} so far",
                records - self.records
            ));
            self.records = records;
        }
    }
}

impl LiveNotes {
    /// Reports conditions that have begun or ended since the last call.
    fn report_conditions(&mut self, conditions: &[Condition]) {
        let now = wall_clock().to_rfc3339();
        for condition in conditions {
            if !self.conditions.contains(&condition.kind) {
                print::note(format_args!("{now} began: {condition}"));
            }
        }
        let holds = |kind| conditions.iter().any(|condition| condition.kind == kind);
        for kind in self.conditions.iter().filter(|&&kind| !holds(kind)) {
            print::note(format_args!("{now} ended: {}", kind.name()));
        }
        self.conditions = conditions.iter().map(|condition| condition.kind).collect();
    }
}
