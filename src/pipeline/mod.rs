//! Threads and channels: wires capture, workers and the collector together.

mod collector;
mod crew;
mod dispatch;
mod latency;
mod live;
mod reader;
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
use dispatch::Dispatcher;

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

impl Report {
    fn new(
        capture: CaptureStats,
        dispatchers: &[Dispatcher],
        flows: &[FlowStats],
        collected: Collected,
    ) -> Self {
        let (mut decode, mut flow) = (DecodeStats::default(), FlowStats::default());
        dispatchers.iter().for_each(|dispatcher| decode.merge(dispatcher.stats()));
        flows.iter().for_each(|stats| flow.merge(stats));
        let spans = dispatchers.iter().filter_map(Dispatcher::span);
        let span = spans.reduce(|(first, last), (start, end)| (first.min(start), last.max(end)));
        Report { capture, decode, flow, span, collected }
    }
}

/// Is told how a run goes on.
pub trait Observer: Send {
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
