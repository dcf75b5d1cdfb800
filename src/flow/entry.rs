//! One flow of the table: counts its packets and hands its payload to the handler.

use super::handler::FlowHandler;
use super::stats::FlowStats;
use super::tcp::{Reassembler, ReassemblyLimits, SegmentPart, StreamRun};
use super::wheel::Timer;
use crate::model::chunk::{Chunk, Direction, Interest};
use crate::model::flow::{Flow, FlowEnds, FlowFlags, Transport};
use crate::model::segment::{TcpHeader, TransportHeader};
use crate::model::{KeySide, Segment};

/// A flow in the table, in two cache lines.
#[repr(C, align(64))]
pub(super) struct FlowEntry<S> {
    pub flow: Flow,
    /// Reassembly and the handler's state; `None` before the first payload, between stateless
    /// datagrams and once settled.
    pub active: Option<Box<PayloadState<S>>>,
    /// Initial sequence number of each direction; valid only if its `SYN` was seen.
    pub isn: [u32; 2],
}

const _: () = assert!(size_of::<FlowEntry<()>>() == 128);

/// The state of a flow whose payload is wanted.
pub(super) struct PayloadState<S> {
    /// The TCP streams, by direction.
    pub streams: [Reassembler; 2],
    /// The handler's state.
    pub state: S,
    /// Bytes that reassembly and the handler's state held when the table last counted them.
    pub weight: usize,
    /// Whether the flow is in the table's list `holders`.
    pub listed: bool,
    /// Whether the flow is in the table's list `waiting`.
    pub waiting: bool,
}

/// The directions of a flow that the capture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directions {
    One,
    Both,
}

impl<S> FlowEntry<S> {
    /// Creates the flow that `segment` begins.
    pub(super) fn new(segment: &Segment<'_>) -> Self {
        let initiator = initiator(segment);
        let mut flow = Flow::new(segment.key, initiator, segment.packet, segment.time);
        flow.link[usize::from(segment.from != initiator)] = segment.link;
        if let TransportHeader::Tcp(header) = segment.header
            && !header.flags.syn()
        {
            flow.flags.set(FlowFlags::MIDSTREAM);
        }
        FlowEntry { flow, active: None, isn: [0; 2] }
    }

    /// A timer for this flow; its generation differs from those of earlier flows in `slot`.
    #[inline]
    pub(super) fn timer(&self, slot: u32) -> Timer {
        Timer { slot, generation: self.flow.id as u32 }
    }

    /// Whether `timer` was made for this flow and the flow is still in the table.
    #[inline]
    pub(super) fn matches_timer(&self, timer: Timer) -> bool {
        self.timer(timer.slot) == timer && !self.is_free()
    }

    /// Marks the slot as free with flow number 0. Packets are numbered from 1, so no flow has it.
    pub(super) fn free(&mut self) {
        self.flow.id = 0;
    }

    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.flow.id == 0
    }

    /// Whether the handler has to be told when the flow ends.
    #[inline]
    pub(super) fn awaits_end<V: FlowHandler<State = S>>(&self, handler: &V) -> bool {
        self.active.is_some()
            || handler.awaits_end(&self.flow)
            || self.flow.flags.has(FlowFlags::TAPPED)
    }

    /// The direction of a segment.
    #[inline]
    pub(super) fn direction(&self, segment: &Segment<'_>) -> Direction {
        if segment.from == self.flow.initiator { Direction::ToServer } else { Direction::ToClient }
    }

    /// Counts a segment and updates the time when the flow was last seen.
    #[inline]
    pub(super) fn count(&mut self, segment: &Segment<'_>) {
        let index = self.direction(segment).index();
        let flow = &mut self.flow;
        if flow.packets[index] == 0 {
            flow.link[index] = segment.link;
        }
        flow.packets[index] = flow.packets[index].saturating_add(1);
        flow.bytes[index] += u64::from(segment.wire_len);
        // Packets do not extend the time for which a closed connection is remembered. So one that
        // goes on (its RST was forged) becomes a new flow when that time is over.
        if !flow.flags.has(FlowFlags::CLOSED) {
            flow.last_seen = flow.last_seen.max(segment.time);
        }
    }

    /// Which directions of a TCP flow were seen; `None` for other flows, and for connection
    /// attempts without data.
    pub(super) fn directions(&self) -> Option<Directions> {
        /// Mean bytes of packets, with their headers, beyond which some have data.
        const WITHOUT_DATA: u64 = 90;
        let Flow { packets: [one, other], bytes, .. } = self.flow;
        if self.flow.transport() != Transport::Tcp {
            return None;
        }
        if one > 0 && other > 0 {
            return Some(Directions::Both);
        }
        let packets = u64::from(one.max(other));
        (bytes.into_iter().max()? > packets * WITHOUT_DATA).then_some(Directions::One)
    }

    /// Payload bytes that wait for earlier ones, in both directions.
    #[inline]
    pub(super) fn buffered(&self) -> usize {
        self.active
            .as_ref()
            .map_or(0, |active| active.streams.iter().map(Reassembler::buffered).sum())
    }

    /// Bytes of reassembly and the handler's state, as the table last counted them.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        self.active.as_ref().map_or(0, |active| active.weight)
    }

    /// Whether segments may be waiting for earlier ones.
    ///
    /// This reads only a flag, which can still be set after the last hole was filled.
    #[inline]
    pub(super) fn may_wait(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.waiting)
    }

    /// Whether segments are waiting for earlier ones.
    pub(super) fn is_waiting(&self) -> bool {
        self.active
            .as_ref()
            .is_some_and(|active| active.streams.iter().any(Reassembler::is_waiting))
    }

    /// Hands a datagram to the handler.
    pub(super) fn datagram<V: FlowHandler<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        stats: &mut FlowStats,
        handler: &mut V,
    ) {
        let chunk = Chunk {
            direction: self.direction(segment),
            time: segment.time,
            packet: segment.packet,
            gap: 0,
            bytes: segment.payload,
        };
        self.process_payload(stats, handler, |flow, active, _, handler| {
            handler.chunk(flow, &mut active.state, &chunk)
        });
    }

    /// Puts the payload of a TCP segment in order and hands the bytes that are next to the handler.
    pub(super) fn payload<V: FlowHandler<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        header: TcpHeader,
        room: ReassemblyLimits,
        stats: &mut FlowStats,
        handler: &mut V,
    ) {
        let direction = self.direction(segment);
        // A SYN takes one sequence number; data on it (TCP Fast Open) begins after that.
        let seq = if header.flags.syn() { header.seq.wrapping_add(1) } else { header.seq };
        let part = SegmentPart {
            seq,
            bytes: segment.payload,
            missing: segment.missing,
            time: segment.time,
            packet: segment.packet,
        };
        self.process_payload(stats, handler, |flow, active, stats, handler| {
            deliver(flow, active, direction, handler, |stream, out| {
                stream.push(part, room, stats, out);
            })
        });
    }

    /// Runs `work` on the stream of one direction and hands what it delivers to the handler.
    pub(super) fn release<V: FlowHandler<State = S>>(
        &mut self,
        direction: Direction,
        stats: &mut FlowStats,
        handler: &mut V,
        work: impl FnOnce(&mut Reassembler, &mut FlowStats, &mut dyn FnMut(StreamRun<'_>)),
    ) {
        if self.active.is_some() {
            self.process_payload(stats, handler, |flow, active, stats, handler| {
                deliver(flow, active, direction, handler, |stream, out| work(stream, stats, out))
            });
        }
    }

    /// Runs `work` with the flow's state and applies the interest that it returns.
    ///
    /// A new state moves to the heap only if more is wanted: for most flows the first payload is
    /// enough, and most others consist of datagrams that can be read independently.
    fn process_payload<V: FlowHandler<State = S>>(
        &mut self,
        stats: &mut FlowStats,
        handler: &mut V,
        work: impl FnOnce(&mut Flow, &mut PayloadState<S>, &mut FlowStats, &mut V) -> Interest,
    ) {
        let interest = if let Some(active) = &mut self.active {
            work(&mut self.flow, active, stats, handler)
        } else if self.flow.flags.has(FlowFlags::SETTLED) {
            return;
        } else if let Some(state) = handler.begin(&self.flow) {
            let streams = [self.stream(0), self.stream(1)];
            let mut active =
                PayloadState { streams, state, weight: 0, listed: false, waiting: false };
            let interest = work(&mut self.flow, &mut active, stats, handler);
            if interest == Interest::More {
                self.active = Some(Box::new(active));
            }
            interest
        } else {
            Interest::Settled
        };
        match (interest, &mut self.active) {
            (Interest::Settled, active) => {
                *active = None;
                self.flow.flags.set(FlowFlags::SETTLED);
            }
            (Interest::Stateless, active) => *active = None,
            (Interest::More, Some(active)) => {
                let streams = active.streams.iter().map(Reassembler::held).sum::<usize>();
                active.weight =
                    size_of::<PayloadState<S>>() + streams + handler.held(&active.state);
            }
            (Interest::More, None) => {}
        }
        if interest != Interest::More
            && !self.flow.flags.has(FlowFlags::TAPPED)
            && handler.taps(&self.flow)
        {
            self.tap(stats, handler);
        }
    }

    fn stream(&self, index: usize) -> Reassembler {
        let syn = self.flow.flags.has(FlowFlags::SYN << index);
        Reassembler::starting_at(syn.then(|| self.isn[index].wrapping_add(1)))
    }
}

/// Runs `work` on one direction, hands what it delivers to the handler, and returns its interest.
///
/// The result is [`Interest::More`] or [`Interest::Settled`]. Runs after the flow is settled are
/// dropped.
fn deliver<V: FlowHandler>(
    flow: &mut Flow,
    active: &mut PayloadState<V::State>,
    direction: Direction,
    handler: &mut V,
    work: impl FnOnce(&mut Reassembler, &mut dyn FnMut(StreamRun<'_>)),
) -> Interest {
    let PayloadState { streams, state, .. } = active;
    let mut interest = Interest::More;
    work(&mut streams[direction.index()], &mut |run| {
        if interest == Interest::More {
            let StreamRun { bytes, gap, time, packet } = run;
            let chunk = Chunk { direction, time, packet, gap, bytes };
            if handler.chunk(flow, state, &chunk) == Interest::Settled {
                interest = Interest::Settled;
            }
        }
    });
    interest
}

/// Returns the side that opened the flow.
///
/// That is the sender of a SYN or the receiver of a SYN-ACK. For other TCP segments it is the side
/// with the higher port, since servers have the lower one. For other protocols it is the sender of
/// the first packet, unless only the sender's port is a system port.
fn initiator(segment: &Segment<'_>) -> KeySide {
    let sender = segment.from;
    if let TransportHeader::Tcp(header) = segment.header
        && header.flags.syn()
    {
        return if header.flags.ack() { sender.other() } else { sender };
    }
    /// Ports below this one are system ports (RFC 6335).
    const SYSTEM_PORTS: u16 = 1024;
    let [a, b] = segment.key.ports();
    let (from, to) = if sender == KeySide::A { (a, b) } else { (b, a) };
    let answer = match segment.header {
        TransportHeader::Tcp(_) => from < to,
        // A UDP client speaks first; only a system port is stronger evidence.
        _ => from < SYSTEM_PORTS && to >= SYSTEM_PORTS,
    };
    if answer { sender.other() } else { sender }
}
