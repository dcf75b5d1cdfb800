//! `minewatch run`: watches interfaces.

use super::args;
use super::exit::{Exit, Failure};
use super::finish;
use super::observe::LiveNotes;
use super::print;
use super::setup;
use super::stop::flag_on_signals;
use crate::capture::{LiveOptions, open_live};
use crate::pipeline;

pub(super) fn run(args: args::Run) -> Result<Exit, Failure> {
    let mut settings = setup::settings(args.common)?;
    if !args.interfaces.is_empty() {
        settings.capture.interfaces = args.interfaces;
    }
    let setup = setup::setup(&settings, settings.capture.threads)?;
    let capture = &settings.capture;
    let options = LiveOptions {
        workers: capture.threads,
        promiscuous: capture.promiscuous,
        snaplen: capture.snaplen,
        buffer_bytes: capture.buffer,
        filter: capture.filter.clone(),
        stop: flag_on_signals()?,
    };
    let mut writer = setup::writer(&settings.output)?;
    let sources = open_live(&capture.interfaces, &options)?;
    print::note(format_args!("watching {}", capture.interfaces.join(", ")));
    let report = pipeline::live(sources, &setup, &mut writer, &mut LiveNotes::default())?;
    finish::tell(&report, settings.output.summary);
    Ok(Exit::Done)
}
