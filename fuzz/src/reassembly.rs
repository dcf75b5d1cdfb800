//! A few TCP connections, made from the fuzzer's bytes, and what must hold for their chunks.
//!
//! The byte at a sequence number is always the same, so that each chunk tells whether it is right.
//! A record of the input is a control byte, an offset of two bytes and a length of one (in units of 32
//! bytes).

use std::collections::HashMap;
use std::time::Duration;

use minewatch::flow::{FlowLimits, FlowTable, FlowHandler};
use minewatch::model::chunk::Interest;
use minewatch::model::event::Moment;
use minewatch::model::flow::FlowEndReason;
use minewatch::model::segment::{SegmentHead, SegmentRecord, TcpFlags, TcpHeader, TransportHeader};
use minewatch::model::{Chunk, Direction, Endpoint, Flow, FlowKey, LinkInfo, Timestamp, Transport};

use crate::Reader;

/// The first sequence numbers: close to where they wrap around.
const ISN: u32 = u32::MAX - 20_000;
/// Longest payload: as in a jumbo frame.
const MAX_PAYLOAD: usize = 255 * 32;

fn byte_at(seq: u32) -> u8 {
    (seq.wrapping_mul(0x9e37_79b1) >> 24) as u8
}

/// A segment to be.
struct Plan {
    time: Timestamp,
    from_client: bool,
    client_port: u16,
    header: TcpHeader,
    payload: Vec<u8>,
    missing: u32,
    /// Packet time is made known to the table behind it.
    advance: bool,
}

/// Runs flow tables over the segments in `input`: one by one and in batches, which must not differ.
pub fn run(input: &[u8]) {
    let mut input = Reader(input);
    let Some(options) = input.byte() else { return };
    let memory = if options & 1 == 0 { 1 << 20 } else { 8 << 10 };
    let out_of_order = if options & 2 == 0 { 64 << 10 } else { 2 << 10 };
    let limits = FlowLimits { memory, out_of_order, ..FlowLimits::default() };
    let plans = plans(&mut input);
    let one_by_one = watch(&plans, &limits, 1);
    let in_batches = watch(&plans, &limits, usize::from(options >> 2) + 2);
    assert_eq!(one_by_one, in_batches, "batches make a difference");
}

fn plans(input: &mut Reader<'_>) -> Vec<Plan> {
    let mut time = Timestamp::from_parts(1_700_000_000, 0);
    let mut plans = Vec::new();
    while let (Some(control), Some(offset), Some(length)) =
        (input.byte(), input.word(), input.byte())
    {
        if control & 0x20 != 0 {
            time = time.plus(Duration::from_millis(u64::from(length) * 50));
        }
        let flags = match control >> 2 & 3 {
            0 => TcpFlags::ACK,
            1 if control & 1 == 0 => TcpFlags::SYN,
            1 => TcpFlags::SYN | TcpFlags::ACK,
            2 => TcpFlags::FIN | TcpFlags::ACK,
            _ => TcpFlags::RST,
        };
        let flags = TcpFlags(flags);
        let seq = ISN.wrapping_add(offset.into());
        let first = first_byte(seq, flags);
        let header = TcpHeader { seq, ack: ISN.wrapping_add(u32::from(offset) * 2), flags };
        plans.push(Plan {
            time,
            from_client: control & 1 == 0,
            client_port: 40_000 + u16::from(control >> 1 & 1),
            header,
            payload: (0..u32::from(length) * 32).map(|i| byte_at(first.wrapping_add(i))).collect(),
            missing: if control & 0x10 != 0 { u32::from(offset & 0x3ff) } else { 0 },
            advance: control & 0x40 != 0,
        });
    }
    plans
}

/// The number of a segment's first byte: a SYN takes one for itself.
fn first_byte(seq: u32, flags: TcpFlags) -> u32 {
    if flags.syn() { seq.wrapping_add(1) } else { seq }
}

fn head(packet: u64, plan: &Plan) -> SegmentHead {
    let client = Endpoint { ip: [10, 0, 0, 7].into(), port: plan.client_port };
    let server = Endpoint { ip: [198, 51, 100, 9].into(), port: 3333 };
    let ends = if plan.from_client { (client, server) } else { (server, client) };
    let (key, from) = FlowKey::new(ends.0, ends.1, Transport::Tcp, 0);
    SegmentHead {
        packet,
        time: plan.time,
        key,
        from,
        link: LinkInfo::default(),
        header: TransportHeader::Tcp(plan.header),
        missing: plan.missing,
        wire_len: 54 + plan.payload.len() as u32,
    }
}

/// What a table says of the segments, `batch` of which it gets at a time.
fn watch(plans: &[Plan], limits: &FlowLimits, batch: usize) -> Vec<Heard> {
    let mut table = FlowTable::new(limits.clone());
    let sent = plans
        .iter()
        .map(|plan| (first_byte(plan.header.seq, plan.header.flags), plan.payload.len()));
    let mut watch = Watch { sent: sent.collect(), ..Watch::default() };
    let mut packet = 0;
    // Time passes between batches only.
    for plans in plans.split_inclusive(|plan| plan.advance) {
        for plans in plans.chunks(batch) {
            let (mut records, mut bytes) = (Vec::new(), Vec::new());
            for plan in plans {
                packet += 1;
                let (offset, length) = (bytes.len() as u32, plan.payload.len() as u32);
                records.push(SegmentRecord { head: head(packet, plan), offset, length });
                bytes.extend_from_slice(&plan.payload);
            }
            table.process(records.iter(), &bytes, &mut watch);
            let held = table.stats().buffered_bytes as usize;
            assert!(held <= limits.memory / 4 + MAX_PAYLOAD, "{held} bytes are held back");
        }
        if let Some(plan) = plans.last().filter(|plan| plan.advance) {
            table.advance(Moment { time: plan.time, packet }, &mut watch);
        }
    }
    table.finish(packet, &mut watch);
    assert_eq!(table.stats().buffered_bytes, 0);
    assert_eq!(table.stats().active, 0);
    assert!(watch.open.is_empty(), "flows without an end");
    watch.heard
}

/// What a table says: in which packet, of which flow, and what.
type Heard = (u64, u64, What);

#[derive(Debug, PartialEq, Eq)]
enum What {
    Opened,
    Chunk { direction: Direction, gap: u64, length: usize },
    Closed(FlowEndReason),
}

/// What a flow has delivered.
#[derive(Default)]
struct Delivered {
    /// Sequence number behind the last byte, by direction.
    next: [Option<u32>; 2],
}

#[derive(Default)]
struct Watch {
    /// First sequence number and length of the payload of each packet, from packet 1.
    sent: Vec<(u32, usize)>,
    /// Flows that have not ended, with whether they were begun.
    open: HashMap<u64, bool>,
    heard: Vec<Heard>,
}

impl FlowHandler for Watch {
    type State = Delivered;

    fn opened(&mut self, flow: &Flow, packet: u64) {
        assert_eq!(flow.id, packet);
        assert!(self.open.insert(flow.id, false).is_none(), "opened twice");
        self.heard.push((packet, flow.id, What::Opened));
    }

    fn begin(&mut self, flow: &Flow) -> Option<Delivered> {
        let begun = self.open.get_mut(&flow.id).expect("an open flow");
        assert!(!std::mem::replace(begun, true), "begun twice");
        Some(Delivered::default())
    }

    fn chunk(&mut self, flow: &Flow, state: &mut Delivered, chunk: &Chunk<'_>) -> Interest {
        assert!(self.open.contains_key(&flow.id), "a chunk behind the end");
        assert!(!chunk.bytes.is_empty());
        // A chunk is the part of its packet's payload that is new, and that is its end.
        let (first, length) = self.sent[chunk.packet as usize - 1];
        let skipped = length.checked_sub(chunk.bytes.len()).expect("no more than was sent");
        let begins = first.wrapping_add(skipped as u32);
        for (seq, &byte) in (0..).map(|i| begins.wrapping_add(i)).zip(chunk.bytes) {
            assert_eq!(byte, byte_at(seq));
        }
        let index = chunk.direction.index();
        if let Some(next) = state.next[index] {
            assert_eq!(next.wrapping_add(chunk.gap as u32), begins, "neither in order nor a gap");
        }
        state.next[index] = Some(begins.wrapping_add(chunk.bytes.len() as u32));
        let (direction, gap, length) = (chunk.direction, chunk.gap, chunk.bytes.len());
        self.heard.push((chunk.packet, flow.id, What::Chunk { direction, gap, length }));
        // Some flows are settled at some point.
        let settled = flow.id.is_multiple_of(5) && chunk.bytes.len().is_multiple_of(7);
        if settled { Interest::Settled } else { Interest::More }
    }

    fn closed(&mut self, flow: &Flow, state: Option<&mut Delivered>, end: FlowEndReason, at: Moment) {
        self.heard.push((at.packet, flow.id, What::Closed(end)));
        let begun = self.open.remove(&flow.id).expect("closed once");
        assert!(begun || state.is_none());
    }
}
