//! A flow in the table: what was seen of it, and its payload on the way to the visitor.

use super::stats::FlowStats;
use super::tcp::{Part, Room, Run, Stream};
use super::visitor::Visitor;
use super::wheel::Timer;
use crate::model::chunk::{Chunk, Direction, Interest};
use crate::model::flow::{Flow, Seen};
use crate::model::segment::{TcpHeader, TransportHeader};
use crate::model::{Segment, Side};

/// A flow in the table, in two cache lines.
#[repr(C, align(64))]
pub(super) struct Entry<S> {
    pub flow: Flow,
    /// Reassembly and the visitor's state; `None` before the first payload and once settled.
    pub active: Option<Box<Active<S>>>,
    /// Initial sequence numbers, by direction, where `SYN` was seen.
    pub isn: [u32; 2],
}

const _: () = assert!(size_of::<Entry<()>>() == 128);

pub(super) struct Active<S> {
    pub streams: [Stream; 2],
    pub state: S,
    /// Bytes that reassembly and the state hold, as last booked.
    pub weight: usize,
    /// The flow is in the table's list of those that hold something.
    pub listed: bool,
    /// The flow is in the table's list of those with holes in their streams.
    pub waiting: bool,
}

impl<S> Entry<S> {
    /// The flow that `segment` begins.
    pub fn new(segment: &Segment<'_>) -> Self {
        let initiator = initiator(segment);
        let mut flow = Flow::new(segment.key, initiator, segment.packet, segment.time);
        flow.link[usize::from(segment.from != initiator)] = segment.link;
        if let TransportHeader::Tcp(header) = segment.header
            && !header.flags.syn()
        {
            flow.seen.set(Seen::MIDSTREAM);
        }
        Entry { flow, active: None, isn: [0; 2] }
    }

    /// Names this one of the flows that had `slot`.
    #[inline]
    pub fn timer(&self, slot: u32) -> Timer {
        Timer { slot, generation: self.flow.id as u32 }
    }

    /// Whether it is the flow that `timer` was made for, and not gone.
    #[inline]
    pub fn is(&self, timer: Timer) -> bool {
        self.timer(timer.slot) == timer && !self.is_free()
    }

    /// Frees the slot. Packets are numbered from 1, so no flow has this number.
    pub fn free(&mut self) {
        self.flow.id = 0;
    }

    #[inline]
    pub fn is_free(&self) -> bool {
        self.flow.id == 0
    }

    /// Whether its end means something to the visitor.
    #[inline]
    pub fn awaits_end<V: Visitor<State = S>>(&self, visitor: &V) -> bool {
        self.active.is_some() || visitor.awaits_end(&self.flow) || self.flow.seen.has(Seen::TAPPED)
    }

    /// Which way a segment travels.
    #[inline]
    pub fn direction(&self, segment: &Segment<'_>) -> Direction {
        if segment.from == self.flow.initiator { Direction::ToServer } else { Direction::ToClient }
    }

    /// Counts a segment.
    #[inline]
    pub fn count(&mut self, segment: &Segment<'_>) {
        let index = self.direction(segment).index();
        let flow = &mut self.flow;
        if flow.packets[index] == 0 {
            flow.link[index] = segment.link;
        }
        flow.packets[index] = flow.packets[index].saturating_add(1);
        flow.bytes[index] += u64::from(segment.wire_len);
        // A closed connection that goes on (its RST was forged) is picked up anew when its linger
        // is over.
        if !flow.seen.has(Seen::CLOSED) {
            flow.last_seen = flow.last_seen.max(segment.time);
        }
    }

    /// Bytes held back in both directions.
    #[inline]
    pub fn buffered(&self) -> usize {
        self.active.as_ref().map_or(0, |active| active.streams.iter().map(Stream::buffered).sum())
    }

    /// Bytes of reassembly and the visitor's state, as booked.
    #[inline]
    pub fn weight(&self) -> usize {
        self.active.as_ref().map_or(0, |active| active.weight)
    }

    /// Whether segments may wait for those before them.
    #[inline]
    pub fn may_wait(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.waiting)
    }

    /// Whether segments wait for those before them.
    pub fn is_waiting(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.streams.iter().any(Stream::is_waiting))
    }

    /// Hands a datagram to the visitor.
    pub fn datagram<V: Visitor<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        stats: &mut FlowStats,
        visitor: &mut V,
    ) {
        let chunk = Chunk {
            direction: self.direction(segment),
            time: segment.time,
            packet: segment.packet,
            gap: 0,
            bytes: segment.payload,
        };
        self.look(stats, visitor, |flow, active, _, visitor| {
            visitor.chunk(flow, &mut active.state, &chunk)
        });
    }

    /// Puts the payload of a TCP segment in order and hands on what is next.
    pub fn payload<V: Visitor<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        header: TcpHeader,
        room: Room,
        stats: &mut FlowStats,
        visitor: &mut V,
    ) {
        let direction = self.direction(segment);
        // Data on a SYN (TCP Fast Open) comes after the number that the SYN takes.
        let seq = if header.flags.syn() { header.seq.wrapping_add(1) } else { header.seq };
        let part = Part {
            seq,
            bytes: segment.payload,
            missing: segment.missing,
            time: segment.time,
            packet: segment.packet,
        };
        self.look(stats, visitor, |flow, active, stats, visitor| {
            deliver(flow, active, direction, visitor, |stream, out| {
                stream.push(part, room, stats, out);
            })
        });
    }

    /// Hands on what `work` makes one direction deliver.
    pub fn release<V: Visitor<State = S>>(
        &mut self,
        direction: Direction,
        stats: &mut FlowStats,
        visitor: &mut V,
        work: impl FnOnce(&mut Stream, &mut FlowStats, &mut dyn FnMut(Run<'_>)),
    ) {
        if self.active.is_some() {
            self.look(stats, visitor, |flow, active, stats, visitor| {
                deliver(flow, active, direction, visitor, |stream, out| work(stream, stats, out))
            });
        }
    }

    /// Runs `work`, which says what else is wanted of the flow, with the flow's state.
    ///
    /// Of most flows the first payload is enough, and most of the others are datagrams that need no
    /// memory of each other. So a state only moves to the heap if it has to.
    fn look<V: Visitor<State = S>>(
        &mut self,
        stats: &mut FlowStats,
        visitor: &mut V,
        work: impl FnOnce(&mut Flow, &mut Active<S>, &mut FlowStats, &mut V) -> Interest,
    ) {
        let interest = if let Some(active) = &mut self.active {
            work(&mut self.flow, active, stats, visitor)
        } else if self.flow.seen.has(Seen::SETTLED) {
            return;
        } else if let Some(state) = visitor.begin(&self.flow) {
            let streams = [self.stream(0), self.stream(1)];
            let mut active = Active { streams, state, weight: 0, listed: false, waiting: false };
            let interest = work(&mut self.flow, &mut active, stats, visitor);
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
                self.flow.seen.set(Seen::SETTLED);
            }
            (Interest::Anew, active) => *active = None,
            (Interest::More, Some(active)) => {
                let streams = active.streams.iter().map(Stream::held).sum::<usize>();
                active.weight = size_of::<Active<S>>() + streams + visitor.held(&active.state);
            }
            (Interest::More, None) => {}
        }
        if interest != Interest::More
            && !self.flow.seen.has(Seen::TAPPED)
            && visitor.taps(&self.flow)
        {
            self.tap(stats, visitor);
        }
    }

    fn stream(&self, index: usize) -> Stream {
        let syn = self.flow.seen.has(Seen::SYN << index);
        Stream::starting_at(syn.then(|| self.isn[index].wrapping_add(1)))
    }
}

/// Runs `work` on one direction and hands what it delivers to the visitor: what else that wants.
fn deliver<V: Visitor>(
    flow: &mut Flow,
    active: &mut Active<V::State>,
    direction: Direction,
    visitor: &mut V,
    work: impl FnOnce(&mut Stream, &mut dyn FnMut(Run<'_>)),
) -> Interest {
    let Active { streams, state, .. } = active;
    let mut interest = Interest::More;
    work(&mut streams[direction.index()], &mut |run| {
        if interest == Interest::More {
            let Run { bytes, gap, time, packet } = run;
            let chunk = Chunk { direction, time, packet, gap, bytes };
            if visitor.chunk(flow, state, &chunk) == Interest::Settled {
                interest = Interest::Settled;
            }
        }
    });
    interest
}

/// Who opened the flow: the sender of a SYN, the receiver of a SYN-ACK; else the end with the
/// higher port, since servers have the lower one; else the sender of the first packet.
fn initiator(segment: &Segment<'_>) -> Side {
    let sender = segment.from;
    if let TransportHeader::Tcp(header) = segment.header
        && header.flags.syn()
    {
        return if header.flags.ack() { sender.other() } else { sender };
    }
    /// Below are the system ports (RFC 6335).
    const SYSTEM_PORTS: u16 = 1024;
    let [a, b] = segment.key.ports();
    let (from, to) = if sender == Side::A { (a, b) } else { (b, a) };
    let answer = match segment.header {
        TransportHeader::Tcp(_) => from < to,
        // A UDP client does speak first; only a system port is stronger evidence.
        _ => from < SYSTEM_PORTS && to >= SYSTEM_PORTS,
    };
    if answer { sender.other() } else { sender }
}
