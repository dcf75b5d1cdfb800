//! A flow in the table: what was seen of it, and its payload on the way to the handler.

use super::handler::FlowHandler;
use super::stats::FlowStats;
use super::tcp::{Reassembler, ReassemblyLimits, SegmentPart, StreamRun};
use super::wheel::Timer;
use crate::model::chunk::{Chunk, Direction, Interest};
use crate::model::flow::{Flow, FlowFlags};
use crate::model::segment::{TcpHeader, TransportHeader};
use crate::model::{KeySide, Segment};

/// A flow in the table, in two cache lines.
#[repr(C, align(64))]
pub(super) struct FlowEntry<S> {
    pub flow: Flow,
    /// Reassembly and the handler's state; `None` before the first payload and once settled.
    pub active: Option<Box<PayloadState<S>>>,
    /// Initial sequence numbers, by direction, where `SYN` was seen.
    pub isn: [u32; 2],
}

const _: () = assert!(size_of::<FlowEntry<()>>() == 128);

pub(super) struct PayloadState<S> {
    pub streams: [Reassembler; 2],
    pub state: S,
    /// Bytes that reassembly and the state hold, as last booked.
    pub weight: usize,
    /// The flow is in the table's list of those that hold something.
    pub listed: bool,
    /// The flow is in the table's list of those with holes in their streams.
    pub waiting: bool,
}

impl<S> FlowEntry<S> {
    /// The flow that `segment` begins.
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

    /// Names this one of the flows that had `slot`.
    #[inline]
    pub(super) fn timer(&self, slot: u32) -> Timer {
        Timer { slot, generation: self.flow.id as u32 }
    }

    /// Whether it is the flow that `timer` was made for, and not gone.
    #[inline]
    pub(super) fn matches_timer(&self, timer: Timer) -> bool {
        self.timer(timer.slot) == timer && !self.is_free()
    }

    /// Frees the slot. Packets are numbered from 1, so no flow has this number.
    pub(super) fn free(&mut self) {
        self.flow.id = 0;
    }

    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.flow.id == 0
    }

    /// Whether its end means something to the handler.
    #[inline]
    pub(super) fn awaits_end<V: FlowHandler<State = S>>(&self, handler: &V) -> bool {
        self.active.is_some()
            || handler.awaits_end(&self.flow)
            || self.flow.flags.has(FlowFlags::TAPPED)
    }

    /// Which way a segment travels.
    #[inline]
    pub(super) fn direction(&self, segment: &Segment<'_>) -> Direction {
        if segment.from == self.flow.initiator { Direction::ToServer } else { Direction::ToClient }
    }

    /// Counts a segment.
    #[inline]
    pub(super) fn count(&mut self, segment: &Segment<'_>) {
        let index = self.direction(segment).index();
        let flow = &mut self.flow;
        if flow.packets[index] == 0 {
            flow.link[index] = segment.link;
        }
        flow.packets[index] = flow.packets[index].saturating_add(1);
        flow.bytes[index] += u64::from(segment.wire_len);
        // A closed connection that goes on (its RST was forged) is picked up anew when its linger
        // is over.
        if !flow.flags.has(FlowFlags::CLOSED) {
            flow.last_seen = flow.last_seen.max(segment.time);
        }
    }

    /// Bytes held back in both directions.
    #[inline]
    pub(super) fn buffered(&self) -> usize {
        self.active
            .as_ref()
            .map_or(0, |active| active.streams.iter().map(Reassembler::buffered).sum())
    }

    /// Bytes of reassembly and the handler's state, as booked.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        self.active.as_ref().map_or(0, |active| active.weight)
    }

    /// Whether segments may wait for those before them.
    #[inline]
    pub(super) fn may_wait(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.waiting)
    }

    /// Whether segments wait for those before them.
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

    /// Puts the payload of a TCP segment in order and hands on what is next.
    pub(super) fn payload<V: FlowHandler<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        header: TcpHeader,
        room: ReassemblyLimits,
        stats: &mut FlowStats,
        handler: &mut V,
    ) {
        let direction = self.direction(segment);
        // Data on a SYN (TCP Fast Open) comes after the number that the SYN takes.
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

    /// Hands on what `work` makes one direction deliver.
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

    /// Runs `work`, which says what else is wanted of the flow, with the flow's state.
    ///
    /// Of most flows the first payload is enough, and most of the others are datagrams that need no
    /// memory of each other. So a state only moves to the heap if it has to.
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

/// Runs `work` on one direction and hands what it delivers to the handler: what else that wants.
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

/// Who opened the flow: the sender of a SYN, the receiver of a SYN-ACK; else the end with the
/// higher port, since servers have the lower one; else the sender of the first packet.
fn initiator(segment: &Segment<'_>) -> KeySide {
    let sender = segment.from;
    if let TransportHeader::Tcp(header) = segment.header
        && header.flags.syn()
    {
        return if header.flags.ack() { sender.other() } else { sender };
    }
    /// Below are the system ports (RFC 6335).
    const SYSTEM_PORTS: u16 = 1024;
    let [a, b] = segment.key.ports();
    let (from, to) = if sender == KeySide::A { (a, b) } else { (b, a) };
    let answer = match segment.header {
        TransportHeader::Tcp(_) => from < to,
        // A UDP client does speak first; only a system port is stronger evidence.
        _ => from < SYSTEM_PORTS && to >= SYSTEM_PORTS,
    };
    if answer { sender.other() } else { sender }
}
