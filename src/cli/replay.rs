//! `minewatch replay`: analyses captures.

use super::args;
use super::exit::{Exit, Failure};
use super::finish;
use super::observe::ReplayBar;
use super::setup;
use super::signals::{self, Stoppable};
use crate::capture::{ReplayOptions, open_replay};
use crate::output::Outputs;
use crate::pipeline::{self, PipelineError};

pub(super) fn replay(args: args::ReplayArgs) -> Result<Exit, Failure> {
    let settings = setup::settings(args.common)?;
    let setup = setup::setup(&settings, 1)?;
    let options = ReplayOptions { filter: settings.capture.filter.clone() };
    let source = open_replay(&args.paths, &options)?;
    let control = signals::control()?;
    let source = Stoppable::new(source, control.stop.clone());
    let mut outputs = Outputs::inline(setup::route(&settings.output)?);
    let mut bar = ReplayBar::new();
    let threads = settings.capture.threads;
    let source = Box::new(source);
    let result = pipeline::replay(source, &setup, threads, &mut outputs, control, &mut bar);
    bar.clear();
    let report = result?;
    let outputs = outputs.finish().map_err(PipelineError::Output)?;
    finish::print_report(&report, &outputs, settings.output.summary);
    let counters = &report.counters;
    let capture = &counters.capture;
    let read = capture.problems.iter().all(|problem| problem.reason.is_note());
    let hidden = counters.conditions.iter().any(|condition| condition.kind.is_incomplete());
    let whole = read && capture.problems_omitted == 0 && capture.unsupported == 0 && !hidden;
    Ok(if whole { Exit::Done } else { Exit::InputIncomplete })
}
