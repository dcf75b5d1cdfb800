//! `minewatch check`: reports mistakes in configuration and intelligence.

use super::args;
use super::exit::{Exit, Failure};
use super::intel::{print_stats, print_warnings};
use super::print;
use super::setup;
use crate::intel::Intel;

pub(super) fn check(args: &args::CheckArgs) -> Result<Exit, Failure> {
    let settings = setup::file_settings(args.config.as_deref())?;
    let (intel, warnings) = Intel::load(&settings.intel.files, settings.intel.builtin)?;
    let exit = print_warnings(&warnings);
    print_stats(&intel.stats());
    if exit == Exit::Done {
        let name = args.config.as_deref().map(|file| file.display().to_string());
        print::line(format_args!("{}: good", name.as_deref().unwrap_or("built-in configuration")));
    }
    Ok(exit)
}
