//! Ends flows that nobody closes: after silence, at the end of the input, in a full table.

use std::time::Duration;

use super::entry::FlowEntry;
use super::handler::FlowHandler;
use super::index::Index;
use super::table::{FlowTable, LOOKUP_BATCH, MIN_SWEEP};
use super::wheel::Timer;
use crate::model::chunk::Direction;
use crate::model::event::Moment;
use crate::model::flow::{FlowEndReason, FlowEnds, FlowFlags, Transport};
use crate::model::{Segment, Timestamp};

impl<S> FlowTable<S> {
    /// Advances packet time to `at`: gives up holes that waited too long, and ends silent flows.
    ///
    /// Flows whose end the handler awaits end last, in order of their first packets.
    pub fn advance<V: FlowHandler<State = S>>(&mut self, at: Moment, handler: &mut V) {
        let now = at.time;
        self.give_up_holes(now, handler);
        let mut due = std::mem::take(&mut self.due);
        self.wheel.due(now, &mut due);
        let (mut over, mut awaited) = (Vec::new(), Vec::new());
        for timers in due.chunks(LOOKUP_BATCH) {
            timers.iter().for_each(|timer| self.prefetch(timer.slot));
            for &timer in timers {
                let Some(entry) = alive(&self.entries, timer) else { continue };
                let deadline = entry.flow.last_seen.plus(self.timeout(entry));
                if deadline >= now {
                    self.wheel.arm(timer, deadline);
                } else if entry.awaits_end(handler) {
                    awaited.push((entry.flow.id, timer.slot));
                } else {
                    over.push(timer.slot);
                }
            }
        }
        due.clear();
        self.due = due;
        awaited.sort_unstable();
        over.extend(awaited.iter().map(|&(_, slot)| slot));
        for slots in over.chunks(LOOKUP_BATCH) {
            for entry in slots.iter().filter_map(|&slot| self.entries.get(slot as usize)) {
                self.index.prefetch(self.index.hash(&entry.flow.key));
            }
            for &slot in slots {
                self.remove(slot, FlowEndReason::Timeout, at, handler);
            }
        }
    }

    /// Ends all flows at the end of the input, in order of their first packets.
    pub fn finish<V: FlowHandler<State = S>>(&mut self, packet: u64, handler: &mut V) {
        let awaited = (0u32..)
            .zip(&self.entries)
            .filter(|(_, entry)| !entry.is_free() && entry.awaits_end(handler))
            .map(|(slot, entry)| (entry.flow.id, slot));
        let mut awaited: Vec<_> = awaited.collect();
        awaited.sort_unstable();
        for (_, slot) in awaited {
            let Some(entry) = self.entries.get(slot as usize) else { continue };
            let time = entry.flow.last_seen;
            self.close(slot, FlowEndReason::Input, Moment { time, packet }, handler);
        }
        self.index = Index::new();
        self.entries.clear();
        self.free.clear();
        self.waiting.clear();
        self.stats.active = 0;
    }

    /// Silence after which a flow ends.
    pub(super) fn timeout(&self, entry: &FlowEntry<S>) -> Duration {
        let one_sided = entry.flow.packets[0] == 0 || entry.flow.packets[1] == 0;
        match entry.flow.transport() {
            Transport::Tcp if entry.flow.flags.has(FlowFlags::CLOSED) => self.limits.tcp_closed,
            // One direction with payload is an established connection in a one-way mirror.
            Transport::Tcp
                if one_sided
                    && entry.active.is_none()
                    && !entry.flow.flags.has(FlowFlags::SETTLED) =>
            {
                self.limits.tcp_unanswered
            }
            Transport::Tcp => self.limits.tcp_established,
            _ => self.limits.udp,
        }
    }

    fn give_up_holes<V: FlowHandler<State = S>>(&mut self, now: Timestamp, handler: &mut V) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|timer| {
            let entry = self.entries.get_mut(timer.slot as usize);
            let Some(entry) = entry.filter(|entry| entry.matches_timer(*timer)) else {
                return false;
            };
            let (before, weight) = (entry.buffered(), entry.weight());
            for direction in Direction::BOTH {
                entry.release(direction, &mut self.stats, handler, |stream, stats, out| {
                    stream.give_up_holes(now, stats, out);
                });
            }
            let after = entry.buffered();
            self.stats.buffered_bytes = self.stats.buffered_bytes + after as u64 - before as u64;
            self.held = self.held - weight + entry.weight();
            if let Some(active) = &mut entry.active {
                active.waiting = after > 0;
            }
            after > 0
        });
        self.waiting = waiting;
    }

    /// Removes stale timers from all lists: those of flows that are gone.
    ///
    /// Without this, they would accumulate if connections end early, or in captures in which no
    /// time passes.
    #[cold]
    pub(super) fn sweep(&mut self) {
        let entries = &self.entries;
        self.wheel.retain(|timer| alive(entries, timer).is_some());
        self.waiting.retain(|&timer| alive(entries, timer).is_some());
        self.holders
            .retain(|&timer| alive(entries, timer).is_some_and(|entry| entry.active.is_some()));
        let left = self.wheel.len() + self.waiting.len() + self.holders.len();
        self.sweep_at = MIN_SWEEP.max(left * 2);
    }

    /// Evicts flows that hold much memory until the others fit.
    ///
    /// It compares flows from the front of `holders`, evicts the one that holds most and moves the
    /// others to the back. The evicted flow is hardly ever a miner, since miners send little at a
    /// time. If it goes on, it is opened again as a new flow.
    #[cold]
    pub(super) fn relieve<V: FlowHandler<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        handler: &mut V,
    ) {
        /// Number of flows compared for each eviction.
        const LOOKED_AT: usize = 32;
        while self.held > self.room_to_hold() {
            let mut heaviest: Option<(usize, Timer)> = None;
            let mut looked_at = 0;
            for _ in 0..self.holders.len() {
                let Some(timer) = self.holders.pop_front() else { break };
                let weight = alive(&self.entries, timer).map_or(0, FlowEntry::weight);
                if weight == 0 {
                    continue;
                }
                let lighter = match heaviest {
                    Some((most, _)) if weight <= most => Some(timer),
                    _ => heaviest.replace((weight, timer)).map(|(_, lighter)| lighter),
                };
                self.holders.extend(lighter);
                looked_at += 1;
                if looked_at == LOOKED_AT {
                    break;
                }
            }
            let Some((_, timer)) = heaviest else { break };
            self.remove(timer.slot, FlowEndReason::Evicted, segment.moment(), handler);
        }
    }

    /// Evicts flows until one more fits.
    ///
    /// The position `hand` moves round the table. Among the flows that it passes, the one that
    /// would end first is evicted: a closed or unanswered one, or the one that has been silent for
    /// longest.
    pub(super) fn make_room<V: FlowHandler<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        handler: &mut V,
    ) {
        /// Number of flows compared for each eviction. With 16, the victim is among the oldest
        /// sixteenth on average.
        const PASSED: usize = 16;
        while self.index.len() >= self.max_flows {
            let mut victim: Option<(Timestamp, u32)> = None;
            for _ in 0..PASSED {
                self.hand = (self.hand + 1) % self.entries.len().max(1);
                let Some(entry) = self.entries.get(self.hand) else { return };
                let deadline = entry.flow.last_seen.plus(self.timeout(entry));
                let sooner = victim.is_none_or(|(first, _)| deadline < first);
                if sooner && !entry.is_free() {
                    victim = Some((deadline, self.hand as u32));
                }
            }
            if let Some((_, slot)) = victim {
                self.remove(slot, FlowEndReason::Evicted, segment.moment(), handler);
            }
        }
    }
}

/// Returns the flow of `timer`, or `None` if it is gone.
fn alive<S>(entries: &[FlowEntry<S>], timer: Timer) -> Option<&FlowEntry<S>> {
    entries.get(timer.slot as usize).filter(|entry| entry.matches_timer(timer))
}
