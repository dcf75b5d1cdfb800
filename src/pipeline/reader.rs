//! Reads a replay: fills batches, numbers their packets and has them decoded.

use super::dispatch::Dispatcher;
use crate::capture::{CaptureError, FillOutcome, Progress, Source};
use crate::model::SegmentBatch;

pub(super) struct BatchReader<'a> {
    source: &'a mut dyn Source,
    pub dispatcher: Dispatcher,
    packets: u64,
}

impl<'a> BatchReader<'a> {
    pub(super) fn new(source: &'a mut dyn Source, dispatcher: Dispatcher) -> Self {
        BatchReader { source, dispatcher, packets: 0 }
    }

    /// Fills `batch` with the next packets; false at the end of the input.
    pub(super) fn next(&mut self, batch: &mut SegmentBatch) -> Result<bool, CaptureError> {
        loop {
            let packets = &mut batch.packets;
            packets.clear();
            let filled = self.source.fill(packets)?;
            if !packets.records.is_empty() {
                packets.first_packet = self.packets + 1;
                self.packets += packets.records.len() as u64;
                self.dispatcher.dispatch(batch);
                return Ok(true);
            }
            if matches!(filled, FillOutcome::End) {
                return Ok(false);
            }
        }
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.source.progress()
    }

    /// Whether packets arrive as they happen (standard input). Records are then flushed after each
    /// batch, so that nobody waits until a buffer is full.
    pub(super) fn is_live(&self) -> bool {
        self.source.progress().is_none()
    }
}
