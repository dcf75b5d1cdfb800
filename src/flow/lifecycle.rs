//! How flows begin and end.

use super::entry::{Directions, FlowEntry};
use super::handler::FlowHandler;
use super::table::FlowTable;
use super::tcp::Reassembler;
use crate::model::Segment;
use crate::model::chunk::Direction;
use crate::model::event::Moment;
use crate::model::flow::{FlowEndReason, FlowFlags, Transport};
use crate::model::segment::TransportHeader;

impl<S> FlowTable<S> {
    /// Returns why the flow at `slot` ended, if `segment` begins a later flow with the same key.
    ///
    /// Returns `None` if the segment belongs to the flow.
    #[inline]
    pub(super) fn ends_before(&self, slot: u32, segment: &Segment<'_>) -> Option<FlowEndReason> {
        let entry = self.entries.get(slot as usize)?;
        // A cheap check first: in nearly all cases, less than the shortest timeout has passed.
        if segment.time > entry.flow.last_seen.plus_nanos(self.shortest)
            && segment.time.since(entry.flow.last_seen) > self.timeout(entry)
        {
            return Some(FlowEndReason::Timeout);
        }
        let TransportHeader::Tcp(header) = segment.header else { return None };
        if !header.flags.syn() || header.flags.rst() {
            return None;
        }
        let direction = entry.direction(segment);
        let known = entry.flow.flags.has(FlowFlags::SYN << direction.index());
        // After a reset, a SYN with the same number is a new attempt. A stack sends it if its
        // handshake met a connection that the other side still remembered (RFC 5961 §4).
        let reset = entry.flow.flags.has(FlowFlags::CLOSED) && !entry.flow.flags.both_fins();
        let again = known && entry.isn[direction.index()] == header.seq && !reset;
        // The SYN-ACK of a handshake that is under way.
        let expected = !known && header.flags.ack() && !entry.flow.midstream();
        (!again && !expected).then_some(FlowEndReason::Reused)
    }

    /// Opens the flow that `segment` begins and returns its slot.
    pub(super) fn open<V: FlowHandler<State = S>>(
        &mut self,
        hash: u32,
        segment: &Segment<'_>,
        handler: &mut V,
    ) -> u32 {
        self.make_room(segment, handler);
        let transport = segment.key.transport();
        let entry = FlowEntry::new(segment);
        self.stats.opened += 1;
        self.stats.active += 1;
        self.stats.peak = self.stats.peak.max(self.stats.active);
        match transport {
            Transport::Tcp => self.stats.tcp += 1,
            Transport::Udp => self.stats.udp += 1,
            Transport::Other(_) => {}
        }
        self.stats.midstream += u64::from(entry.flow.midstream());
        let slot = self.free.pop().unwrap_or(self.entries.len() as u32);
        let timer = entry.timer(slot);
        match self.entries.get_mut(slot as usize) {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
        self.index.insert(hash, slot);
        // The shortest timeout that may apply; the flow is checked again then.
        let first_look = match transport {
            Transport::Tcp => self.limits.tcp_unanswered.min(self.limits.tcp_closed),
            _ => self.limits.udp,
        };
        self.wheel.arm(timer, segment.time.plus(first_look));
        if self.wheel.len() + self.waiting.len() + self.holders.len() > self.sweep_at {
            self.sweep();
        }
        if let Some(entry) = self.entries.get(slot as usize) {
            handler.opened(&entry.flow, segment.packet);
        }
        slot
    }

    /// Ends a flow for the handler, and remembers it as closed. Does nothing if it is closed
    /// already.
    pub(super) fn close<V: FlowHandler<State = S>>(
        &mut self,
        slot: u32,
        end: FlowEndReason,
        at: Moment,
        handler: &mut V,
    ) {
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        if entry.flow.flags.has(FlowFlags::CLOSED) {
            return;
        }
        match entry.directions() {
            Some(Directions::One) => self.stats.one_way += 1,
            Some(Directions::Both) => self.stats.two_way += 1,
            None => {}
        }
        self.stats.buffered_bytes -= entry.buffered() as u64;
        self.held -= entry.weight();
        if entry.may_wait() {
            for direction in Direction::BOTH {
                entry.release(direction, &mut self.stats, handler, Reassembler::flush);
            }
        }
        if entry.awaits_end(handler) {
            let state = entry.active.as_deref_mut().map(|active| &mut active.state);
            handler.closed(&entry.flow, state, end, at);
        }
        entry.active = None;
        if entry.flow.flags.has(FlowFlags::TAPPED) {
            entry.untap(&mut self.stats);
        }
        entry.flow.flags.set(FlowFlags::CLOSED);
    }

    /// Ends a flow and frees its slot.
    pub(super) fn remove<V: FlowHandler<State = S>>(
        &mut self,
        slot: u32,
        end: FlowEndReason,
        at: Moment,
        handler: &mut V,
    ) {
        let Some(entry) = self.entries.get(slot as usize) else { return };
        self.index.remove(self.index.hash(&entry.flow.key), slot);
        self.close(slot, end, at, handler);
        if let Some(entry) = self.entries.get_mut(slot as usize) {
            entry.free();
        }
        self.free.push(slot);
        self.stats.active -= 1;
        match end {
            FlowEndReason::Evicted => self.stats.evicted += 1,
            FlowEndReason::Reused => self.stats.reused += 1,
            _ => {}
        }
    }
}
