//! Decodes batches and distributes their segments to workers: the front half of the pipeline.

use super::clock::{ClockStats, PacketClock, Passage};
use crate::decode::{DecodeOptions, DecodeStats, Decoder, Payload};
use crate::flow::dispatch_hash;
use crate::model::segment::{SegmentBatch, SegmentRecord, Tick};
use crate::model::{Packet, Timestamp};

/// Decodes each packet once, for any number of workers, and keeps each flow on one worker.
pub(super) struct Dispatcher {
    decoder: Decoder,
    workers: usize,
    clock: PacketClock,
    /// Believed time of the oldest and of the newest packet.
    span: Option<(Timestamp, Timestamp)>,
    /// Payloads of this batch that were reassembled from IP fragments.
    reassembled: Vec<u8>,
}

impl Dispatcher {
    pub(super) fn new(options: DecodeOptions, workers: usize) -> Self {
        Dispatcher {
            decoder: Decoder::new(options),
            workers: workers.max(1),
            clock: PacketClock::new(),
            span: None,
            reassembled: Vec::new(),
        }
    }

    /// Decodes `batch.packets` into `batch.records`, with the ticks and each worker's share.
    pub(super) fn dispatch(&mut self, batch: &mut SegmentBatch) {
        let SegmentBatch { packets, records, dealt, ticks } = batch;
        dealt.resize_with(self.workers, Vec::new);
        dealt.iter_mut().for_each(Vec::clear);
        ticks.clear();
        // Records are written in place, over those of an earlier batch: a copy would wait for the
        // store of each field.
        records.resize(packets.records.len(), SegmentRecord::BLANK);
        let mut count = 0;
        let base = packets.bytes.as_ptr().addr();
        let (mut oldest, mut newest) = self.span.unwrap_or((Timestamp::MAX, Timestamp::ZERO));
        for mut packet in packets.packets() {
            if !self.clock.is_quiet(packet.time) {
                match self.clock.advance(packet.time, self.decoder.stats().packets) {
                    Passage::Quiet => {}
                    Passage::Tick => {
                        let Packet { time, number, .. } = packet;
                        ticks.push(Tick { before: count, time, packet: number });
                    }
                    Passage::Stray(time) => packet.time = time,
                }
            }
            oldest = oldest.min(packet.time);
            newest = newest.max(packet.time);
            let Some(record) = records.get_mut(count) else { break };
            let Some(payload) = self.decoder.decode(&packet, &mut record.head) else { continue };
            let (offset, length) = match payload {
                // An empty slice may lie outside the batch; with no bytes, its offset does not
                // matter.
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

    /// Advances packet time to `now` without a packet, as on a silent interface: whether a tick is
    /// due.
    pub(super) fn advance_silently(&mut self, now: Timestamp) -> bool {
        // The wall clock has no strays.
        !self.clock.is_quiet(now) && self.clock.advance(now, 0) != Passage::Quiet
    }

    /// Believed time of the oldest and of the newest packet.
    pub(super) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }

    /// Counters of its clock.
    pub(super) fn clock_stats(&self) -> ClockStats {
        self.clock.stats()
    }

    pub(super) fn stats(&self) -> &DecodeStats {
        self.decoder.stats()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::packet::LinkType;
    use crate::pipeline::clock::{SET_BACK, TICK};

    /// The ticks that packets with these times (in seconds) cause, in batches of `size`: for each,
    /// the number of the packet that follows it, and its second.
    fn ticks(seconds: &[u64], size: usize) -> Vec<(u64, u64)> {
        let mut dispatcher = Dispatcher::new(DecodeOptions::default(), 1);
        let mut told = Vec::new();
        let mut batch = SegmentBatch::default();
        for (index, part) in seconds.chunks(size).enumerate() {
            batch.packets.clear();
            batch.packets.first_packet = (index * size) as u64;
            for &second in part {
                let time = Timestamp::from_parts(second, 0);
                batch.packets.push(time, LinkType::ETHERNET, 60, &[0; 60]);
            }
            dispatcher.dispatch(&mut batch);
            let second = |time: Timestamp| time.as_nanos() / TICK;
            told.extend(batch.ticks.iter().map(|tick| (tick.packet, second(tick.time))));
        }
        told
    }

    #[test]
    fn time_passes_again_after_a_packet_from_the_future_and_after_a_clock_set_back() {
        let steady = 100_000..102_000;
        let mut seconds: Vec<u64> = steady.clone().chain([200_000]).chain(steady).collect();
        let told = ticks(&seconds, seconds.len());
        let after = told.iter().filter(|(packet, _)| *packet > 2000).count();
        assert_eq!(after, 2000 - SET_BACK as usize + 1, "one a second");
        for size in [1, 7, 500] {
            assert_eq!(ticks(&seconds, size), told, "however it is cut into batches");
        }
        // The clock is set back by an hour and goes on, with four packets a second.
        seconds = (0..4000).map(|quarter| 100_000 + quarter / 4).collect();
        seconds.extend((0..4000).map(|quarter| 97_400 + quarter / 4));
        let told = ticks(&seconds, 1000);
        assert!(told.iter().filter(|(_, second)| *second < 98_400).count() > 900);
    }

    #[test]
    fn packets_out_of_order_and_two_clocks_in_turn_cause_no_more_ticks() {
        let disorderly: Vec<u64> = (0..4000).map(|i| 1000 + i / 4 + i * 5 % 7).collect();
        assert!(ticks(&disorderly, 100).is_sorted_by_key(|&(_, second)| second));
        let two: Vec<u64> =
            (0..4000).map(|i| if i % 2 == 0 { 9_000 + i } else { 1_000 + i }).collect();
        assert_eq!(ticks(&two, 100).len(), 2000);
    }
}
