//! Threads and channels: wires capture, workers and the collector together.

mod collector;
mod live;
mod replay;
mod worker;

use std::io;
use std::sync::Arc;

pub use collector::Collected;
pub use live::live;
pub use replay::replay;

use crate::capture::{CaptureError, CaptureStats, Progress};
use crate::correlate;
use crate::decode::{DecodeOptions, DecodeStats};
use crate::flow::{FlowLimits, FlowStats};
use crate::intel::Intel;
use crate::model::Timestamp;
use crate::output::eve_events::EventKinds;
use worker::Worker;

/// Everything that the stages are built from.
#[derive(Clone)]
pub struct Setup {
    pub intel: Arc<Intel>,
    pub decode: DecodeOptions,
    pub flow: FlowLimits,
    pub correlate: correlate::Options,
    /// Extracted events to write as EVE records.
    pub events: EventKinds,
    /// Name of this sensor for EVE records.
    pub sensor: Option<String>,
}

/// What a run has seen, at its end.
#[derive(Debug)]
pub struct Report {
    pub capture: CaptureStats,
    /// Each packet counted once.
    pub decode: DecodeStats,
    pub flow: FlowStats,
    /// Packet time of the first and of the last packet.
    pub span: Option<(Timestamp, Timestamp)>,
    pub collected: Collected,
}

/// Counters of one worker.
#[derive(Debug)]
struct WorkerStats {
    decode: DecodeStats,
    flow: FlowStats,
    span: Option<(Timestamp, Timestamp)>,
}

impl WorkerStats {
    fn of(worker: &Worker) -> Self {
        WorkerStats {
            decode: worker.decode_stats().clone(),
            flow: worker.flow_stats().clone(),
            span: worker.span(),
        }
    }
}

impl Report {
    /// `shared`: every worker has decoded every packet.
    fn new(
        capture: CaptureStats,
        workers: &[WorkerStats],
        shared: bool,
        collected: Collected,
    ) -> Self {
        let mut report = Report {
            capture,
            decode: DecodeStats::default(),
            flow: FlowStats::default(),
            span: None,
            collected,
        };
        for (index, worker) in workers.iter().enumerate() {
            if index == 0 || !shared {
                report.decode.merge(&worker.decode);
            }
            report.flow.merge(&worker.flow);
            report.span = match (report.span, worker.span) {
                (Some((first, last)), Some((start, end))) => {
                    Some((first.min(start), last.max(end)))
                }
                (one, other) => one.or(other),
            };
        }
        report
    }
}

/// Is told how a run goes on.
pub trait Observer {
    /// Replay: bytes read of how many; `None` where the end is not known.
    fn progress(&mut self, progress: Option<Progress>);

    /// Live: counters and problems of all interfaces, about once a second.
    fn capture(&mut self, stats: &CaptureStats);
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    #[error("a worker thread died; this is a bug, please report it with the capture")]
    Worker,
}
