//! `minewatch intel`: looks values up in the intelligence, and checks lists for it.

use super::args::{IntelArgs as Args, IntelCommand};
use super::exit::{Exit, Failure};
use super::print;
use super::setup;
use crate::intel::{self, Intel, IntelStats, Warning};

pub(super) fn intel(args: Args) -> Result<Exit, Failure> {
    let load = || -> Result<Intel, Failure> {
        let mut settings = setup::file_settings(args.config.as_deref())?.intel;
        settings.files.extend(args.files);
        Ok(Intel::load(&settings.files, settings.builtin)?.0)
    };
    match args.command {
        IntelCommand::Lint { files } => lint(&files),
        IntelCommand::Lookup { values } => lookup(&load()?, &values),
        IntelCommand::Stats => {
            print_stats(&load()?.stats());
            Ok(Exit::Done)
        }
    }
}

/// Looks values up. The exit code is 1 if one of them is not found, as with `grep`.
fn lookup(intel: &Intel, values: &[String]) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for value in values {
        let entries = intel
            .explain(value)
            .map_err(|message| Failure::new(Exit::Usage, format!("{value}: {message}")))?;
        if entries.is_empty() {
            print::line(format_args!("{value}: nothing is known"));
            exit = Exit::Failure;
        }
        for entry in entries {
            print::line(format_args!("{value}: {entry}"));
        }
    }
    Ok(exit)
}

fn lint(files: &[std::path::PathBuf]) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for file in files {
        if print_warnings(&intel::lint(file)?) == Exit::Config {
            exit = Exit::Config;
        }
    }
    Ok(exit)
}

/// Prints warnings. Refused indicators make the exit code an error; other warnings are advice.
pub(super) fn print_warnings(warnings: &[Warning]) -> Exit {
    warnings.iter().for_each(print::line);
    if warnings.iter().any(|warning| warning.refused) { Exit::Config } else { Exit::Done }
}

pub(super) fn print_stats(stats: &IntelStats) {
    print::line(format_args!(
        "{} indicators: {} names, {} addresses, {} addresses with a port, {} networks, {} URLs; \
         {} exceptions",
        stats.indicators(),
        stats.names,
        stats.addresses,
        stats.endpoints,
        stats.networks,
        stats.urls,
        stats.allowed,
    ));
    for (name, date) in &stats.sources {
        let date = if date.is_empty() { "without a date" } else { date };
        print::line(format_args!("  {name}, {date}"));
    }
}
