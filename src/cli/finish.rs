//! The end of a run: what was found and seen, told to a person.

use std::io::{self, IsTerminal};

use super::print;
use crate::config::SummaryStyle;
use crate::output::summary::{self, Screen, Totals};
use crate::pipeline::Report;

/// Writes the summary to standard error. When that is closed nobody is there to tell.
pub(super) fn tell(report: &Report, style: SummaryStyle) {
    let Report { capture, decode, flow, span, collected } = report;
    let totals = Totals {
        incidents: &collected.incidents,
        incidents_omitted: collected.incidents_omitted,
        alerts: collected.alerts,
        span: *span,
        latency: collected.latency,
        capture,
        decode,
        flow,
    };
    if style == SummaryStyle::None {
        for problem in &capture.problems {
            print::note(problem);
        }
    }
    let screen = Screen { colour: io::stderr().is_terminal(), ..Screen::default() };
    let _ = summary::write(&mut io::stderr().lock(), &totals, style, screen);
}
