//! One direction of a TCP connection: payload in order, each byte once.
//!
//! If bytes arrive twice, the copy that is delivered first wins: a segment that fills a hole also
//! replaces the waiting bytes that it overlaps. Bytes that arrive early wait, within limits, for
//! the bytes before them. If those are given up as lost, the next bytes are delivered with the size
//! of the gap. In the common case, a segment in order, the slice is handed on without a copy.

use std::collections::VecDeque;
use std::time::Duration;

use super::stats::FlowStats;
use crate::model::Timestamp;

/// How long a hole may wait if the receiver has acknowledged its bytes. These bytes have passed the
/// sensor. If they are not here yet, the mirror has reordered packets (milliseconds) or has lost
/// them.
const ACKNOWLEDGED_WAIT: Duration = Duration::from_millis(200);
/// How long a hole may wait without an acknowledgement (as in a capture of one direction only). A
/// retransmission may still come: common stacks send the first ones after 0.2, 0.6, 1.4 and 3 s.
const UNACKNOWLEDGED_WAIT: Duration = Duration::from_secs(5);
/// Maximum number of segments that one direction holds back. A window of 64 KiB has 122 segments of
/// 536 bytes.
const MAX_PENDING: usize = 128;
/// Distance in bytes from the next expected byte; a segment further away is a stray, or the sensor
/// has lost track of the connection. RFC 7323 allows windows of 1 GiB, but nobody uses one larger
/// than this.
const MAX_DISTANCE: i32 = 64 << 20;
/// Distance in bytes that a reset may be ahead of the next expected byte: a window of usual size.
const MAX_RESET_DISTANCE: i32 = 1 << 20;
/// Number of strays in a row; with the last of them, the stream continues at its sequence number.
const STRAYS_TO_RESYNC: u8 = 3;

/// A run of payload that is next in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamRun<'a> {
    pub bytes: &'a [u8],
    /// Bytes lost before this run.
    pub gap: u64,
    pub time: Timestamp,
    pub packet: u64,
}

/// Payload of one segment, and its position in the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct SegmentPart<'a> {
    pub seq: u32,
    pub bytes: &'a [u8],
    /// Bytes at the end of the segment that were not captured.
    pub missing: u32,
    pub time: Timestamp,
    pub packet: u64,
}

/// A segment that waits for earlier bytes.
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

/// Reassembly of one direction of a connection.
///
/// Every flow whose payload is still wanted has two. Nearly all segments arrive in order, so the
/// waiting ones are kept in a separate allocation.
#[derive(Debug, Default)]
pub(super) struct Reassembler {
    /// Sequence number of the next byte, once known.
    next: Option<u32>,
    /// Strays in a row so far.
    strays: u8,
    /// Lost bytes that the next run reports.
    gap: u64,
    /// Waiting segments; `None` if there are none.
    early: Option<Box<Early>>,
}

/// Segments that arrived early.
#[derive(Debug)]
struct Early {
    /// Sorted by distance from the next byte; never empty between two calls.
    pending: VecDeque<PendingSegment>,
    /// Payload bytes in `pending`.
    buffered: usize,
    /// When the first hole began to wait.
    since: Timestamp,
    /// Whether the receiver has acknowledged all bytes of the first hole.
    acknowledged: bool,
}

impl Reassembler {
    /// Creates a stream whose first byte has this sequence number.
    ///
    /// With `None`, the first segment that arrives sets it.
    pub(super) fn starting_at(seq: Option<u32>) -> Self {
        Reassembler { next: seq, ..Reassembler::default() }
    }

    pub(super) fn buffered(&self) -> usize {
        self.early.as_ref().map_or(0, |early| early.buffered)
    }

    /// Bytes of memory that waiting segments take.
    pub(super) fn held(&self) -> usize {
        /// Bytes that even the smallest allocation costs besides its content.
        const ALLOCATION: usize = 32;
        let Some(early) = &self.early else { return 0 };
        let records = early.pending.capacity() * size_of::<PendingSegment>();
        size_of::<Early>() + early.buffered + records + early.pending.len() * ALLOCATION
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.early.is_some()
    }

    /// Whether the first hole has waited too long.
    fn is_overdue(&self, now: Timestamp) -> bool {
        self.early.as_ref().is_some_and(|early| {
            let wait = if early.acknowledged { ACKNOWLEDGED_WAIT } else { UNACKNOWLEDGED_WAIT };
            now.since(early.since) > wait
        })
    }

    /// Whether a receiver would accept a reset with this sequence number (RFC 5961 §3).
    ///
    /// Forged resets try to hide what follows, so their number is checked. It may be up to
    /// [`MAX_RESET_DISTANCE`] ahead, for bytes that the sensor has not seen yet.
    pub(super) fn may_be_reset_at(&self, seq: u32) -> bool {
        self.next.is_none_or(|next| (0..MAX_RESET_DISTANCE).contains(&distance(next, seq)))
    }

    /// Notes that the other side has acknowledged everything before `ack`.
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

    /// Adds the payload of a segment and delivers the bytes that are in order now.
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

    /// Delivers the new bytes of `part`, which begins at or before the next byte.
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

    /// Keeps a segment that arrived early, and gives up holes if too much waits then.
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
        // The same segment again, as from a mirror that sends packets twice.
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
                // The next hole has waited since the segment after it arrived.
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
    /// Creates an empty list of segments; the first hole waits from `time` on.
    fn since(time: Timestamp) -> Self {
        Early { pending: VecDeque::new(), buffered: 0, since: time, acknowledged: false }
    }
}

/// Returns how far `to` lies after `from`, modulo 2^32 (RFC 9293 §3.4); negative if before.
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
            // More segments than this cannot wait for the first one.
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
