//! One direction of a TCP connection: payload in order, each byte once.
//!
//! Of bytes that come twice, the first copy that is next in order wins: what fills a hole also counts
//! where it covers bytes that waited behind it. Bytes that come early wait, within bounds, for those
//! before them; when these are lost for good, what follows is delivered with the size of the gap. In
//! the common case, a segment that comes in order, the slice is handed on and nothing is copied.

use std::collections::VecDeque;
use std::time::Duration;

use super::stats::FlowStats;
use crate::model::Timestamp;

/// Data that the receiver has acknowledged has passed the sensor. If it is not here yet, the mirror
/// has put packets in another order (milliseconds) or has lost it.
const ACKNOWLEDGED_WAIT: Duration = Duration::from_millis(200);
/// Without an acknowledgement (one direction only) a retransmission may still come: the first ones
/// of common stacks come after 0.2, 0.6, 1.4 and 3 s.
const UNACKNOWLEDGED_WAIT: Duration = Duration::from_secs(5);
/// Segments that one direction may hold back; a window of 64 KiB in segments of 536 bytes is 122.
const MAX_PENDING: usize = 128;
/// Further from the expected byte than any window (RFC 7323 allows 1 GiB, nobody uses more than
/// this): a stray segment, or a connection that we have lost track of.
const MAX_DISTANCE: i32 = 64 << 20;
/// How far a reset may be ahead of the bytes seen: a window of usual size.
const MAX_RESET_DISTANCE: i32 = 1 << 20;
/// So many strays in a row are the connection itself.
const STRAYS_TO_RESYNC: u8 = 3;

/// A run of payload that is next in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamRun<'a> {
    pub bytes: &'a [u8],
    /// Bytes lost before it.
    pub gap: u64,
    pub time: Timestamp,
    pub packet: u64,
}

/// Payload of one segment and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct SegmentPart<'a> {
    pub seq: u32,
    pub bytes: &'a [u8],
    /// Bytes that follow in the segment and were not captured.
    pub missing: u32,
    pub time: Timestamp,
    pub packet: u64,
}

/// A segment that waits for its predecessors.
#[derive(Debug)]
struct PendingSegment {
    seq: u32,
    bytes: Box<[u8]>,
    missing: u32,
    time: Timestamp,
    packet: u64,
}

/// Limits of one stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReassemblyLimits {
    /// Bytes that this stream may hold back.
    pub stream: usize,
    /// Bytes that all streams together may still hold back.
    pub total: usize,
}

/// One direction of a connection. There are two for every flow of which more is wanted, and nearly all
/// come in order: so what waits lies apart.
#[derive(Debug, Default)]
pub(super) struct Reassembler {
    /// Sequence number of the next byte, once known.
    next: Option<u32>,
    strays: u8,
    /// Lost bytes that the next run has to tell of.
    gap: u64,
    /// `None` if nothing waits.
    early: Option<Box<Early>>,
}

/// Segments that came early.
#[derive(Debug)]
struct Early {
    /// Sorted by distance from the next byte; never empty between two calls.
    pending: VecDeque<PendingSegment>,
    buffered: usize,
    /// When the first one began to wait.
    since: Timestamp,
    /// The receiver has acknowledged bytes beyond the hole.
    acknowledged: bool,
}

impl Reassembler {
    /// A stream whose first byte has this sequence number.
    pub(super) fn starting_at(seq: Option<u32>) -> Self {
        Reassembler { next: seq, ..Reassembler::default() }
    }

    pub(super) fn buffered(&self) -> usize {
        self.early.as_ref().map_or(0, |early| early.buffered)
    }

    /// Memory of what it holds back.
    pub(super) fn held(&self) -> usize {
        /// Bytes that the smallest allocation costs beside its content.
        const ALLOCATION: usize = 32;
        let Some(early) = &self.early else { return 0 };
        let records = early.pending.capacity() * size_of::<PendingSegment>();
        size_of::<Early>() + early.buffered + records + early.pending.len() * ALLOCATION
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.early.is_some()
    }

    /// Whether the hole has waited long enough.
    fn is_overdue(&self, now: Timestamp) -> bool {
        self.early.as_ref().is_some_and(|early| {
            let wait = if early.acknowledged { ACKNOWLEDGED_WAIT } else { UNACKNOWLEDGED_WAIT };
            now.since(early.since) > wait
        })
    }

    /// Whether a receiver would believe a reset with this number (RFC 5961 §3), with some allowance
    /// for bytes that the sensor has not seen yet: forged ones try to hide what follows.
    pub(super) fn may_be_reset_at(&self, seq: u32) -> bool {
        self.next.is_none_or(|next| (0..MAX_RESET_DISTANCE).contains(&distance(next, seq)))
    }

    /// The other side has acknowledged everything before `ack`.
    pub(super) fn acknowledged(&mut self, ack: u32) {
        if let Some(early) = &mut self.early
            && let Some(first) = early.pending.front()
            && distance(first.seq, ack) >= 0
        {
            early.acknowledged = true;
        }
    }

    /// Gives up holes that have waited too long.
    pub(super) fn give_up_holes(
        &mut self,
        now: Timestamp,
        stats: &mut FlowStats,
        out: &mut dyn FnMut(StreamRun<'_>),
    ) {
        while self.is_overdue(now) {
            self.skip_hole(stats, out);
        }
    }

    /// Delivers everything that is held back, with gaps.
    pub(super) fn flush(&mut self, stats: &mut FlowStats, out: &mut dyn FnMut(StreamRun<'_>)) {
        while self.is_waiting() {
            self.skip_hole(stats, out);
        }
    }

    /// Takes the payload of a segment and delivers what is in order now.
    pub(super) fn push(
        &mut self,
        part: SegmentPart<'_>,
        room: ReassemblyLimits,
        stats: &mut FlowStats,
        out: &mut dyn FnMut(StreamRun<'_>),
    ) {
        self.give_up_holes(part.time, stats, out);
        let next = *self.next.get_or_insert(part.seq);
        let ahead = distance(next, part.seq);
        if ahead.unsigned_abs() > MAX_DISTANCE as u32 {
            stats.strays += 1;
            self.strays += 1;
            if self.strays < STRAYS_TO_RESYNC {
                return;
            }
            self.flush(stats, out);
            self.skip_gap(u64::from(ahead.max(0).unsigned_abs()), stats);
            self.next = Some(part.seq);
        }
        self.strays = 0;
        let next = self.next.unwrap_or(part.seq);
        let ahead = distance(next, part.seq);
        if ahead > 0 {
            self.hold(part, ahead, room, stats, out);
        } else {
            self.deliver(part, stats, out);
            self.drain(stats, out);
        }
    }

    /// Delivers what of `part`, which begins at or before the next byte, is new.
    fn deliver(
        &mut self,
        part: SegmentPart<'_>,
        stats: &mut FlowStats,
        out: &mut dyn FnMut(StreamRun<'_>),
    ) {
        let Some(next) = self.next else { return };
        let old = distance(part.seq, next).max(0) as usize;
        let whole = part.bytes.len() + part.missing as usize;
        stats.retransmitted_bytes += old.min(part.bytes.len()) as u64;
        if old >= whole {
            return;
        }
        if let Some(new) = part.bytes.get(old..)
            && !new.is_empty()
        {
            out(StreamRun {
                bytes: new,
                gap: std::mem::take(&mut self.gap),
                time: part.time,
                packet: part.packet,
            });
        }
        self.next = Some(part.seq.wrapping_add(whole as u32));
        let lost = whole - part.bytes.len().max(old);
        if lost > 0 {
            self.skip_gap(lost as u64, stats);
        }
    }

    fn skip_gap(&mut self, bytes: u64, stats: &mut FlowStats) {
        self.gap += bytes;
        stats.gaps += 1;
        stats.lost_bytes += bytes;
    }

    /// Keeps a segment that came early.
    fn hold(
        &mut self,
        part: SegmentPart<'_>,
        ahead: i32,
        room: ReassemblyLimits,
        stats: &mut FlowStats,
        out: &mut dyn FnMut(StreamRun<'_>),
    ) {
        if part.bytes.is_empty() {
            return;
        }
        stats.out_of_order += 1;
        let Some(next) = self.next else { return };
        let early = self.early.get_or_insert_with(|| Box::new(Early::since(part.time)));
        let position = early.pending.partition_point(|held| distance(next, held.seq) < ahead);
        // The same segment again: a mirror that doubles packets.
        if let Some(same) = early.pending.get(position)
            && same.seq == part.seq
            && same.bytes.len() >= part.bytes.len()
        {
            stats.retransmitted_bytes += part.bytes.len() as u64;
            return;
        }
        early.pending.insert(
            position,
            PendingSegment {
                seq: part.seq,
                bytes: part.bytes.into(),
                missing: part.missing,
                time: part.time,
                packet: part.packet,
            },
        );
        early.buffered += part.bytes.len();
        while let Some(early) = &self.early
            && (early.pending.len() > MAX_PENDING || early.buffered > room.stream.min(room.total))
        {
            self.skip_hole(stats, out);
        }
    }

    /// Accepts that the bytes before the first pending segment are lost.
    fn skip_hole(&mut self, stats: &mut FlowStats, out: &mut dyn FnMut(StreamRun<'_>)) {
        let Some(first) = self.early.as_ref().and_then(|early| early.pending.front()) else {
            return;
        };
        let seq = first.seq;
        let lost = self.next.map_or(0, |next| distance(next, seq).max(0));
        if lost > 0 {
            self.next = Some(seq);
            self.skip_gap(lost as u64, stats);
        }
        self.drain(stats, out);
    }

    /// Delivers pending segments that are in order now.
    fn drain(&mut self, stats: &mut FlowStats, out: &mut dyn FnMut(StreamRun<'_>)) {
        while let (Some(next), Some(early)) = (self.next, &mut self.early) {
            let Some(first) = early.pending.front() else {
                self.early = None;
                return;
            };
            if distance(next, first.seq) > 0 {
                // A new hole begins to wait when the one before it was filled.
                early.since = early.since.max(first.time);
                return;
            }
            let Some(held) = early.pending.pop_front() else { return };
            early.buffered -= held.bytes.len();
            early.acknowledged = false;
            let part = SegmentPart {
                seq: held.seq,
                bytes: &held.bytes,
                missing: held.missing,
                time: held.time,
                packet: held.packet,
            };
            self.deliver(part, stats, out);
        }
    }
}

impl Early {
    /// Nothing yet, but from now on.
    fn since(time: Timestamp) -> Self {
        Early { pending: VecDeque::new(), buffered: 0, since: time, acknowledged: false }
    }
}

/// How far `to` lies after `from`, modulo 2^32 (RFC 9293 §3.4): negative if before.
fn distance(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOM: ReassemblyLimits = ReassemblyLimits { stream: 1 << 20, total: 1 << 20 };

    fn part(seq: u32, bytes: &[u8], millis: u64) -> SegmentPart<'_> {
        let time = Timestamp::from_nanos(millis * 1_000_000);
        SegmentPart { seq, bytes, missing: 0, time, packet: millis }
    }

    /// What a stream delivers: bytes, and gaps as `[n]`.
    #[derive(Default)]
    struct Heard(Vec<u8>, Vec<u64>);

    impl Heard {
        fn listen(&mut self) -> impl FnMut(StreamRun<'_>) + '_ {
            |run| {
                if run.gap > 0 {
                    self.1.push(run.gap);
                }
                self.0.extend_from_slice(run.bytes);
            }
        }
    }

    #[test]
    fn early_segments_wait_and_repeated_ones_are_dropped() {
        let (mut stream, mut stats, mut heard) =
            (Reassembler::starting_at(Some(100)), FlowStats::default(), Heard::default());
        for (seq, bytes) in
            [(100, "ab"), (104, "ef"), (104, "ef"), (100, "ab"), (102, "cd"), (105, "fg")]
        {
            stream.push(part(seq, bytes.as_bytes(), 1), ROOM, &mut stats, &mut heard.listen());
        }
        assert_eq!(heard.0, b"abcdefg");
        assert!(heard.1.is_empty());
        assert_eq!((stats.out_of_order, stats.retransmitted_bytes), (2, 5));
    }

    #[test]
    fn of_bytes_that_come_twice_the_first_copy_that_is_next_in_order_wins() {
        let (mut stream, mut stats, mut heard) =
            (Reassembler::starting_at(Some(0)), FlowStats::default(), Heard::default());
        for (seq, bytes) in [(2, "CC"), (0, "aaaa"), (1, "bbbbbb")] {
            stream.push(part(seq, bytes.as_bytes(), 1), ROOM, &mut stats, &mut heard.listen());
        }
        // "aaaa" fills the hole first and so covers what waited behind it.
        assert_eq!(heard.0, b"aaaabbb");
    }

    #[test]
    fn a_hole_that_was_acknowledged_is_given_up_soon_and_another_later() {
        for (acknowledged, wait) in [(true, 200), (false, 5000)] {
            let (mut stream, mut stats, mut heard) =
                (Reassembler::starting_at(Some(0)), FlowStats::default(), Heard::default());
            stream.push(part(10, b"later", 0), ROOM, &mut stats, &mut heard.listen());
            if acknowledged {
                stream.acknowledged(15);
            }
            let now = |millis: u64| Timestamp::from_nanos(millis * 1_000_000);
            stream.give_up_holes(now(wait), &mut stats, &mut heard.listen());
            assert!(heard.0.is_empty());
            stream.give_up_holes(now(wait + 1), &mut stats, &mut heard.listen());
            assert_eq!((heard.0.as_slice(), heard.1.as_slice()), (&b"later"[..], &[10][..]));
        }
    }

    #[test]
    fn sequence_numbers_wrap_around() {
        let (mut stream, mut stats, mut heard) =
            (Reassembler::starting_at(Some(u32::MAX - 1)), FlowStats::default(), Heard::default());
        stream.push(part(2, b"ef", 0), ROOM, &mut stats, &mut heard.listen());
        stream.push(part(u32::MAX - 1, b"abcd", 0), ROOM, &mut stats, &mut heard.listen());
        assert_eq!(heard.0, b"abcdef");
    }

    #[test]
    fn the_garbage_byte_of_a_keep_alive_is_old_data() {
        let (mut stream, mut stats, mut heard) =
            (Reassembler::starting_at(Some(0)), FlowStats::default(), Heard::default());
        stream.push(part(0, b"{\"id\":1}", 0), ROOM, &mut stats, &mut heard.listen());
        stream.push(part(7, b"\0", 1), ROOM, &mut stats, &mut heard.listen());
        assert_eq!(heard.0, b"{\"id\":1}");
    }

    #[test]
    fn what_the_snap_length_cut_is_a_gap() {
        let (mut stream, mut stats, mut heard) =
            (Reassembler::starting_at(Some(0)), FlowStats::default(), Heard::default());
        let cut = SegmentPart { missing: 6, ..part(0, b"abcd", 0) };
        stream.push(cut, ROOM, &mut stats, &mut heard.listen());
        stream.push(part(10, b"xyz", 0), ROOM, &mut stats, &mut heard.listen());
        assert_eq!((heard.0.as_slice(), heard.1.as_slice()), (&b"abcdxyz"[..], &[6][..]));
    }

    #[test]
    fn one_stray_is_ignored_and_three_are_the_connection() {
        let (mut stream, mut stats, mut heard) =
            (Reassembler::starting_at(Some(0)), FlowStats::default(), Heard::default());
        stream.push(part(0, b"ab", 0), ROOM, &mut stats, &mut heard.listen());
        stream.push(part(1 << 30, b"?", 0), ROOM, &mut stats, &mut heard.listen());
        stream.push(part(2, b"cd", 0), ROOM, &mut stats, &mut heard.listen());
        assert_eq!(heard.0, b"abcd");
        for i in 0..3 {
            stream.push(part((1 << 30) + i, b"x", 0), ROOM, &mut stats, &mut heard.listen());
        }
        assert_eq!(heard.0, b"abcdx");
    }

    #[test]
    fn a_flood_of_early_segments_stays_within_its_room() {
        let (mut stream, mut stats, mut heard) =
            (Reassembler::starting_at(Some(0)), FlowStats::default(), Heard::default());
        let room = ReassemblyLimits { stream: 10_000, total: 10_000 };
        for i in 0..5000u32 {
            stream.push(part(10 + i * 20, &[7; 10], 0), room, &mut stats, &mut heard.listen());
            assert!(
                stream.buffered() <= 10_000
                    && stream.early.as_ref().is_none_or(|early| early.pending.len() <= MAX_PENDING)
            );
        }
    }

    proptest! {
        #[test]
        fn any_cutting_order_and_repetition_gives_the_stream(
            payload in prop::collection::vec(any::<u8>(), 1..600),
            isn: u32,
            cuts in prop::collection::vec(1usize..80, 1..60),
            swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
            repeats in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..10),
        ) {
            let mut parts: Vec<(usize, usize)> = Vec::new();
            let mut start = 0;
            for length in cuts.iter().cycle() {
                if start >= payload.len() { break; }
                let end = (start + length).min(payload.len());
                parts.push((start, end));
                start = end;
            }
            for (a, b) in &repeats {
                let (a, b) = (a.index(payload.len()), b.index(payload.len()));
                parts.push((a.min(b), a.max(b) + 1));
            }
            // More may not wait for the first one.
            prop_assume!(parts.len() <= MAX_PENDING);
            for pair in swaps.chunks(2) {
                if let [a, b] = pair {
                    let length = parts.len();
                    parts.swap(a.index(length), b.index(length));
                }
            }
            let (mut stream, mut stats, mut heard) =
                (Reassembler::starting_at(Some(isn)), FlowStats::default(), Heard::default());
            for (start, end) in parts {
                let seq = isn.wrapping_add(start as u32);
                stream.push(part(seq, &payload[start..end], 0), ROOM, &mut stats, &mut heard.listen());
            }
            prop_assert_eq!(&heard.0, &payload);
            prop_assert!(heard.1.is_empty());
            prop_assert_eq!(stream.buffered(), 0);
        }

        #[test]
        fn with_losses_bytes_and_gaps_add_up_and_stay_in_place(
            length in 1usize..600,
            cuts in prop::collection::vec((1usize..40, prop::bool::weighted(0.8)), 1..60),
            isn: u32,
        ) {
            let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let (mut stream, mut stats) = (Reassembler::starting_at(Some(isn)), FlowStats::default());
            let mut place = 0u64;
            let mut check = |run: StreamRun<'_>| {
                place += run.gap;
                for &byte in run.bytes {
                    assert_eq!(u64::from(byte), place % 251);
                    place += 1;
                }
            };
            let mut start = 0;
            let mut last = 0;
            for (size, kept) in cuts.iter().cycle() {
                if start >= length { break; }
                let end = (start + size).min(length);
                if *kept {
                    let seq = isn.wrapping_add(start as u32);
                    stream.push(part(seq, &payload[start..end], 0), ROOM, &mut stats, &mut check);
                    last = end;
                }
                start = end;
                if cuts.iter().all(|(_, kept)| !kept) { break; }
            }
            stream.flush(&mut stats, &mut check);
            prop_assert_eq!(place, last as u64);
        }

        #[test]
        fn no_segments_make_reassembly_panic(
            segments in prop::collection::vec((any::<u32>(), 0usize..100, any::<u32>(), 0u64..20_000, any::<u32>()), 0..60),
        ) {
            let (mut stream, mut stats) = (Reassembler::starting_at(None), FlowStats::default());
            let bytes = [0; 100];
            for (seq, length, missing, millis, ack) in segments {
                let segment = SegmentPart { missing: missing % 70_000, ..part(seq, &bytes[..length], millis) };
                stream.push(segment, ROOM, &mut stats, &mut |_| {});
                stream.acknowledged(ack);
            }
            stream.flush(&mut stats, &mut |_| {});
            prop_assert_eq!(stream.buffered(), 0);
        }
    }
}
