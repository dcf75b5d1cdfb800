//! The end of the line: messages of all workers in, alerts and records out.

use std::io;

use crate::correlate::Correlator;
use crate::model::Timestamp;
use crate::model::alert::{Alert, State};
use crate::output::Outlet;

use super::worker::{Content, Message};

/// Incidents kept for the summary, in about 3 KiB each: more than anybody reads. The JSON lines have
/// them all.
const MAX_SUMMARY: usize = 1000;

/// Owns the correlator and keeps the last word on each incident.
pub struct Collector<'a> {
    correlator: Correlator,
    outlet: &'a mut dyn Outlet,
    alerts: Vec<Alert>,
    closed: Vec<Alert>,
    closed_omitted: u64,
    alerts_written: u64,
}

impl<'a> Collector<'a> {
    pub fn new(correlator: Correlator, outlet: &'a mut dyn Outlet) -> Self {
        Collector {
            correlator,
            outlet,
            alerts: Vec::new(),
            closed: Vec::new(),
            closed_omitted: 0,
            alerts_written: 0,
        }
    }

    /// Takes messages in order, and leaves the memory for the next ones.
    pub fn take(&mut self, messages: &mut Vec<Message>) -> io::Result<()> {
        for message in messages.drain(..) {
            let time = message.time();
            match message.content {
                Content::Record(line) => self.outlet.record(&line)?,
                Content::Tick => self.correlator.advance(time, &mut self.alerts),
                Content::Finding(finding) => {
                    self.correlator.finding(&finding, &mut self.alerts);
                }
            }
            self.write()?;
        }
        Ok(())
    }

    /// Nothing will follow for a while.
    pub fn flush(&mut self) -> io::Result<()> {
        self.outlet.flush()
    }

    /// The input ended at `now`: closes all incidents.
    pub fn finish(mut self, now: Timestamp) -> io::Result<Collected> {
        self.correlator.finish(now, &mut self.alerts);
        self.write()?;
        self.outlet.flush()?;
        Ok(Collected {
            incidents: self.closed,
            incidents_omitted: self.closed_omitted,
            alerts: self.alerts_written,
        })
    }

    fn write(&mut self) -> io::Result<()> {
        for alert in self.alerts.drain(..) {
            self.outlet.alert(&alert)?;
            self.alerts_written += 1;
            if alert.state == State::Closed {
                if self.closed.len() < MAX_SUMMARY {
                    self.closed.push(alert);
                } else {
                    self.closed_omitted += 1;
                }
            }
        }
        Ok(())
    }
}

/// What a finished collector has seen.
#[derive(Debug)]
pub struct Collected {
    /// The last record of each incident, in order of closing.
    pub incidents: Vec<Alert>,
    /// Incidents beyond those kept.
    pub incidents_omitted: u64,
    /// Alert lines written.
    pub alerts: u64,
}
