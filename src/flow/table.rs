//! The flow table: finds a packet's flow, puts its payload in order, ends it in time.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::time::Duration;

use hashbrown::HashTable;

use super::limits::FlowLimits;
use super::stats::FlowStats;
use super::tcp::{Part, Room, Run, Stream};
use super::wheel::{Timer, Wheel};
use crate::model::chunk::{Chunk, Direction, Interest};
use crate::model::flow::{Flow, FlowEnd, Transport};
use crate::model::segment::{TcpHeader, TransportHeader};
use crate::model::{FlowKey, LinkInfo, Segment, Side, Timestamp};

/// Takes what a flow table finds. `State` is what the visitor keeps for each flow whose payload it
/// wants.
pub trait Visitor {
    type State;

    /// The segment of this packet comes next; what follows is because of it.
    fn packet(&mut self, number: u64) {
        let _ = number;
    }

    /// The first packet of a new flow.
    fn opened(&mut self, flow: &Flow, packet: u64);

    /// The flow has payload. `None`: it is of no interest and only counted.
    fn begin(&mut self, flow: &Flow) -> Option<Self::State>;

    /// The next bytes in order. [`Interest::Settled`]: the state is dropped, the rest only counted.
    fn chunk(&mut self, flow: &Flow, state: &mut Self::State, chunk: &Chunk<'_>) -> Interest;

    /// The flow is over; once for each that was opened. `state` is `None` if there was no payload or
    /// the flow is settled.
    fn closed(
        &mut self,
        flow: &Flow,
        state: Option<&mut Self::State>,
        end: FlowEnd,
        at: Timestamp,
        packet: u64,
    );
}

/// Segments that are looked up together: enough that the memory's latencies overlap, few enough
/// that what was fetched is still in the first cache when it is needed.
pub const LOOKUP_BATCH: usize = 32;

/// Where a flow lies. Comparing a part of its hash here spares most looks at flows that are not
/// meant.
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    number: u32,
}

impl Slot {
    fn new(hash: u64, number: u32) -> Self {
        // The table itself uses the ends of the hash.
        Slot { hash: (hash >> 16) as u32, number }
    }

    fn may_have(self, hash: u64) -> bool {
        self.hash == (hash >> 16) as u32
    }
}

/// A flow in the table. A packet of a settled flow touches the first two cache lines.
#[repr(C, align(64))]
struct Entry<S> {
    seen: Seen,
    generation: u32,
    /// Initial sequence numbers, by direction, where `SYN` was seen.
    isn: [u32; 2],
    /// Reassembly and the visitor's state; `None` before the first payload and once settled.
    active: Option<Box<Active<S>>>,
    flow: Flow,
}

struct Active<S> {
    streams: [Stream; 2],
    state: S,
}

/// What was seen of a flow, as bits; those for [`Direction::ToClient`] are one higher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen(u8);

impl Seen {
    const SYN: u8 = 0x01;
    const FIN: u8 = 0x04;
    const SETTLED: u8 = 0x10;
    /// Ended for the visitor; kept to swallow late packets.
    const CLOSED: u8 = 0x20;
    /// The slot is free.
    const FREE: u8 = 0x40;
    /// In the list of flows that wait for lost segments.
    const WAITING: u8 = 0x80;

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
    fn set(&mut self, bit: u8) {
        self.0 |= bit;
    }
    fn clear(&mut self, bit: u8) {
        self.0 &= !bit;
    }
    fn both_fins(self) -> bool {
        self.0 & (Self::FIN * 3) == Self::FIN * 3
    }
}

/// All flows of one worker.
pub struct FlowTable<S> {
    limits: FlowLimits,
    /// The shortest of all timeouts, in nanoseconds.
    shortest: u64,
    max_flows: usize,
    hasher: foldhash::fast::RandomState,
    index: HashTable<Slot>,
    entries: Vec<Entry<S>>,
    free: Vec<u32>,
    wheel: Wheel,
    /// Flows with holes in their streams.
    waiting: Vec<Timer>,
    due: Vec<Timer>,
    stats: FlowStats,
}

impl<S> FlowTable<S> {
    pub fn new(limits: FlowLimits) -> Self {
        // A slot, its place in the index at the usual load, and its timer.
        let bytes_per_flow = size_of::<Entry<S>>() + 2 * size_of::<Slot>() + size_of::<Timer>();
        let timeouts =
            [limits.tcp_established, limits.tcp_unanswered, limits.tcp_closed, limits.udp];
        let shortest = timeouts.iter().min().map_or(0, Duration::as_nanos);
        FlowTable {
            shortest: u64::try_from(shortest).unwrap_or(u64::MAX),
            max_flows: (limits.memory / 4 * 3 / bytes_per_flow).max(1),
            limits,
            hasher: foldhash::fast::RandomState::default(),
            index: HashTable::new(),
            entries: Vec::new(),
            free: Vec::new(),
            wheel: Wheel::new(),
            waiting: Vec::new(),
            due: Vec::new(),
            stats: FlowStats::default(),
        }
    }

    pub fn stats(&self) -> &FlowStats {
        &self.stats
    }

    /// Flows that fit into the memory budget.
    pub fn capacity(&self) -> usize {
        self.max_flows
    }

    /// Takes segments in order.
    pub fn process_all<V: Visitor<State = S>>(
        &mut self,
        segments: &[Segment<'_>],
        visitor: &mut V,
    ) {
        for segments in segments.chunks(LOOKUP_BATCH) {
            // Loads that do not depend on each other run at the same time, so the flows are fetched
            // before the first one is needed.
            let mut guesses = [(0, None); LOOKUP_BATCH];
            for (guess, segment) in guesses.iter_mut().zip(segments) {
                let hash = self.hash(&segment.key);
                let slot = self.index.find(hash, |slot| slot.may_have(hash));
                *guess = (hash, slot.map(|slot| slot.number));
            }
            let mut touched = 0;
            for (_, guess) in &guesses {
                if let Some(entry) = guess.and_then(|slot| self.entries.get(slot as usize)) {
                    touched ^= u64::from(entry.generation) ^ entry.flow.last_seen.as_nanos();
                }
            }
            black_box(touched);
            for ((hash, guess), segment) in guesses.into_iter().zip(segments) {
                visitor.packet(segment.packet);
                self.take(segment, hash, guess, visitor);
            }
        }
    }

    /// Takes one segment.
    pub fn process<V: Visitor<State = S>>(&mut self, segment: &Segment<'_>, visitor: &mut V) {
        visitor.packet(segment.packet);
        self.take(segment, self.hash(&segment.key), None, visitor);
    }

    fn hash(&self, key: &FlowKey) -> u64 {
        // Word by word this is faster than as one block.
        self.hasher.hash_one(key)
    }

    fn take<V: Visitor<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        hash: u64,
        guess: Option<u32>,
        visitor: &mut V,
    ) {
        let slot = match guess.filter(|&slot| self.holds(slot, &segment.key)) {
            Some(slot) => Some(slot),
            None => self.find(hash, &segment.key),
        };
        let slot = match slot {
            Some(slot) => match self.ends_before(slot, segment) {
                None => slot,
                Some(end) => {
                    self.remove(slot, end, segment.time, segment.packet, visitor);
                    self.open(hash, segment, visitor)
                }
            },
            None => self.open(hash, segment, visitor),
        };
        self.count(slot, segment);
        match segment.header {
            TransportHeader::Tcp(header) => self.tcp(slot, segment, header, visitor),
            TransportHeader::Udp => self.datagram(slot, segment, visitor),
            TransportHeader::Other => {}
        }
    }

    fn find(&self, hash: u64, key: &FlowKey) -> Option<u32> {
        let found =
            self.index.find(hash, |slot| slot.may_have(hash) && self.holds(slot.number, key));
        found.map(|slot| slot.number)
    }

    /// Whether the flow at `slot` is the one with this key.
    fn holds(&self, slot: u32, key: &FlowKey) -> bool {
        self.entries
            .get(slot as usize)
            .is_some_and(|entry| entry.flow.key == *key && !entry.seen.has(Seen::FREE))
    }

    /// Packet time has reached `now`: ends silent flows, in order of their first packets, and gives
    /// up segments that were waited for too long.
    pub fn advance<V: Visitor<State = S>>(&mut self, now: Timestamp, packet: u64, visitor: &mut V) {
        self.give_up_holes(now, visitor);
        let mut due = std::mem::take(&mut self.due);
        self.wheel.due(now, &mut due);
        let mut over: Vec<u32> = Vec::new();
        for timer in due.drain(..) {
            if let Some(deadline) = self.deadline(timer) {
                if deadline < now {
                    over.push(timer.slot);
                } else {
                    self.wheel.arm(timer, deadline);
                }
            }
        }
        self.due = due;
        over.sort_unstable_by_key(|&slot| self.entries[slot as usize].flow.id);
        for slot in over {
            self.remove(slot, FlowEnd::Timeout, now, packet, visitor);
        }
    }

    /// The input has ended: ends all flows, in order of their first packets.
    pub fn finish<V: Visitor<State = S>>(&mut self, packet: u64, visitor: &mut V) {
        let mut slots: Vec<u32> = self.index.iter().map(|slot| slot.number).collect();
        slots.sort_unstable_by_key(|&slot| self.entries[slot as usize].flow.id);
        for slot in slots {
            let at = self.entries[slot as usize].flow.last_seen;
            self.remove(slot, FlowEnd::Input, at, packet, visitor);
        }
    }

    /// When the flow of `timer` is over if it stays silent; `None` if it is gone.
    fn deadline(&self, timer: Timer) -> Option<Timestamp> {
        let entry = self.entries.get(timer.slot as usize)?;
        let alive = entry.generation == timer.generation && !entry.seen.has(Seen::FREE);
        alive.then(|| entry.flow.last_seen.plus(self.timeout(entry)))
    }

    fn timeout(&self, entry: &Entry<S>) -> Duration {
        let one_sided = entry.flow.packets[0] == 0 || entry.flow.packets[1] == 0;
        match entry.flow.transport() {
            Transport::Tcp if entry.seen.has(Seen::CLOSED) => self.limits.tcp_closed,
            // One direction with payload is what a one-way mirror shows of a connection.
            Transport::Tcp
                if one_sided && entry.active.is_none() && !entry.seen.has(Seen::SETTLED) =>
            {
                self.limits.tcp_unanswered
            }
            Transport::Tcp => self.limits.tcp_established,
            _ => self.limits.udp,
        }
    }

    /// Whether the segment belongs to a later flow than the one at `slot`, and why that one ended.
    fn ends_before(&self, slot: u32, segment: &Segment<'_>) -> Option<FlowEnd> {
        let entry = &self.entries[slot as usize];
        // Nearly always less than any timeout has passed.
        if segment.time > entry.flow.last_seen.plus_nanos(self.shortest)
            && segment.time.since(entry.flow.last_seen) > self.timeout(entry)
        {
            return Some(FlowEnd::Timeout);
        }
        let TransportHeader::Tcp(header) = segment.header else { return None };
        if !header.flags.syn() || header.flags.rst() {
            return None;
        }
        let direction = direction(&entry.flow, segment.from);
        let known = entry.seen.has(Seen::SYN << direction.index());
        // After a reset the same number begins a new attempt: stacks do so whose handshake met a
        // connection that the other side still remembered (RFC 5961 §4).
        let reset = entry.seen.has(Seen::CLOSED) && !entry.seen.both_fins();
        let again = known && entry.isn[direction.index()] == header.seq && !reset;
        // The answer to a handshake that is under way.
        let expected = !known && header.flags.ack() && !entry.flow.midstream;
        (!again && !expected).then_some(FlowEnd::Reused)
    }

    fn open<V: Visitor<State = S>>(
        &mut self,
        hash: u64,
        segment: &Segment<'_>,
        visitor: &mut V,
    ) -> u32 {
        self.make_room(segment, visitor);
        let transport = segment.key.transport();
        let syn = match segment.header {
            TransportHeader::Tcp(header) => header.flags.syn(),
            _ => true,
        };
        let midstream = !syn;
        self.stats.opened += 1;
        self.stats.active += 1;
        self.stats.peak = self.stats.peak.max(self.stats.active);
        match transport {
            Transport::Tcp => self.stats.tcp += 1,
            Transport::Udp => self.stats.udp += 1,
            Transport::Other(_) => {}
        }
        self.stats.midstream += u64::from(midstream);
        let initiator = initiator(segment);
        let mut link = [LinkInfo::default(); 2];
        link[usize::from(segment.from != initiator)] = segment.link;
        let flow = Flow {
            id: segment.packet,
            key: segment.key,
            initiator,
            first_seen: segment.time,
            last_seen: segment.time,
            packets: [0; 2],
            bytes: [0; 2],
            link,
            midstream,
            lost: [0; 2],
        };
        let entry = Entry { flow, active: None, isn: [0; 2], seen: Seen::default(), generation: 0 };
        let slot = match self.free.pop() {
            Some(slot) => {
                let place = &mut self.entries[slot as usize];
                let generation = place.generation.wrapping_add(1);
                *place = Entry { generation, ..entry };
                slot
            }
            None => {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            }
        };
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.index.insert_unique(hash, Slot::new(hash, slot), |other| {
            hasher.hash_one(entries[other.number as usize].flow.key)
        });
        let entry = &self.entries[slot as usize];
        let timer = Timer { slot, generation: entry.generation };
        // The shortest timeout that may apply; the flow is looked at again then.
        let first_look = match transport {
            Transport::Tcp => self.limits.tcp_unanswered.min(self.limits.tcp_closed),
            _ => self.limits.udp,
        };
        self.wheel.arm(timer, segment.time.plus(first_look));
        visitor.opened(&self.entries[slot as usize].flow, segment.packet);
        slot
    }

    fn count(&mut self, slot: u32, segment: &Segment<'_>) {
        let entry = &mut self.entries[slot as usize];
        let flow = &mut entry.flow;
        let index = direction(flow, segment.from).index();
        if flow.packets[index] == 0 {
            flow.link[index] = segment.link;
        }
        flow.packets[index] += 1;
        flow.bytes[index] += u64::from(segment.wire_len);
        // A closed connection that goes on (its RST was forged) is picked up anew when its linger
        // is over.
        if !entry.seen.has(Seen::CLOSED) {
            flow.last_seen = flow.last_seen.max(segment.time);
        }
    }

    fn datagram<V: Visitor<State = S>>(
        &mut self,
        slot: u32,
        segment: &Segment<'_>,
        visitor: &mut V,
    ) {
        let entry = &mut self.entries[slot as usize];
        if segment.payload.is_empty() || !begin(entry, visitor) {
            return;
        }
        let Some(active) = &mut entry.active else { return };
        let chunk = Chunk {
            direction: direction(&entry.flow, segment.from),
            time: segment.time,
            packet: segment.packet,
            gap: 0,
            bytes: segment.payload,
        };
        if visitor.chunk(&entry.flow, &mut active.state, &chunk) == Interest::Settled {
            entry.active = None;
            entry.seen.set(Seen::SETTLED);
        }
    }

    fn tcp<V: Visitor<State = S>>(
        &mut self,
        slot: u32,
        segment: &Segment<'_>,
        header: TcpHeader,
        visitor: &mut V,
    ) {
        let entry = &mut self.entries[slot as usize];
        let direction = direction(&entry.flow, segment.from);
        let index = direction.index();
        if header.flags.syn() {
            entry.isn[index] = header.seq;
            entry.seen.set(Seen::SYN << index);
        }
        if entry.seen.has(Seen::CLOSED) {
            return;
        }
        if header.flags.fin() {
            entry.seen.set(Seen::FIN << index);
        }
        let before = buffered(entry);
        if (!segment.payload.is_empty() || segment.missing > 0) && begin(entry, visitor) {
            let room = Room {
                stream: self.limits.out_of_order,
                total: (self.limits.memory / 4)
                    .saturating_sub(self.stats.buffered_bytes as usize)
                    .saturating_add(before),
            };
            payload(entry, segment, header, direction, room, &mut self.stats, visitor);
        }
        if header.flags.ack()
            && let Some(active) = &mut entry.active
        {
            let stream = &mut active.streams[direction.reverse().index()];
            if stream.is_waiting() {
                stream.acknowledged(header.ack);
            }
        }
        self.rebalance(slot, before);
        let entry = &mut self.entries[slot as usize];
        let over = entry.seen.both_fins() && !is_waiting(entry);
        let reset = header.flags.rst()
            && entry
                .active
                .as_ref()
                .is_none_or(|active| active.streams[index].may_be_reset_at(header.seq));
        if reset || over {
            self.close(slot, FlowEnd::Closed, segment.time, segment.packet, visitor);
        }
    }

    /// Books a change of what the flow holds back.
    fn rebalance(&mut self, slot: u32, before: usize) {
        let entry = &mut self.entries[slot as usize];
        let after = buffered(entry);
        self.stats.buffered_bytes = self.stats.buffered_bytes + after as u64 - before as u64;
        if after > 0 && !entry.seen.has(Seen::WAITING) {
            entry.seen.set(Seen::WAITING);
            self.waiting.push(Timer { slot, generation: entry.generation });
        }
    }

    fn give_up_holes<V: Visitor<State = S>>(&mut self, now: Timestamp, visitor: &mut V) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|timer| {
            let entry = &mut self.entries[timer.slot as usize];
            if entry.generation != timer.generation || entry.seen.has(Seen::FREE) {
                return false;
            }
            let before = buffered(entry);
            for direction in Direction::BOTH {
                deliver(entry, direction, visitor, |stream, out| {
                    stream.give_up_holes(now, &mut self.stats, out);
                });
            }
            let after = buffered(entry);
            self.stats.buffered_bytes = self.stats.buffered_bytes + after as u64 - before as u64;
            if after == 0 {
                entry.seen.clear(Seen::WAITING);
            }
            after > 0
        });
        self.waiting = waiting;
    }

    /// Ends a flow for the visitor.
    fn close<V: Visitor<State = S>>(
        &mut self,
        slot: u32,
        end: FlowEnd,
        at: Timestamp,
        packet: u64,
        visitor: &mut V,
    ) {
        let entry = &mut self.entries[slot as usize];
        if entry.seen.has(Seen::CLOSED) {
            return;
        }
        let before = buffered(entry);
        for direction in Direction::BOTH {
            deliver(entry, direction, visitor, |stream, out| stream.flush(&mut self.stats, out));
        }
        self.stats.buffered_bytes -= before as u64;
        let state = entry.active.as_deref_mut().map(|active| &mut active.state);
        visitor.closed(&entry.flow, state, end, at, packet);
        entry.active = None;
        entry.seen.set(Seen::CLOSED);
    }

    /// Ends a flow and frees its slot.
    fn remove<V: Visitor<State = S>>(
        &mut self,
        slot: u32,
        end: FlowEnd,
        at: Timestamp,
        packet: u64,
        visitor: &mut V,
    ) {
        self.close(slot, end, at, packet, visitor);
        let entry = &mut self.entries[slot as usize];
        entry.seen = Seen(Seen::FREE | Seen::CLOSED);
        let hash = self.hasher.hash_one(entry.flow.key);
        if let Ok(place) = self.index.find_entry(hash, |other| other.number == slot) {
            place.remove();
        }
        self.free.push(slot);
        self.stats.active -= 1;
        match end {
            FlowEnd::Evicted => self.stats.evicted += 1,
            FlowEnd::Reused => self.stats.reused += 1,
            _ => {}
        }
    }

    /// Evicts flows until one more fits: those first that would end first, which are the closed and
    /// the unanswered ones, then those silent for longest.
    fn make_room<V: Visitor<State = S>>(&mut self, segment: &Segment<'_>, visitor: &mut V) {
        while self.index.len() >= self.max_flows {
            let mut due = std::mem::take(&mut self.due);
            let some = self.wheel.next_due(&mut due);
            // Those whose true deadline is later are put where they belong; the rest of the bucket
            // goes.
            let mut victims: Vec<(u64, Timer)> = Vec::new();
            let now = segment.time;
            let mut earliest: Option<(Timestamp, Timer)> = None;
            for timer in due.drain(..) {
                let Some(deadline) = self.deadline(timer) else { continue };
                if deadline <= now.plus(self.limits.tcp_unanswered) {
                    victims.push((self.entries[timer.slot as usize].flow.id, timer));
                } else {
                    if earliest.is_none_or(|(first, _)| deadline < first) {
                        earliest = Some((deadline, timer));
                    }
                    self.wheel.arm(timer, deadline);
                }
            }
            self.due = due;
            if victims.is_empty()
                && let Some((_, timer)) = earliest
            {
                victims.push((self.entries[timer.slot as usize].flow.id, timer));
            }
            victims.sort_unstable_by_key(|&(id, _)| id);
            for (_, timer) in victims {
                self.remove(timer.slot, FlowEnd::Evicted, segment.time, segment.packet, visitor);
            }
            if !some {
                break;
            }
        }
    }
}

/// Starts looking at payload: whether there is a state now.
fn begin<V: Visitor>(entry: &mut Entry<V::State>, visitor: &mut V) -> bool {
    if entry.active.is_some() {
        return true;
    }
    if entry.seen.has(Seen::SETTLED) {
        return false;
    }
    let Some(state) = visitor.begin(&entry.flow) else {
        entry.seen.set(Seen::SETTLED);
        return false;
    };
    let stream = |index: usize| {
        let first = entry.seen.has(Seen::SYN << index).then(|| entry.isn[index].wrapping_add(1));
        Stream::starting_at(first)
    };
    entry.active = Some(Box::new(Active { streams: [stream(0), stream(1)], state }));
    true
}

fn payload<V: Visitor>(
    entry: &mut Entry<V::State>,
    segment: &Segment<'_>,
    header: TcpHeader,
    direction: Direction,
    room: Room,
    stats: &mut FlowStats,
    visitor: &mut V,
) {
    // Data on a SYN (TCP Fast Open) comes after the number that the SYN takes.
    let seq = if header.flags.syn() { header.seq.wrapping_add(1) } else { header.seq };
    let part = Part {
        seq,
        bytes: segment.payload,
        missing: segment.missing,
        time: segment.time,
        packet: segment.packet,
    };
    deliver(entry, direction, visitor, |stream, out| stream.push(part, room, stats, out));
}

/// Runs `work` on one stream of a flow and hands what it delivers to the visitor; drops the state
/// when the visitor has seen enough.
fn deliver<V: Visitor>(
    entry: &mut Entry<V::State>,
    direction: Direction,
    visitor: &mut V,
    work: impl FnOnce(&mut Stream, &mut dyn FnMut(Run<'_>)),
) {
    let Some(active) = &mut entry.active else { return };
    let Active { streams, state } = active.as_mut();
    let flow = &mut entry.flow;
    let mut settled = false;
    work(&mut streams[direction.index()], &mut |run| {
        flow.lost[direction.index()] += run.gap;
        if !settled {
            let chunk = Chunk {
                direction,
                time: run.time,
                packet: run.packet,
                gap: run.gap,
                bytes: run.bytes,
            };
            settled = visitor.chunk(flow, state, &chunk) == Interest::Settled;
        }
    });
    if settled {
        entry.active = None;
        entry.seen.set(Seen::SETTLED);
    }
}

fn buffered<S>(entry: &Entry<S>) -> usize {
    entry.active.as_ref().map_or(0, |active| active.streams.iter().map(Stream::buffered).sum())
}

fn is_waiting<S>(entry: &Entry<S>) -> bool {
    entry.active.as_ref().is_some_and(|active| active.streams.iter().any(Stream::is_waiting))
}

fn direction(flow: &Flow, from: Side) -> Direction {
    if from == flow.initiator { Direction::ToServer } else { Direction::ToClient }
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
    let (from, to) = (segment.key.endpoint(sender).port, segment.key.endpoint(sender.other()).port);
    let answer = match segment.header {
        TransportHeader::Tcp(_) => from < to,
        // A UDP client does speak first; only a system port is stronger evidence.
        _ => from < SYSTEM_PORTS && to >= SYSTEM_PORTS,
    };
    if answer { sender.other() } else { sender }
}

/// A hash of a flow's key that is the same for both directions and in every run, to spread flows
/// over workers. The table's own hash is seeded; this one must not be.
pub fn dispatch_hash(key: &FlowKey) -> u64 {
    /// The 64-bit golden ratio, as in Fibonacci hashing (Knuth 6.4).
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = key
        .words()
        .iter()
        .fold(0u64, |hash, &word| (hash.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER));
    mixed ^ mixed >> 32
}
