//! `minewatch check`: says what is wrong with configuration and intelligence.

use super::args;
use super::exit::{Exit, Failure};
use super::intel::print_stats;
use super::print;
use super::setup;
use crate::capture::check_filter;
use crate::intel::Intel;

pub(super) fn check(args: &args::Check) -> Result<Exit, Failure> {
    let settings = setup::file_settings(args.config.as_deref())?;
    if let Some(filter) = &settings.capture.filter {
        check_filter(filter).map_err(|error| Failure::new(Exit::Config, error))?;
    }
    let (intel, warnings) = Intel::load(&settings.intel.files, settings.intel.builtin)?;
    for warning in &warnings {
        print::line(warning);
    }
    print_stats(&intel.stats());
    if warnings.iter().any(|warning| warning.refused) {
        return Ok(Exit::Config);
    }
    let name = args.config.as_deref().map(|file| file.display().to_string());
    print::line(format_args!("{}: good", name.as_deref().unwrap_or("built-in configuration")));
    Ok(Exit::Done)
}
