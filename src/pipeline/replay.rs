//! Replays captures with as many workers as asked for.
//!
//! With one worker everything runs on the caller's thread, without a channel. With more, each batch is
//! decoded once and its segments are dealt out: a worker gets the flows whose hash is its own.

use super::collector::Collector;
use super::dispatch::Dispatcher;
use super::reader::Reader;
use super::worker::Worker;
use super::{Observer, PipelineError, Report, Setup, crew};
use crate::capture::Source;
use crate::correlate::Correlator;
use crate::flow::FlowStats;
use crate::model::{SegmentBatch, Timestamp};
use crate::output::Outlet;

/// Runs `source` to its end through `threads` workers.
///
/// # Errors
/// When the output cannot be written or a worker dies. Trouble with the input is in the report.
pub fn replay(
    mut source: Box<dyn Source>,
    setup: &Setup,
    threads: usize,
    outlet: &mut dyn Outlet,
    observer: &mut dyn Observer,
) -> Result<Report, PipelineError> {
    let correlator = Correlator::new(setup.correlate.clone());
    let mut collector = Collector::new(correlator, outlet);
    let (dispatcher, flows) = if threads <= 1 {
        inline(source.as_mut(), setup, &mut collector, observer)?
    } else {
        crew::replay(source.as_mut(), setup, threads, &mut collector, observer)?
    };
    let now = dispatcher.span().map_or(Timestamp::ZERO, |(_, newest)| newest);
    let collected = collector.finish(now)?;
    Ok(Report::new(source.stats(), &[dispatcher], &flows, collected))
}

fn inline(
    source: &mut dyn Source,
    setup: &Setup,
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<(Dispatcher, Vec<FlowStats>), PipelineError> {
    let mut reader = Reader::new(source, Dispatcher::new(setup.decode.clone(), 1));
    let mut worker = Worker::alone(setup);
    let mut batch = SegmentBatch::default();
    let mut messages = Vec::new();
    while reader.next(&mut batch)? {
        worker.batch(&batch, &mut messages);
        collector.take_batch(&mut messages, reader.is_live())?;
        observer.progress(reader.progress());
    }
    worker.finish(&mut messages);
    collector.take_batch(&mut messages, false)?;
    Ok((reader.dispatcher, vec![worker.flow_stats().clone()]))
}
