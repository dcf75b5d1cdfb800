//! The flow table: finds the flow of a segment, counts the segment and reassembles its payload.

use std::collections::VecDeque;
use std::time::Duration;

use super::entry::FlowEntry;
use super::handler::FlowHandler;
use super::huge_pages;
use super::index::Index;
use super::limits::FlowLimits;
use super::prefetch::prefetch;
use super::stats::FlowStats;
use super::tcp::ReassemblyLimits;
use super::wheel::{Timer, Wheel};
use crate::model::flow::{FlowEndReason, FlowFlags};
use crate::model::segment::{SegmentRecord, TcpFlags, TcpHeader, TransportHeader};
use crate::model::{FlowKey, Segment};

/// Number of segments that are looked up together. They are enough that memory latencies overlap,
/// and few enough that prefetched data is still in the first-level cache when it is needed.
pub(super) const LOOKUP_BATCH: usize = 32;

/// Minimum number of timers that starts a sweep; with fewer it is not worth the time.
pub(super) const MIN_SWEEP: usize = 1 << 16;

/// A segment whose flow is being fetched.
#[derive(Clone, Copy, Default)]
struct Lookup<'a> {
    record: Option<&'a SegmentRecord>,
    hash: u32,
    /// The slot where the flow probably is.
    guess: Option<u32>,
}

/// All flows of one worker.
pub struct FlowTable<S> {
    pub(super) limits: FlowLimits,
    /// The shortest of all timeouts, in nanoseconds.
    pub(super) shortest: u64,
    /// Maximum number of flows.
    pub(super) max_flows: usize,
    pub(super) index: Index,
    pub(super) entries: Vec<FlowEntry<S>>,
    /// Free slots.
    pub(super) free: Vec<u32>,
    pub(super) wheel: Wheel,
    /// Bytes that reassembly and the handler's states hold.
    pub(super) held: usize,
    /// Bytes that they may hold even if the table is full of flows.
    max_held: usize,
    bytes_per_flow: usize,
    /// Flows with reassembly or handler state, roughly oldest first; may contain stale entries.
    pub(super) holders: VecDeque<Timer>,
    /// The slot that was compared last when room had to be made.
    pub(super) hand: usize,
    /// Flows with holes in their streams; may contain stale entries.
    pub(super) waiting: Vec<Timer>,
    /// An empty buffer for timers that are due, reused.
    pub(super) due: Vec<Timer>,
    /// Number of timers in all lists that triggers the next sweep.
    pub(super) sweep_at: usize,
    pub(super) stats: FlowStats,
}

impl<S> FlowTable<S> {
    /// Creates an empty table and reserves address space for all its flows.
    pub fn new(limits: FlowLimits) -> Self {
        // A timer in the wheel, a timer in `holders`, and a slot in `free`.
        let lists = 2 * size_of::<Timer>() + size_of::<u32>();
        let bytes_per_flow = size_of::<FlowEntry<S>>() + Index::BYTES_PER_FLOW + lists;
        let timeouts =
            [limits.tcp_established, limits.tcp_unanswered, limits.tcp_closed, limits.udp];
        let shortest = timeouts.iter().min().map_or(0, Duration::as_nanos);
        let max_held = limits.memory / FlowLimits::HELD_SHARE;
        let max_flows = ((limits.memory - max_held) / bytes_per_flow).max(1);
        // Only pages that are used take memory, while growing would copy all entries. If the
        // reservation fails, the vector grows as needed.
        let mut entries = Vec::new();
        let _ = entries.try_reserve_exact(max_flows);
        huge_pages::advise(&mut entries);
        FlowTable {
            shortest: u64::try_from(shortest).unwrap_or(u64::MAX),
            max_flows,
            max_held,
            bytes_per_flow,
            held: 0,
            holders: VecDeque::new(),
            limits,
            index: Index::new(),
            entries,
            free: Vec::new(),
            wheel: Wheel::new(),
            hand: 0,
            waiting: Vec::new(),
            due: Vec::new(),
            sweep_at: MIN_SWEEP,
            stats: FlowStats::default(),
        }
    }

    /// The counters and gauges of this table.
    pub fn stats(&self) -> &FlowStats {
        &self.stats
    }

    /// Number of flows that fit into the memory budget.
    pub fn capacity(&self) -> usize {
        self.max_flows
    }

    /// Bytes that reassembly and the handler's states may hold.
    ///
    /// That is the memory that flows have not needed so far, and at least their share.
    pub(super) fn room_to_hold(&self) -> usize {
        let flows = self.entries.len() * self.bytes_per_flow;
        self.limits.memory.saturating_sub(flows).max(self.max_held)
    }

    /// Processes segments in order; `bytes` holds their payload.
    pub fn process<'a, V: FlowHandler<State = S>>(
        &mut self,
        mut records: impl Iterator<Item = &'a SegmentRecord>,
        bytes: &[u8],
        handler: &mut V,
    ) {
        // Independent loads run at the same time, so each step prefetches what the next step reads
        // for the whole batch.
        let mut wanted = [Lookup::default(); LOOKUP_BATCH];
        loop {
            let mut count = 0;
            for (wanted, record) in wanted.iter_mut().zip(&mut records) {
                let hash = self.index.hash(&record.head.key);
                self.index.prefetch(hash);
                *wanted = Lookup { record: Some(record), hash, guess: None };
                count += 1;
            }
            let wanted = &mut wanted[..count];
            for Lookup { hash, guess, .. } in wanted.iter_mut() {
                *guess = self.index.find(*hash, |_| true);
                if let Some(slot) = *guess {
                    self.prefetch(slot);
                }
            }
            for Lookup { record, hash, guess } in wanted {
                let Some(record) = record else { break };
                handler.packet(record.head.packet);
                self.take(&record.segment(bytes), *hash, *guess, handler);
            }
            if count < LOOKUP_BATCH {
                break;
            }
        }
    }

    /// Finds or opens the flow of a segment, and counts and processes the segment.
    fn take<V: FlowHandler<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        hash: u32,
        guess: Option<u32>,
        handler: &mut V,
    ) {
        let known = match guess.filter(|&slot| self.holds(slot, &segment.key)) {
            Some(slot) => Some(slot),
            None => self.index.find(hash, |slot| self.holds(slot, &segment.key)),
        };
        let slot = match known {
            Some(slot) => match self.ends_before(slot, segment) {
                None => slot,
                Some(end) => {
                    self.remove(slot, end, segment.moment(), handler);
                    self.open(hash, segment, handler)
                }
            },
            None => self.open(hash, segment, handler),
        };
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        entry.count(segment);
        match segment.header {
            TransportHeader::Tcp(header) => {
                // Nearly every packet of real traffic belongs to a settled flow, or only
                // acknowledges data.
                let seen = entry.flow.flags;
                let events = TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST;
                let is_event = header.flags.0 & events != 0;
                if !is_event && seen.is_only_counted() {
                    handler.settled(&entry.flow);
                } else if is_event
                    || !segment.payload.is_empty()
                    || segment.missing > 0
                    || seen.both_fins()
                    || entry.may_wait()
                {
                    self.tcp(slot, segment, header, handler);
                }
            }
            TransportHeader::Udp if entry.flow.flags.is_only_counted() => {
                handler.settled(&entry.flow);
            }
            TransportHeader::Udp if !segment.payload.is_empty() => {
                self.datagram(slot, segment, handler);
            }
            TransportHeader::Udp | TransportHeader::Other => {}
        }
        if self.held > self.max_held && self.held > self.room_to_hold() {
            self.relieve(segment, handler);
        }
    }

    /// Prefetches the flow at `slot`.
    #[inline]
    pub(super) fn prefetch(&self, slot: u32) {
        if let Some(entry) = self.entries.get(slot as usize) {
            prefetch(&entry.flow.key);
            prefetch(&entry.isn);
        }
    }

    /// Whether `slot` holds a flow with this key.
    #[inline]
    pub(super) fn holds(&self, slot: u32, key: &FlowKey) -> bool {
        self.entries
            .get(slot as usize)
            .is_some_and(|entry| entry.flow.key == *key && !entry.is_free())
    }

    fn datagram<V: FlowHandler<State = S>>(
        &mut self,
        slot: u32,
        segment: &Segment<'_>,
        handler: &mut V,
    ) {
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        if entry.flow.flags.has(FlowFlags::TAPPED) {
            entry.show(segment, &mut self.stats, handler);
        }
        let before = entry.weight();
        entry.datagram(segment, &mut self.stats, handler);
        self.book(slot, before);
    }

    fn tcp<V: FlowHandler<State = S>>(
        &mut self,
        slot: u32,
        segment: &Segment<'_>,
        header: TcpHeader,
        handler: &mut V,
    ) {
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        let direction = entry.direction(segment);
        let index = direction.index();
        if header.flags.syn() {
            entry.isn[index] = header.seq;
            entry.flow.flags.set(FlowFlags::SYN << index);
        }
        if entry.flow.flags.has(FlowFlags::CLOSED | FlowFlags::TAPPED) {
            if entry.flow.flags.has(FlowFlags::CLOSED) {
                return;
            }
            entry.show(segment, &mut self.stats, handler);
        }
        if header.flags.fin() {
            entry.flow.flags.set(FlowFlags::FIN << index);
        }
        let (before, weight) = (entry.buffered(), entry.weight());
        if !segment.payload.is_empty() || segment.missing > 0 {
            let held = self.stats.buffered_bytes as usize;
            let room = ReassemblyLimits {
                stream: self.limits.out_of_order,
                total: self.max_held.saturating_sub(held).saturating_add(before),
            };
            entry.payload(segment, header, room, &mut self.stats, handler);
        }
        if header.flags.ack()
            && let Some(active) = &mut entry.active
        {
            let stream = &mut active.streams[direction.reverse().index()];
            if stream.is_waiting() {
                stream.acknowledged(header.ack);
            }
        }
        let over = entry.flow.flags.both_fins() && !entry.is_waiting();
        let reset = header.flags.rst()
            && entry
                .active
                .as_ref()
                .is_none_or(|active| active.streams[index].may_be_reset_at(header.seq));
        self.rebalance(slot, before);
        self.book(slot, weight);
        if reset || over {
            self.close(slot, FlowEndReason::Closed, segment.moment(), handler);
        }
    }

    /// Updates `held` after the flow's reassembly and state have changed from `before` bytes.
    fn book(&mut self, slot: u32, before: usize) {
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        self.held = self.held - before + entry.weight();
        if let Some(active) = &mut entry.active
            && !active.listed
        {
            active.listed = true;
            self.holders.push_back(entry.timer(slot));
        }
    }

    /// Updates the buffered bytes after those of the flow have changed from `before`.
    fn rebalance(&mut self, slot: u32, before: usize) {
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        let after = entry.buffered();
        self.stats.buffered_bytes = self.stats.buffered_bytes + after as u64 - before as u64;
        let timer = entry.timer(slot);
        if after > 0
            && let Some(active) = &mut entry.active
            && !active.waiting
        {
            active.waiting = true;
            self.waiting.push(timer);
        }
    }
}
