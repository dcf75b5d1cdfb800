//! The front half of the pipeline: decodes batches and deals their segments out to workers.

use std::ops::Range;

use crate::decode::{DecodeOptions, DecodeStats, Decoder, Payload};
use crate::flow::dispatch_hash;
use crate::model::Timestamp;
use crate::model::segment::{SegmentBatch, SegmentRecord, Tick};

/// How often the passing of packet time is looked at: flows end, incidents end. By the second of a
/// packet's time and not by batches, so that nothing depends on how the input was read.
const TICK: u64 = 1_000_000_000;
/// Packets are out of order by less than this, in nanoseconds; a packet that is further behind the next
/// tick is of another time.
const OUT_OF_ORDER: u64 = 10 * TICK;
/// So many packets of another time, one after the other, set the clock back. A single one stamped far in
/// the future then stops the passing of time for a moment only, and where two interfaces disagree on the
/// time it is not told anew with each packet.
const SET_BACK: u32 = 256;

/// Decodes packets once, whatever the number of workers, and keeps flows together.
pub struct Dispatcher {
    decoder: Decoder,
    workers: usize,
    /// Time that is not worth telling: until the next tick, and from as long before it as packets may be
    /// out of order.
    usual: Range<Timestamp>,
    /// Packets since the last one that was not before `usual`.
    behind: u32,
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
            usual: Timestamp::ZERO..Timestamp::ZERO,
            behind: 0,
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
            if self.passes(packet.time) {
                ticks.push(Tick { before: count, time: packet.time, packet: packet.number });
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
        self.passes(now)
    }

    /// Takes note that it is `now`: whether that is worth telling.
    #[inline]
    fn passes(&mut self, now: Timestamp) -> bool {
        if self.usual.contains(&now) {
            self.behind = 0;
            return false;
        }
        self.passes_unusually(now)
    }

    #[cold]
    fn passes_unusually(&mut self, now: Timestamp) -> bool {
        self.behind = if now < self.usual.start { self.behind + 1 } else { SET_BACK };
        let due = self.behind >= SET_BACK;
        if due {
            let next_tick = after(now);
            let start = next_tick.as_nanos().saturating_sub(OUT_OF_ORDER);
            self.usual = Timestamp::from_nanos(start)..next_tick;
            self.behind = 0;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::packet::LinkType;

    /// The ticks that packets with these times in seconds cause, in batches of `size`: the number of the
    /// packet before which, and its second.
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
            dispatcher.deal(&mut batch);
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
        // A clock that is set back an hour and goes on, with four packets a second.
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
