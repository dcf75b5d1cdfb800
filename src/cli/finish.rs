//! Writes the summary at the end of a run.

use std::io::{self, IsTerminal};

use super::print;
use crate::config::SummaryStyle;
use crate::output::route::OutputsReport;
use crate::output::summary::{self, Screen, Totals};
use crate::pipeline::{RunReport, Snapshot};

/// Writes the summary to standard error. A failure is ignored: nobody is there to report it to.
pub(super) fn print_report(report: &RunReport, outputs: &OutputsReport, style: SummaryStyle) {
    let RunReport { counters, span, collected } = report;
    let Snapshot { capture, decode, flow, conditions, .. } = counters;
    let totals = Totals {
        incidents: &collected.incidents,
        incidents_omitted: collected.incidents_omitted,
        alerts: collected.alerts,
        span: *span,
        latency: outputs.latency,
        capture,
        decode,
        flow,
        conditions,
    };
    if style == SummaryStyle::None {
        for problem in &capture.problems {
            print::note(problem);
        }
        for condition in conditions {
            print::note(condition);
        }
    }
    for output in outputs.routes.iter().filter(|output| output.dropped > 0) {
        print::note(format_args!(
            "{}: {} records were not written, {} were",
            output.name, output.dropped, output.written
        ));
    }
    let screen = Screen { colour: io::stderr().is_terminal(), ..Screen::default() };
    let _ = summary::write(&mut io::stderr().lock(), &totals, style, screen);
}
