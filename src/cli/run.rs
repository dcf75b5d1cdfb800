//! `minewatch run`: watches interfaces.

use std::sync::Arc;

use super::args;
use super::exit::{Exit, Failure};
use super::finish;
use super::observe::LiveNotes;
use super::print;
use super::setup;
use super::signals;
use crate::capture::{LiveOptions, open_live};
use crate::output::{Outputs, WhenFull};
use crate::pipeline::{self, PipelineError};

pub(super) fn run(args: args::RunArgs) -> Result<Exit, Failure> {
    let mut settings = setup::settings(args.common)?;
    if !args.interfaces.is_empty() {
        settings.capture.interfaces = args.interfaces;
    }
    let setup = setup::setup(&settings, settings.capture.threads)?;
    let (capture, control) = (&settings.capture, signals::control()?);
    let options = LiveOptions {
        workers: capture.threads,
        promiscuous: capture.promiscuous,
        snaplen: capture.snaplen,
        buffer_bytes: capture.buffer,
        filter: capture.filter.clone(),
        stop: Arc::clone(&control.stop),
    };
    let route = setup::route(&settings.output)?;
    let mut outputs = Outputs::queued([route], WhenFull::DropNewest)
        .map_err(|error| Failure::new(Exit::Failure, error))?;
    let sources = open_live(&capture.interfaces, &options)?;
    print::note(format_args!("watching {}", capture.interfaces.join(", ")));
    let mut notes = LiveNotes::default();
    let report = pipeline::live(sources, &setup, &mut outputs, control, &mut notes)?;
    let outputs = outputs.finish().map_err(PipelineError::Output)?;
    finish::print_report(&report, &outputs, settings.output.summary);
    Ok(Exit::Done)
}
