//! `minewatch replay`: analyses captures.

use super::args;
use super::exit::{Exit, Failure};
use super::finish;
use super::observe::ReplayBar;
use super::setup;
use super::stop::{Stoppable, flag_on_signals};
use crate::capture::{ReplayOptions, open_replay};
use crate::pipeline;

pub(super) fn replay(args: args::Replay) -> Result<Exit, Failure> {
    let settings = setup::settings(args.common)?;
    let setup = setup::setup(&settings, 1)?;
    let options = ReplayOptions { filter: settings.capture.filter.clone() };
    let source = open_replay(&args.paths, &options)?;
    let source = Stoppable::new(source, flag_on_signals()?);
    let mut writer = setup::writer(&settings.output)?;
    let mut bar = ReplayBar::new();
    let threads = settings.capture.threads;
    let result = pipeline::replay(Box::new(source), &setup, threads, &mut writer, &mut bar);
    bar.clear();
    let report = result?;
    finish::tell(&report, settings.output.summary);
    let whole = report.capture.problems.is_empty() && report.capture.unsupported == 0;
    Ok(if whole { Exit::Done } else { Exit::InputIncomplete })
}
