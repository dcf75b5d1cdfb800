//! The front half of the pipeline: decodes batches and deals their segments out to workers.

use crate::decode::{DecodeOptions, DecodeStats, Decoder, Payload};
use crate::flow::dispatch_hash;
use crate::model::Timestamp;
use crate::model::segment::{SegmentBatch, SegmentRecord, Tick};

/// How often the passing of packet time is looked at: flows end, incidents end. By the second of a
/// packet's time and not by batches, so that nothing depends on how the input was read.
const TICK: u64 = 1_000_000_000;

/// Decodes packets once, whatever the number of workers, and keeps flows together.
pub struct Dispatcher {
    decoder: Decoder,
    workers: usize,
    /// When the passing of time is told next.
    next_tick: Timestamp,
    /// Packet time of the oldest and of the newest packet.
    span: Option<(Timestamp, Timestamp)>,
    /// Payloads of this batch that were put together from fragments.
    reassembled: Vec<u8>,
}

impl Dispatcher {
    pub fn new(options: DecodeOptions, workers: usize) -> Self {
        Dispatcher {
            decoder: Decoder::new(options),
            workers: workers.max(1),
            next_tick: Timestamp::ZERO,
            span: None,
            reassembled: Vec::new(),
        }
    }

    /// Decodes `batch.packets` into its records.
    pub fn deal(&mut self, batch: &mut SegmentBatch) {
        let SegmentBatch { packets, records, dealt, ticks } = batch;
        dealt.resize_with(self.workers, Vec::new);
        dealt.iter_mut().for_each(Vec::clear);
        ticks.clear();
        // Written where they stay, over those of an earlier batch: a copy would wait for each
        // field's store.
        records.resize(packets.records.len(), SegmentRecord::BLANK);
        let mut count = 0;
        let base = packets.bytes.as_ptr().addr();
        let (mut oldest, mut newest) = self.span.unwrap_or((Timestamp::MAX, Timestamp::ZERO));
        for packet in packets.packets() {
            oldest = oldest.min(packet.time);
            newest = newest.max(packet.time);
            if packet.time >= self.next_tick {
                ticks.push(Tick { before: count, time: packet.time, packet: packet.number });
                self.next_tick = after(packet.time);
            }
            let Some(record) = records.get_mut(count) else { break };
            let Some(payload) = self.decoder.decode(&packet, &mut record.head) else { continue };
            let (offset, length) = match payload {
                // An empty slice may come from anywhere, but has no bytes wherever it is.
                Payload::InPacket(bytes) => (bytes.as_ptr().addr().wrapping_sub(base), bytes.len()),
                Payload::Reassembled => {
                    let bytes = self.decoder.reassembled();
                    let offset = packets.bytes.len() + self.reassembled.len();
                    self.reassembled.extend_from_slice(bytes);
                    (offset, bytes.len())
                }
            };
            (record.offset, record.length) = (offset as u32, length as u32);
            if self.workers > 1 {
                let worker = dispatch_hash(&record.head.key) % self.workers as u64;
                if let Some(dealt) = dealt.get_mut(worker as usize) {
                    dealt.push(count as u32);
                }
            }
            count += 1;
        }
        records.truncate(count);
        if let [all] = &mut dealt[..] {
            all.extend(0..count as u32);
        }
        packets.bytes.append(&mut self.reassembled);
        self.span = (oldest <= newest).then_some((oldest, newest));
    }

    /// Packet time has reached `now` though no packet shows it, as on a silent interface: whether
    /// that is worth telling.
    pub fn silence(&mut self, now: Timestamp) -> bool {
        let due = now >= self.next_tick;
        if due {
            self.next_tick = after(now);
        }
        due
    }

    /// Packet time of the oldest and of the newest packet.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }

    pub fn stats(&self) -> &DecodeStats {
        self.decoder.stats()
    }
}

/// When the second of `time` is over.
fn after(time: Timestamp) -> Timestamp {
    Timestamp::from_nanos(time.as_nanos() / TICK * TICK).plus_nanos(TICK)
}
