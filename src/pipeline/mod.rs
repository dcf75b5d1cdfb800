//! Wires capture, workers and the collector together, with threads and channels.

mod clock;
mod collector;
mod command;
mod dispatch;
mod live;
mod parallel_replay;
mod reader;
mod replay;
mod snapshot;
mod worker;

use std::io;
use std::sync::Arc;

pub use clock::ClockStats;
pub use collector::CollectorReport;
pub use command::{Command, Control};
pub use live::live;
pub use replay::replay;
pub use snapshot::{CorrelatorStats, Snapshot};

use crate::capture::{CaptureError, Progress};
use crate::config::HealthSettings;
use crate::correlate;
use crate::decode::DecodeOptions;
use crate::flow::FlowLimits;
use crate::intel::Intel;
use crate::model::Timestamp;
use crate::model::record::EventKinds;

/// The settings from which the stages are built.
#[derive(Clone)]
pub struct Setup {
    /// What is looked for.
    pub intel: Arc<Intel>,
    /// How packets are decoded.
    pub decode: DecodeOptions,
    /// Bounds of one worker's flow table.
    pub flow: FlowLimits,
    /// How incidents are told.
    pub correlate: correlate::CorrelatorOptions,
    /// Extracted events to record.
    pub events: EventKinds,
    /// When the sensor says that it cannot see.
    pub health: HealthSettings,
}

/// The result of a run.
#[derive(Debug)]
pub struct RunReport {
    /// Counters and problems of all parts.
    pub counters: Snapshot,
    /// Packet time of the first and of the last packet.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What was found.
    pub collected: CollectorReport,
}

/// Receives the progress of a run.
pub trait Observer: Send {
    /// Replay: bytes read and their total; `None` where the total is not known.
    fn progress(&mut self, progress: Option<Progress>);

    /// Live: all counters, and problems of the interfaces, about once a second.
    fn snapshot(&mut self, snapshot: &Snapshot);
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages say it
pub enum PipelineError {
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    #[error("a worker thread died; this is a bug, please report it with the capture")]
    Worker,
}
