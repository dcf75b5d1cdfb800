//! The end of the line: messages of all workers in, alerts and records out.

use std::io;

use crate::correlate::Correlator;
use crate::model::Timestamp;
use crate::model::alert::{Alert, State};
use crate::output::Outlet;

use super::latency::Latency;
use super::worker::{Content, Message};
use crate::model::latency::LatencySummary;

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
    /// Of a live capture.
    latency: Option<Latency>,
    /// Times of packets whose alerts are not flushed yet.
    unflushed: Vec<Timestamp>,
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
            latency: None,
            unflushed: Vec::new(),
        }
    }

    /// For packets that come as they happen: alerts are flushed at once, and their delay is measured.
    pub fn live(correlator: Correlator, outlet: &'a mut dyn Outlet) -> Self {
        Collector { latency: Latency::new(), ..Collector::new(correlator, outlet) }
    }

    /// Takes the messages of one batch of a replay, in the order that does not depend on the number of
    /// workers. `live`: nobody should wait for an alert until a buffer is full.
    pub fn take_batch(&mut self, messages: &mut Vec<Message>, live: bool) -> io::Result<()> {
        if !messages.is_sorted_by_key(Message::order) {
            messages.sort_by_key(Message::order);
        }
        self.take(messages)?;
        if live { self.flush() } else { Ok(()) }
    }

    /// Takes messages in order, and leaves the memory for the next ones.
    pub fn take(&mut self, messages: &mut Vec<Message>) -> io::Result<()> {
        for message in messages.drain(..) {
            let time = message.time();
            let caused = matches!(message.content, Content::Finding(_));
            match message.content {
                Content::Record(line) => self.outlet.record(&line)?,
                Content::Tick => self.correlator.advance(time, &mut self.alerts),
                Content::Finding(finding) => {
                    self.correlator.finding(&finding, &mut self.alerts);
                }
            }
            if self.write()? && caused && self.latency.is_some() {
                self.unflushed.push(time);
            }
        }
        if self.unflushed.is_empty() { Ok(()) } else { self.flush() }
    }

    /// Nothing will follow for a while.
    pub fn flush(&mut self) -> io::Result<()> {
        self.outlet.flush()?;
        for time in self.unflushed.drain(..) {
            if let Some(latency) = &mut self.latency {
                latency.record(time);
            }
        }
        Ok(())
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
            latency: self.latency.and_then(|latency| latency.summary()),
        })
    }

    /// Writes the alerts at hand: whether there were any.
    fn write(&mut self) -> io::Result<bool> {
        let any = !self.alerts.is_empty();
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
        Ok(any)
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
    /// How long after their packets, in a live capture.
    pub latency: Option<LatencySummary>,
}
