//! Turns the messages of all workers into records: the back half of the pipeline.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashSet;

use super::command::{Command, Control};
use super::snapshot::{CorrelatorStats, Snapshot};
use super::worker::{MessageContent, WorkerMessage, WorkerMessages};
use crate::correlate::Correlator;
use crate::intel::Intel;
use crate::model::Timestamp;
use crate::model::flow::FlowEnds;
use crate::model::record::{IncidentState, Outgoing, Record, SensorRecord};
use crate::model::signal::{Signal, SignalKind};
use crate::output::RecordConsumer;

/// Incidents kept for the summary, of about 3 KiB each: more than anybody reads. The JSON lines
/// have all of them.
const MAX_SUMMARY: usize = 1000;

/// Owns the correlator and keeps the last record of each incident.
pub(super) struct Collector<'a> {
    correlator: Correlator,
    consumer: &'a mut dyn RecordConsumer,
    control: Control,
    records: Vec<Record>,
    closed: Vec<Record>,
    closed_omitted: u64,
    written: u64,
    /// Packets arrive as they happen, so the latency of records is measured.
    live: bool,
}

impl<'a> Collector<'a> {
    /// A collector for a replay.
    pub(super) fn new(
        correlator: Correlator,
        consumer: &'a mut dyn RecordConsumer,
        control: Control,
    ) -> Self {
        Collector {
            correlator,
            consumer,
            control,
            records: Vec::new(),
            closed: Vec::new(),
            closed_omitted: 0,
            written: 0,
            live: false,
        }
    }

    /// Makes this a collector for live capture, which measures the latency of records.
    pub(super) fn live(self) -> Self {
        Collector { live: true, ..self }
    }

    /// Processes the messages of one batch of a replay, in an order that does not depend on the
    /// number of workers. `live` flushes at once, so that nobody waits until a buffer is full.
    pub(super) fn take_batch(
        &mut self,
        messages: &mut WorkerMessages,
        live: bool,
    ) -> io::Result<()> {
        // A replay ignores reloads: it keeps the intelligence that it began with.
        self.obey(Snapshot::default, |_| {})?;
        self.admit_connections(messages);
        let list = &mut messages.list;
        if !list.is_sorted_by_key(WorkerMessage::order) {
            list.sort_by_key(WorkerMessage::order);
        }
        self.take(list)?;
        if live { self.flush() } else { Ok(()) }
    }

    /// Drops connections that no rule needs, and makes messages of the others. A rule needs those
    /// to addresses that DNS answers of this or an earlier batch give for a pool's name.
    fn admit_connections(&self, messages: &mut WorkerMessages) {
        if messages.connections.is_empty() {
            return;
        }
        let mut answered = HashSet::<IpAddr>::new();
        for message in &messages.list {
            if let MessageContent::Signal(Signal { kind: SignalKind::DnsAnswer(answer), .. }) =
                &message.content
                && answer.hit.is_some()
            {
                answered.extend(&answer.addresses);
            }
        }
        if answered.is_empty() && !self.correlator.awaits_connections() {
            messages.connections.clear();
            return;
        }
        messages.admit(|connection| {
            let far = connection.flow.sender(connection.sender.reverse()).ip;
            self.correlator.awaits_connection_to(far) || answered.contains(&far)
        });
    }

    /// Processes messages in order and leaves the list empty, with its memory.
    pub(super) fn take(&mut self, messages: &mut Vec<WorkerMessage>) -> io::Result<()> {
        for message in messages.drain(..) {
            let time = message.time();
            match message.content {
                MessageContent::Event(event) => {
                    self.consumer.consume(&Outgoing::Event(event), None)?
                }
                MessageContent::Tick => {
                    self.correlator.advance(time, &mut self.records);
                    self.write(None)?;
                }
                MessageContent::Signal(signal) => {
                    self.correlator.signal(&signal, &mut self.records);
                    self.write(self.live.then_some(time))?;
                }
            }
        }
        Ok(())
    }

    /// Executes pending commands. `counters` returns the counters of the workers, and `reload`
    /// gives the workers new intelligence.
    pub(super) fn obey(
        &mut self,
        counters: impl Fn() -> Snapshot,
        mut reload: impl FnMut(&Arc<Intel>),
    ) -> io::Result<()> {
        while let Some(command) = self.control.next() {
            match command {
                Command::Stop => self.control.stop.store(true, Ordering::Relaxed),
                Command::Reload(intel) => reload(&intel),
                Command::Reopen => self.consumer.reopen()?,
                // The requester may have gone.
                Command::Status(reply) => drop(reply.try_send(self.snapshot(counters()))),
            }
        }
        Ok(())
    }

    /// Adds the counters of the correlator and the outputs to those of the workers.
    pub(super) fn snapshot(&self, workers: Snapshot) -> Snapshot {
        let rules = self.correlator.stats();
        let correlator = CorrelatorStats { records: self.written, rules };
        Snapshot { correlator, outputs: self.consumer.stats(), ..workers }
    }

    /// Gives records about the sensor itself to the outputs.
    pub(super) fn write_sensor(&mut self, records: Vec<SensorRecord>) -> io::Result<()> {
        for record in records {
            self.consumer.consume(&Outgoing::Sensor(Arc::new(record)), None)?;
        }
        Ok(())
    }

    /// Flushes the outputs; called when nothing follows for a while.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.consumer.flush()
    }

    /// Closes all incidents at `now`, the end of the input, and flushes the outputs.
    pub(super) fn finish(mut self, now: Timestamp) -> io::Result<CollectorReport> {
        // The last records go to the file that has the name now.
        self.obey(Snapshot::default, |_| {})?;
        self.correlator.finish(now, &mut self.records);
        self.write(None)?;
        self.consumer.flush()?;
        Ok(CollectorReport {
            incidents: self.closed,
            incidents_omitted: self.closed_omitted,
            alerts: self.written,
        })
    }

    /// Gives pending records to the consumer. `caused_by`: time of the packet that led to them, if
    /// their latency is measured.
    fn write(&mut self, caused_by: Option<Timestamp>) -> io::Result<()> {
        for record in self.records.drain(..) {
            let record = Arc::new(record);
            self.consumer.consume(&Outgoing::Alert(Arc::clone(&record)), caused_by)?;
            self.written += 1;
            if record.head.state == IncidentState::Closed {
                if self.closed.len() < MAX_SUMMARY {
                    self.closed.push(Arc::unwrap_or_clone(record));
                } else {
                    self.closed_omitted += 1;
                }
            }
        }
        Ok(())
    }
}

/// The result of a finished collector.
#[derive(Debug)]
pub struct CollectorReport {
    /// The last record of each incident, in order of closing.
    pub incidents: Vec<Record>,
    /// Closed incidents beyond those in `incidents`.
    pub incidents_omitted: u64,
    /// Records about incidents.
    pub alerts: u64,
}
