//! A conversation as TCP segments: handshake, data, acknowledgements, end.

use std::net::SocketAddr;

use crate::conversation::{Conversation, Message, ONE_WAY, Speaker, Tag};
use crate::packet::{self, ACK, FIN, PSH, SYN, Tcp};
use crate::rng::Rng;

/// How the bytes are cut and what happens to the packets on the way to the sensor.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Payload bytes of one segment at most.
    pub mss: usize,
    /// Cut at random places up to `mss` instead of always at `mss`.
    pub ragged: bool,
    /// What one side says without waiting for the other shares segments.
    pub coalesce: bool,
    /// Every packet twice, as some mirror ports deliver them.
    pub duplicates: bool,
    /// Share of data segments that swap places with the one before.
    pub reorder: f64,
    /// Share of data segments that are sent again a little later.
    pub retransmit: f64,
    /// Keep-alive probes with one garbage byte at seq-1 (as Windows sends them).
    pub keep_alive: bool,
    /// The capture starts after this share of the messages.
    pub skip: f64,
    /// Only what this side sends is seen.
    pub only: Option<Speaker>,
    /// The middle of one share never reaches the sensor.
    pub lose_share: bool,
    /// The connection ends with FIN; else it just stops.
    pub close: bool,
}

impl Default for Wire {
    fn default() -> Self {
        Wire {
            mss: 1460,
            ragged: false,
            coalesce: false,
            duplicates: false,
            reorder: 0.0,
            retransmit: 0.0,
            keep_alive: false,
            skip: 0.0,
            only: None,
            lose_share: false,
            close: true,
        }
    }
}

/// Messages of one side that follow each other faster than this share segments, in microseconds.
const COALESCE: u64 = 100_000;

/// Segments farther apart than this, in microseconds, never swap places.
const REORDER: u64 = 2_000;

impl Wire {
    /// Whether the sensor is there from the beginning.
    pub fn sees_start(&self) -> bool {
        self.skip <= 0.0
    }

    /// The messages of `conversation` that the sensor sees whole.
    pub fn visible<'a>(
        &self,
        conversation: &'a Conversation,
    ) -> impl Iterator<Item = &'a Message> + use<'a> {
        let (first, lost, only) = (self.first(conversation), self.lost(conversation), self.only);
        conversation.messages.iter().enumerate().filter_map(move |(index, message)| {
            let seen = index >= first
                && lost != Some(index)
                && only.is_none_or(|only| only == message.from);
            seen.then_some(message)
        })
    }

    fn first(&self, conversation: &Conversation) -> usize {
        (conversation.messages.len() as f64 * self.skip) as usize
    }

    /// The message whose middle is lost: a share from the middle of the conversation.
    fn lost(&self, conversation: &Conversation) -> Option<usize> {
        let is_share = |index: &usize| {
            let message = conversation.messages.get(*index);
            message.is_some_and(|message| matches!(message.tag, Tag::Share { .. }))
        };
        let middle = conversation.messages.len() / 2;
        self.lose_share.then(|| (middle..conversation.messages.len()).find(is_share))?
    }
}

/// The two ends.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    pub miner: SocketAddr,
    pub pool: SocketAddr,
}

/// An IP packet, who sent it and when (microseconds after the connection began).
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: u64,
    pub from: Speaker,
    pub packet: Vec<u8>,
    data: bool,
}

/// One side's sequence number.
#[derive(Clone, Copy)]
struct Side {
    next: u32,
}

/// The packets of `conversation` as the sensor sees them.
pub fn packets(conversation: &Conversation, ends: Ends, wire: &Wire, rng: &mut Rng) -> Vec<Sent> {
    let mut line = Line {
        ends,
        miner: Side { next: rng.next_u64() as u32 },
        pool: Side { next: rng.next_u64() as u32 },
        sent: Vec::new(),
        free: 0,
    };
    line.handshake(wire.sees_start());
    let (first, lost) = (wire.first(conversation), wire.lost(conversation));
    let mut messages = conversation.messages.iter().enumerate().peekable();
    while let Some((index, message)) = messages.next() {
        let visible = index >= first;
        let mut bytes = message.bytes.clone();
        let mut at = message.at;
        if lost == Some(index) {
            line.torn(message.from, 3 * ONE_WAY + at, &bytes, wire, rng);
            continue;
        }
        while wire.coalesce
            && let Some((_, next)) = messages.next_if(|(index, next)| {
                let together = next.from == message.from && next.at - at <= COALESCE;
                together && lost != Some(*index) && visible == (*index >= first)
            })
        {
            bytes.extend(&next.bytes);
            at = next.at;
        }
        let at = 3 * ONE_WAY + at;
        line.data(message.from, at, &bytes, wire, visible, rng);
        if visible && wire.keep_alive && rng.chance(0.2) {
            line.keep_alive(message.from, at + 1000);
        }
    }
    if wire.close {
        let end = conversation.end() + 4 * ONE_WAY;
        line.close(3 * ONE_WAY + end);
    }
    impair(line.sent, wire, rng)
}

struct Line {
    ends: Ends,
    miner: Side,
    pool: Side,
    sent: Vec<Sent>,
    /// When everything said so far has been sent: nobody answers before that.
    free: u64,
}

impl Line {
    fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Miner => &mut self.miner,
            Speaker::Pool => &mut self.pool,
        }
    }

    fn send(&mut self, from: Speaker, at: u64, seq: u32, flags: u8, payload: &[u8]) {
        let (src, dst) = match from {
            Speaker::Miner => (self.ends.miner, self.ends.pool),
            Speaker::Pool => (self.ends.pool, self.ends.miner),
        };
        let ack = if flags & ACK == 0 { 0 } else { self.side(from.other()).next };
        let packet = packet::tcp(src, dst, Tcp { seq, ack, flags }, payload);
        self.sent.push(Sent { at, from, packet, data: !payload.is_empty() });
    }

    fn handshake(&mut self, visible: bool) {
        if visible {
            let (miner, pool) = (self.miner.next, self.pool.next);
            self.send(Speaker::Miner, 0, miner, SYN, &[]);
            self.miner.next = miner.wrapping_add(1);
            self.send(Speaker::Pool, ONE_WAY, pool, SYN | ACK, &[]);
            self.pool.next = pool.wrapping_add(1);
            self.send(Speaker::Miner, 2 * ONE_WAY, self.miner.next, ACK, &[]);
        } else {
            self.miner.next = self.miner.next.wrapping_add(1);
            self.pool.next = self.pool.next.wrapping_add(1);
        }
    }

    fn data(
        &mut self,
        from: Speaker,
        at: u64,
        bytes: &[u8],
        wire: &Wire,
        visible: bool,
        rng: &mut Rng,
    ) {
        let mut rest = bytes;
        let mut time = at.max(self.free);
        while !rest.is_empty() {
            let limit = wire.mss.max(1).min(rest.len());
            let length = if wire.ragged { 1 + rng.below(limit) } else { limit };
            let (now, later) = rest.split_at(length);
            let seq = self.side(from).next;
            if visible {
                self.send(from, time, seq, PSH | ACK, now);
            }
            self.side(from).next = seq.wrapping_add(length as u32);
            time += 20;
            rest = later;
        }
        if visible && !bytes.is_empty() {
            let seq = self.side(from.other()).next;
            self.send(from.other(), time + 200, seq, ACK, &[]);
        }
        self.free = time;
    }

    /// A message whose middle third reaches the other side, but not the sensor.
    fn torn(&mut self, from: Speaker, at: u64, bytes: &[u8], wire: &Wire, rng: &mut Rng) {
        let third = bytes.len() / 3;
        let (head, rest) = bytes.split_at(third);
        let (middle, tail) = rest.split_at(third);
        self.data(from, at, head, wire, true, rng);
        self.data(from, at, middle, wire, false, rng);
        self.data(from, at, tail, wire, true, rng);
    }

    fn keep_alive(&mut self, from: Speaker, at: u64) {
        let at = at.max(self.free);
        let seq = self.side(from).next.wrapping_sub(1);
        self.send(from, at, seq, ACK, &[0]);
        let seq = self.side(from.other()).next;
        self.send(from.other(), at + 300, seq, ACK, &[]);
    }

    fn close(&mut self, at: u64) {
        let at = at.max(self.free);
        let seq = self.miner.next;
        self.send(Speaker::Miner, at, seq, FIN | ACK, &[]);
        self.miner.next = seq.wrapping_add(1);
        let seq = self.pool.next;
        self.send(Speaker::Pool, at + ONE_WAY, seq, FIN | ACK, &[]);
        self.pool.next = seq.wrapping_add(1);
        self.send(Speaker::Miner, at + 2 * ONE_WAY, self.miner.next, ACK, &[]);
    }
}

fn impair(mut sent: Vec<Sent>, wire: &Wire, rng: &mut Rng) -> Vec<Sent> {
    sent.sort_by_key(|packet| packet.at);
    for index in 1..sent.len() {
        let (early, late) = (&sent[index - 1], &sent[index]);
        let neighbours = early.data && late.data && early.from == late.from;
        let (before, after) = (early.at, late.at);
        if neighbours && after - before <= REORDER && rng.chance(wire.reorder) {
            sent.swap(index - 1, index);
            sent[index - 1].at = before;
            sent[index].at = after;
        }
    }
    let mut again = Vec::new();
    for packet in &sent {
        if packet.data && rng.chance(wire.retransmit) {
            again.push(Sent { at: packet.at + 210_000, ..packet.clone() });
        }
        if wire.duplicates {
            again.push(Sent { at: packet.at + 3, ..packet.clone() });
        }
    }
    sent.append(&mut again);
    sent.retain(|packet| wire.only.is_none_or(|only| only == packet.from));
    sent.sort_by_key(|packet| packet.at);
    sent
}
