//! `minewatch intel`: asks the intelligence, and checks lists for it.

use super::args::{Intel as Args, IntelCommand};
use super::exit::{Exit, Failure};
use super::print;
use super::setup;
use crate::intel::{self, Intel, IntelStats};

pub(super) fn intel(args: Args) -> Result<Exit, Failure> {
    if let IntelCommand::Lint { files } = &args.command {
        return lint(files);
    }
    let mut settings = setup::file_settings(args.config.as_deref())?.intel;
    settings.files.extend(args.files);
    let (intel, _) = Intel::load(&settings.files, settings.builtin)?;
    match args.command {
        IntelCommand::Lookup { values } => lookup(&intel, &values),
        IntelCommand::Stats => {
            print_stats(&intel.stats());
            Ok(Exit::Done)
        }
        IntelCommand::Lint { .. } => Ok(Exit::Done),
    }
}

/// Exit code 1 if nothing is known of one of the values, as `grep` does.
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
        let warnings = intel::lint(file)?;
        for warning in &warnings {
            print::line(warning);
        }
        if warnings.iter().any(|warning| warning.refused) {
            exit = Exit::Config;
        }
    }
    Ok(exit)
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
