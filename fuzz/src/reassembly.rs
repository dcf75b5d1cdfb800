//! A few TCP connections, made from the fuzzer's bytes, and what must hold for their chunks.
//!
//! The byte at a sequence number is always the same, so that each chunk tells whether it is right.
//! A record of the input is a control byte, an offset of two bytes and a length of one; see [`run`].

use std::collections::HashMap;
use std::time::Duration;

use minewatch::flow::{FlowLimits, FlowTable, Visitor};
use minewatch::model::chunk::Interest;
use minewatch::model::flow::FlowEnd;
use minewatch::model::segment::{TcpFlags, TcpHeader, TransportHeader};
use minewatch::model::{
    Chunk, Endpoint, Flow, FlowKey, LinkInfo, Segment, Side, Timestamp, Transport,
};

use crate::Reader;

/// The first sequence numbers: close to where they wrap around.
const ISN: u32 = u32::MAX - 20_000;
/// Longest payload: as in a jumbo frame.
const MAX_PAYLOAD: usize = 255 * 32;

fn byte_at(seq: u32) -> u8 {
    (seq.wrapping_mul(0x9e37_79b1) >> 24) as u8
}

/// Runs a flow table over the segments in `input`.
pub fn run(input: &[u8]) {
    let mut input = Reader(input);
    let Some(options) = input.byte() else { return };
    let memory = if options & 1 == 0 { 1 << 20 } else { 8 << 10 };
    let out_of_order = if options & 2 == 0 { 64 << 10 } else { 2 << 10 };
    let mut table = FlowTable::new(FlowLimits { memory, out_of_order, ..FlowLimits::default() });
    let mut watch = Watch::default();
    let mut time = Timestamp::from_parts(1_700_000_000, 0);
    let mut payload = Vec::with_capacity(MAX_PAYLOAD);
    let mut packet = 0;
    while let (Some(control), Some(offset), Some(length)) =
        (input.byte(), input.word(), input.byte())
    {
        packet += 1;
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
        let seq = ISN.wrapping_add(offset.into());
        let syn = flags & TcpFlags::SYN != 0;
        let first = if syn { seq.wrapping_add(1) } else { seq };
        payload.clear();
        payload.extend((0..u32::from(length) * 32).map(|i| byte_at(first.wrapping_add(i))));
        let client =
            Endpoint { ip: [10, 0, 0, 7].into(), port: 40_000 + u16::from(control >> 1 & 1) };
        let server = Endpoint { ip: [198, 51, 100, 9].into(), port: 3333 };
        let ends = if control & 1 == 0 { (client, server) } else { (server, client) };
        let (key, from): (FlowKey, Side) = FlowKey::new(ends.0, ends.1, Transport::Tcp, 0);
        let header = TcpHeader {
            seq,
            ack: ISN.wrapping_add(u32::from(offset) * 2),
            flags: TcpFlags(flags),
            window: 65_535,
        };
        let segment = Segment {
            packet,
            time,
            key,
            from,
            link: LinkInfo::default(),
            header: TransportHeader::Tcp(header),
            payload: &payload,
            missing: if control & 0x10 != 0 { u32::from(offset & 0x3ff) } else { 0 },
            wire_len: 54 + payload.len() as u32,
        };
        watch.sent.push((first, payload.len()));
        table.process(&segment, &mut watch);
        if control & 0x40 != 0 {
            table.advance(time, packet, &mut watch);
        }
        let held = table.stats().buffered_bytes as usize;
        assert!(held <= memory / 4 + MAX_PAYLOAD, "{held} bytes are held back");
    }
    table.finish(packet, &mut watch);
    assert_eq!(table.stats().buffered_bytes, 0);
    assert_eq!(table.stats().active, 0);
    assert!(watch.open.is_empty(), "flows without an end");
}

/// What a flow has delivered.
#[derive(Default)]
struct Delivered {
    /// Sequence number behind the last byte, by direction.
    next: [Option<u32>; 2],
    gaps: [u64; 2],
}

#[derive(Default)]
struct Watch {
    /// First sequence number and length of the payload of each packet, from packet 1.
    sent: Vec<(u32, usize)>,
    /// Flows that have not ended, with whether they were begun.
    open: HashMap<u64, bool>,
}

impl Visitor for Watch {
    type State = Delivered;

    fn opened(&mut self, flow: &Flow, packet: u64) {
        assert_eq!(flow.id, packet);
        assert!(self.open.insert(flow.id, false).is_none(), "opened twice");
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
        state.gaps[index] += chunk.gap;
        assert_eq!(flow.lost, state.gaps);
        // Some flows are settled at some point.
        let settled = flow.id.is_multiple_of(5) && chunk.bytes.len().is_multiple_of(7);
        if settled { Interest::Settled } else { Interest::More }
    }

    fn closed(
        &mut self,
        flow: &Flow,
        state: Option<&mut Delivered>,
        _: FlowEnd,
        _: Timestamp,
        _: u64,
    ) {
        let begun = self.open.remove(&flow.id).expect("closed once");
        if let Some(state) = state {
            assert!(begun);
            assert_eq!(flow.lost, state.gaps);
        }
    }
}
