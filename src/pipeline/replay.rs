//! Replays captures with as many workers as asked for.
//!
//! With one worker everything runs on the caller's thread, without a channel. With more, each batch
//! is decoded once, and its segments are distributed by a hash of the flow.

use super::collector::Collector;
use super::dispatch::Dispatcher;
use super::reader::BatchReader;
use super::snapshot::{Snapshot, WorkerSnapshot};
use super::worker::{Worker, WorkerMessages};
use super::{Control, Observer, PipelineError, RunReport, Setup, parallel_replay};
use crate::capture::Source;
use crate::correlate::Correlator;
use crate::health;
use crate::model::record::EventKind;
use crate::model::{SegmentBatch, Timestamp};
use crate::output::RecordConsumer;

/// Runs `source` to its end through `threads` workers.
///
/// # Errors
/// When the source cannot be read at all, the output cannot be written or a worker dies. A damaged
/// file is a problem in the report instead.
pub fn replay(
    mut source: Box<dyn Source>,
    setup: &Setup,
    threads: usize,
    consumer: &mut dyn RecordConsumer,
    control: Control,
    observer: &mut dyn Observer,
) -> Result<RunReport, PipelineError> {
    let correlator = Correlator::new(&setup.correlate);
    let mut collector = Collector::new(correlator, consumer, control);
    let (dispatcher, workers) = if threads <= 1 {
        inline(source.as_mut(), setup, &mut collector, observer)?
    } else {
        parallel_replay::replay(source.as_mut(), setup, threads, &mut collector, observer)?
    };
    let now = dispatcher.span().map_or(Timestamp::ZERO, |(_, newest)| newest);
    let mut counters = Snapshot::default();
    workers.iter().for_each(|worker| counters.add(worker));
    counters.capture = source.stats();
    counters.clock = dispatcher.clock_stats();
    counters.decode = dispatcher.stats().clone();
    let counters = collector.snapshot(counters).judged(&setup.health);
    if setup.events.has(EventKind::Sensor) {
        let span = dispatcher.span().unwrap_or_default();
        let sensor = setup.correlate.sensor.as_deref();
        let records = health::records_of_input(&counters.conditions, sensor, span, &setup.health);
        collector.write_sensor(records)?;
    }
    let collected = collector.finish(now)?;
    Ok(RunReport { counters, span: dispatcher.span(), collected })
}

fn inline(
    source: &mut dyn Source,
    setup: &Setup,
    collector: &mut Collector<'_>,
    observer: &mut dyn Observer,
) -> Result<(Dispatcher, Vec<WorkerSnapshot>), PipelineError> {
    let mut reader = BatchReader::new(source, Dispatcher::new(setup.decode.clone(), 1));
    let mut worker = Worker::new(setup);
    let mut batch = SegmentBatch::default();
    let mut messages = WorkerMessages::default();
    while reader.next(&mut batch)? {
        worker.batch(&batch, &mut messages);
        collector.take_batch(&mut messages, reader.is_live())?;
        observer.progress(reader.progress());
    }
    worker.finish(&mut messages);
    collector.take_batch(&mut messages, false)?;
    Ok((reader.dispatcher, vec![WorkerSnapshot::of_flows(&worker)]))
}
