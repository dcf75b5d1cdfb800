//! Routes: each selects records, encodes them and writes them to a sink.
//!
//! A route runs inline, on the thread that produces records, or behind a bounded queue on its own
//! thread, so that nothing slow runs on a live worker or the collector.

mod filter;
mod latency;
mod outputs;
mod queue;
mod stats;

use std::io;
use std::sync::Arc;

pub use filter::Filter;
pub use outputs::{Outputs, OutputsReport};
pub use queue::WhenFull;
pub use stats::RouteStats;

use super::{Encoder, Frames, Sink, SinkError};
use crate::model::Timestamp;
use crate::model::record::Outgoing;
use latency::Latency;
use stats::RouteCounters;

/// Bytes of extracted events that are gathered for one write, so that a million events are not a
/// million writes. Records about incidents are written at once.
const GATHER: usize = 64 * 1024;

/// A route: a filter, an encoder and a sink.
pub struct Route {
    filter: Filter,
    encoder: Box<dyn Encoder>,
    sink: Box<dyn Sink>,
    /// Frames that are still to be written.
    frames: Frames,
    /// Times of the packets that led to records among these frames.
    caused_by: Vec<Timestamp>,
    latency: Option<Latency>,
    counters: Arc<RouteCounters>,
}

impl Route {
    /// A route that takes every record.
    pub fn new(encoder: Box<dyn Encoder>, sink: Box<dyn Sink>) -> Self {
        let counters = Arc::new(RouteCounters::new(sink.name()));
        Route {
            filter: Filter::default(),
            encoder,
            sink,
            frames: Frames::default(),
            caused_by: Vec::new(),
            latency: None,
            counters,
        }
    }

    /// Restricts this route to the records that pass `filter`.
    pub fn with_filter(self, filter: Filter) -> Self {
        Route { filter, ..self }
    }

    /// Takes one record. A record about an incident is written at once, after earlier records.
    ///
    /// # Errors
    /// Those of the sink, and [`SinkError::Fatal`] if the encoder fails. The frames are kept after
    /// [`SinkError::Retry`] and dropped after a fatal error of the sink.
    fn deliver(
        &mut self,
        record: &Outgoing,
        caused_by: Option<Timestamp>,
    ) -> Result<(), SinkError> {
        self.counters.accepted(1);
        if self.gather(record, caused_by)? { self.flush() } else { Ok(()) }
    }

    /// Encodes one record. Returns whether the gathered frames are to be written now.
    fn gather(
        &mut self,
        record: &Outgoing,
        caused_by: Option<Timestamp>,
    ) -> Result<bool, SinkError> {
        if !self.filter.passes(record) {
            self.counters.passed_by();
            return Ok(false);
        }
        let pushed = self.frames.push(|frame| self.encoder.encode(record, frame));
        match pushed {
            Ok(true) => self.caused_by.extend(caused_by),
            Ok(false) => {
                self.counters.passed_by();
                return Ok(false);
            }
            Err(error) => {
                self.counters.lost(1);
                return Err(SinkError::Fatal(io::Error::other(error)));
            }
        }
        let alert = matches!(record, Outgoing::Alert(_) | Outgoing::Sensor(_));
        Ok(alert || self.frames.lines().len() >= GATHER)
    }

    /// Writes the gathered frames.
    fn flush(&mut self) -> Result<(), SinkError> {
        if self.frames.is_empty() {
            return Ok(());
        }
        let written = self.sink.write(&self.frames);
        if matches!(written, Err(SinkError::Retry(_))) {
            return written;
        }
        if written.is_ok() {
            self.counters.written(self.frames.len(), self.frames.lines().len());
            self.measure();
        } else {
            self.counters.lost(self.frames.len() as u64);
        }
        self.frames.clear();
        self.caused_by.clear();
        written
    }

    fn reopen(&mut self) -> Result<(), SinkError> {
        self.flush()?;
        self.sink.reopen()
    }

    /// Measures the latency of the records that were just written.
    fn measure(&mut self) {
        if self.caused_by.is_empty() {
            return;
        }
        if self.latency.is_none() {
            self.latency = Latency::new();
        }
        for time in self.caused_by.drain(..) {
            if let Some(latency) = &mut self.latency {
                latency.record(time);
            }
        }
    }

    /// Prefixes an error with the name of the target.
    fn named(&self, error: SinkError) -> io::Error {
        let error = error.into_io();
        io::Error::new(error.kind(), format!("{}: {error}", self.sink.name()))
    }
}

#[cfg(test)]
mod tests;
