//! The front of a replay: fills batches, numbers their packets, and has them decoded.

use super::dispatch::Dispatcher;
use crate::capture::{CaptureError, Filled, Progress, Source};
use crate::model::SegmentBatch;

pub(super) struct Reader<'a> {
    source: &'a mut dyn Source,
    pub dispatcher: Dispatcher,
    packets: u64,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a mut dyn Source, dispatcher: Dispatcher) -> Self {
        Reader { source, dispatcher, packets: 0 }
    }

    /// The next batch with packets in it; false at the end.
    pub fn next(&mut self, batch: &mut SegmentBatch) -> Result<bool, CaptureError> {
        loop {
            let packets = &mut batch.packets;
            packets.clear();
            let filled = self.source.fill(packets)?;
            if !packets.records.is_empty() {
                packets.first_packet = self.packets + 1;
                self.packets += packets.records.len() as u64;
                self.dispatcher.deal(batch);
                return Ok(true);
            }
            if matches!(filled, Filled::End) {
                return Ok(false);
            }
        }
    }

    pub fn progress(&self) -> Option<Progress> {
        self.source.progress()
    }

    /// Whether the packets come as they happen (standard input): then nobody should wait for an
    /// alert until a buffer is full.
    pub fn is_live(&self) -> bool {
        self.source.progress().is_none()
    }
}
