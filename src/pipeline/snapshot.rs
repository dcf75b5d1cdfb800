//! All counters and gauges of a run, at one moment.

use serde::Serialize;

use super::clock::ClockStats;
use super::dispatch::Dispatcher;
use super::worker::Worker;
use crate::capture::CaptureStats;
use crate::config::HealthSettings;
use crate::correlate::RuleStats;
use crate::decode::DecodeStats;
use crate::flow::FlowStats;
use crate::health::{self, Condition, HealthCounters};
use crate::output::RouteStats;
use crate::protocol::stats::ProtocolStats;

/// The counters and gauges of all parts of a run.
///
/// Over several workers, counters and present gauge values are summed; of peaks, the highest of any
/// one worker is reported.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Snapshot {
    /// Counters and problems of the input.
    pub capture: CaptureStats,
    /// Of the packets' clock.
    pub clock: ClockStats,
    /// Each packet counted once.
    pub decode: DecodeStats,
    /// Counters and gauges of the flow tables.
    pub flow: FlowStats,
    /// Flows by protocol.
    pub protocols: ProtocolStats,
    /// Of the correlator.
    pub correlator: CorrelatorStats,
    /// Counters of each output, in the order of the configuration.
    pub outputs: Vec<RouteStats>,
    /// What the sensor cannot see: now, in a live run; of the whole input, at the end of a run.
    pub conditions: Vec<Condition>,
}

/// Counters and gauges of the correlator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CorrelatorStats {
    /// Counter: records about incidents.
    pub records: u64,
    /// Gauges.
    #[serde(flatten)]
    pub rules: RuleStats,
}

/// Counters of one worker, of its decoder and its source where it has them.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkerSnapshot {
    pub capture: CaptureStats,
    pub clock: ClockStats,
    pub decode: DecodeStats,
    pub flow: FlowStats,
    pub protocols: ProtocolStats,
}

impl WorkerSnapshot {
    /// Collects the counters of a worker that neither reads nor decodes.
    pub(super) fn of_flows(worker: &Worker) -> Self {
        WorkerSnapshot {
            flow: worker.flow_stats().clone(),
            protocols: worker.protocol_stats().clone(),
            ..WorkerSnapshot::default()
        }
    }

    /// Collects the counters of a worker, its decoder and the source that it reads.
    pub(super) fn new(capture: CaptureStats, dispatcher: &Dispatcher, worker: &Worker) -> Self {
        WorkerSnapshot {
            capture,
            clock: dispatcher.clock_stats(),
            decode: dispatcher.stats().clone(),
            ..WorkerSnapshot::of_flows(worker)
        }
    }
}

impl Snapshot {
    /// The counters by which the sensor is judged.
    pub(super) fn health(&self) -> HealthCounters {
        let Snapshot { capture, decode, flow, protocols, .. } = self;
        HealthCounters {
            strays: self.clock.strays,
            lost_records: self.outputs.iter().map(|output| output.dropped).sum(),
            ..HealthCounters::new(capture, decode, flow, protocols)
        }
    }

    /// Adds the conditions of the whole input, at the end of a run.
    pub(super) fn judged(mut self, settings: &HealthSettings) -> Self {
        self.conditions = health::judge(&self.health(), &self.decode, settings);
        self
    }

    /// Adds the counters of a worker.
    pub(super) fn add(&mut self, worker: &WorkerSnapshot) {
        self.capture.merge(worker.capture.clone());
        self.clock.merge(worker.clock);
        self.decode.merge(&worker.decode);
        self.flow.merge(&worker.flow);
        self.protocols.merge(&worker.protocols);
    }
}
