//! Flows from segments: what is opened, delivered and ended, in which order.

use std::time::Duration;

use minewatch::flow::{FlowHandler, FlowLimits, FlowTable};
use minewatch::model::chunk::{Chunk, Direction, Interest};
use minewatch::model::event::Moment;
use minewatch::model::flow::{Flow, FlowEndReason, FlowEnds};
use minewatch::model::segment::{SegmentHead, SegmentRecord, TcpFlags, TcpHeader, TransportHeader};
use minewatch::model::{Endpoint, FlowKey, LinkInfo, Timestamp, Transport};
use proptest::prelude::*;

use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        a_connection_from_handshake_to_close,
        data_on_a_syn_comes_first_and_a_keep_alive_byte_is_old,
        a_late_start_has_the_lower_port_for_its_server,
        the_same_ends_may_meet_again,
        a_reset_ends_the_flow_and_the_same_syn_begins_another,
        a_reset_that_no_receiver_would_believe_is_passed_over,
        bytes_that_never_come_are_told_when_they_were_waited_for,
        when_the_input_has_ended_time_may_still_pass,
        silence_ends_flows_in_the_order_of_their_first_packets,
        the_memory_budget_holds_under_a_flood_of_flows,
        a_flood_of_connections_does_not_displace_one_that_talks,
        segments_in_batches_and_one_by_one_give_the_same,
    ]
}

const SYN: u8 = TcpFlags::SYN;
const ACK: u8 = TcpFlags::ACK;
const FIN: u8 = TcpFlags::FIN;
const RST: u8 = TcpFlags::RST;

/// Writes down what happens, a line each.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
    /// Flows are settled after so many chunks; 0: never.
    patience: usize,
}

impl FlowHandler for Log {
    type State = usize;

    fn opened(&mut self, flow: &Flow, packet: u64) {
        let late = if flow.midstream() { " late" } else { "" };
        self.lines.push(format!("open {} by {} at {packet}{late}", flow.id, flow.client().port));
    }

    fn begin(&mut self, _: &Flow) -> Option<usize> {
        Some(0)
    }

    fn chunk(&mut self, flow: &Flow, chunks: &mut usize, chunk: &Chunk<'_>) -> Interest {
        let way = if chunk.direction == Direction::ToServer { '>' } else { '<' };
        let text = String::from_utf8_lossy(chunk.bytes);
        let gap = if chunk.gap > 0 { format!(" after {} lost", chunk.gap) } else { String::new() };
        self.lines.push(format!("{} {way} {text}{gap}", flow.id));
        *chunks += 1;
        if *chunks == self.patience { Interest::Settled } else { Interest::More }
    }

    fn closed(&mut self, flow: &Flow, _: Option<&mut usize>, end: FlowEndReason, _: Moment) {
        self.lines.push(format!("close {} {end:?} {:?}", flow.id, flow.packets));
    }
}

/// Packet time, in seconds from the start of the tests, and the packet that shows it.
fn moment(seconds: u64, packet: u64) -> Moment {
    Moment { time: Timestamp::from_parts(1_700_000_000 + seconds, 0), packet }
}

type Segment<'a> = (SegmentHead, &'a [u8]);

/// A segment of the connection between client port `port` and port 3333.
fn segment(packet: u64, port: u16, back: bool, flags: u8, seq: u32, payload: &[u8]) -> Segment<'_> {
    let client = Endpoint { ip: "10.0.0.7".parse().unwrap(), port };
    let server = Endpoint { ip: "198.51.100.9".parse().unwrap(), port: 3333 };
    let (src, dst) = if back { (server, client) } else { (client, server) };
    let (key, from) = FlowKey::new(src, dst, Transport::Tcp, 0);
    let header = TcpHeader { seq, ack: 0, flags: TcpFlags(flags) };
    let head = SegmentHead {
        packet,
        time: Timestamp::from_parts(1_700_000_000, packet * 1_000_000),
        key,
        from,
        link: LinkInfo::default(),
        header: TransportHeader::Tcp(header),
        missing: 0,
        wire_len: 60 + payload.len() as u32,
    };
    (head, payload)
}

/// Gives a table some segments at once.
fn process(table: &mut FlowTable<usize>, segments: &[Segment<'_>], log: &mut Log) {
    let (mut records, mut bytes) = (Vec::new(), Vec::new());
    for (head, payload) in segments {
        let (offset, length) = (bytes.len() as u32, payload.len() as u32);
        records.push(SegmentRecord { head: *head, offset, length });
        bytes.extend_from_slice(payload);
    }
    table.process(records.iter(), &bytes, log);
}

fn play(segments: &[Segment<'_>]) -> Vec<String> {
    let (mut table, mut log) = (FlowTable::new(FlowLimits::default()), Log::default());
    process(&mut table, segments, &mut log);
    table.finish(99, &mut log);
    log.lines
}

fn a_connection_from_handshake_to_close() {
    let lines = play(&[
        segment(1, 5000, false, SYN, 100, b""),
        segment(2, 5000, true, SYN | ACK, 500, b""),
        segment(3, 5000, false, ACK, 101, b"login"),
        segment(4, 5000, true, ACK, 501, b"job"),
        segment(5, 5000, false, ACK, 101, b"login"), // again
        segment(6, 5000, false, FIN | ACK, 106, b""),
        segment(7, 5000, true, FIN | ACK, 504, b""),
        segment(8, 5000, false, ACK, 107, b""), // opens nothing
    ]);
    assert_eq!(lines, ["open 1 by 5000 at 1", "1 > login", "1 < job", "close 1 Closed [4, 3]"]);
}

fn data_on_a_syn_comes_first_and_a_keep_alive_byte_is_old() {
    let lines = play(&[
        segment(1, 5000, false, SYN, 100, b"fast"),
        segment(2, 5000, false, ACK, 104, b"\0"), // one garbage byte before the next
        segment(3, 5000, false, ACK, 105, b"open"),
    ]);
    assert_eq!(lines[1..3], ["1 > fast", "1 > open"]);
}

fn a_late_start_has_the_lower_port_for_its_server() {
    let lines = play(&[segment(1, 5000, true, ACK, 500, b"job")]);
    assert_eq!(lines[..2], ["open 1 by 5000 at 1 late", "1 < job"]);
}

fn the_same_ends_may_meet_again() {
    let lines = play(&[
        segment(1, 5000, false, SYN, 100, b""),
        segment(2, 5000, false, ACK, 101, b"one"),
        segment(3, 5000, false, SYN, 9000, b""),
        segment(4, 5000, false, ACK, 9001, b"two"),
    ]);
    assert_eq!(lines[1..5], ["1 > one", "close 1 Reused [2, 0]", "open 3 by 5000 at 3", "3 > two"]);
}

fn a_reset_ends_the_flow_and_the_same_syn_begins_another() {
    // The client resets a connection that the server still remembered, and tries again.
    let lines = play(&[
        segment(1, 5000, false, SYN, 100, b""),
        segment(2, 5000, true, ACK, 7, b""),
        segment(3, 5000, false, RST, 7, b""),
        segment(4, 5000, false, SYN, 100, b""),
        segment(5, 5000, false, ACK, 101, b"login"),
    ]);
    assert_eq!(lines[1], "close 1 Closed [2, 1]");
    assert_eq!(lines[2..4], ["open 4 by 5000 at 4", "4 > login"]);
}

fn a_reset_that_no_receiver_would_believe_is_passed_over() {
    let lines = play(&[
        segment(1, 5000, false, SYN, 100, b""),
        segment(2, 5000, false, ACK, 101, b"lo"),
        segment(3, 5000, false, RST, 50_000_000, b""),
        segment(4, 5000, false, ACK, 103, b"gin"),
    ]);
    assert_eq!(lines[1..], ["1 > lo", "1 > gin", "close 1 Input [4, 0]"]);
}

fn bytes_that_never_come_are_told_when_they_were_waited_for() {
    let (mut table, mut log) = (FlowTable::new(FlowLimits::default()), Log::default());
    process(
        &mut table,
        &[
            segment(1, 5000, false, SYN, 100, b""),
            segment(2, 5000, false, ACK, 101, b"one"),
            segment(3, 5000, false, ACK, 109, b"three"),
        ],
        &mut log,
    );
    assert_eq!(log.lines.len(), 2);
    table.advance(moment(10, 3), &mut log);
    assert_eq!(log.lines[2], "1 > three after 5 lost");
}

fn when_the_input_has_ended_time_may_still_pass() {
    let (mut table, mut log) = (FlowTable::new(FlowLimits::default()), Log::default());
    let early = segment(2, 5000, false, ACK, 109, b"three");
    process(&mut table, &[segment(1, 5000, false, SYN, 100, b""), early], &mut log);
    table.finish(2, &mut log);
    let lines = log.lines.clone();
    table.advance(moment(10, 3), &mut log);
    assert_eq!(log.lines, lines);
    assert_eq!(table.stats().active, 0);
}

fn silence_ends_flows_in_the_order_of_their_first_packets() {
    let limits = FlowLimits { tcp_unanswered: Duration::from_secs(10), ..FlowLimits::default() };
    let (mut table, mut log) = (FlowTable::new(limits), Log::default());
    for port in 1..=40u16 {
        let syn = segment(port.into(), 5000 + port, false, SYN, 100, b"");
        process(&mut table, &[syn], &mut log);
    }
    log.lines.clear();
    table.advance(moment(100, 40), &mut log);
    let expected: Vec<_> = (1..=40).map(|id| format!("close {id} Timeout [1, 0]")).collect();
    assert_eq!(log.lines, expected);
    assert_eq!(table.stats().active, 0);
}

fn the_memory_budget_holds_under_a_flood_of_flows() {
    let limits = FlowLimits { memory: 1 << 20, ..FlowLimits::default() };
    let (mut table, mut log) = (FlowTable::new(limits), Log::default());
    let mut packet = 0;
    for flood in 0..20u16 {
        for port in 0..2000u16 {
            packet += 1;
            let syn = segment(packet, flood * 2000 + port, false, SYN, 1, b"");
            process(&mut table, &[syn], &mut log);
            assert!(table.stats().active as usize <= table.capacity());
        }
    }
    assert!(table.stats().evicted > 0);
    assert!(table.capacity() * 128 <= 1 << 20, "a flow takes more than 128 bytes");
}

fn a_flood_of_connections_does_not_displace_one_that_talks() {
    let limits = FlowLimits { memory: 1 << 20, ..FlowLimits::default() };
    let (mut table, mut log) = (FlowTable::new(limits), Log::default());
    let open = [
        segment(1, 65_000, false, SYN, 100, b""),
        segment(2, 65_000, true, SYN | ACK, 500, b""),
        segment(3, 65_000, false, ACK, 101, b"login"),
    ];
    process(&mut table, &open, &mut log);
    for packet in 4..40_000u16 {
        let syn = segment(packet.into(), packet, false, SYN, 1, b"");
        process(&mut table, &[syn], &mut log);
    }
    assert!(table.stats().evicted > 10_000);
    process(&mut table, &[segment(40_000, 65_000, true, ACK, 501, b"job")], &mut log);
    assert_eq!(log.lines.last().map(String::as_str), Some("1 < job"));
}

proptest! {
    /// Looking segments up together changes nothing.
    fn segments_in_batches_and_one_by_one_give_the_same(
        plan in prop::collection::vec(
            (0u16..12, any::<bool>(), prop::sample::select(vec![SYN, ACK, ACK, ACK, FIN | ACK, RST]), 0u32..40, 0usize..8),
            0..300,
        ),
        patience in 0usize..4,
        cut in 1usize..80,
    ) {
        let text = b"abcdefgh";
        let segments: Vec<Segment<'_>> = (1..)
            .zip(&plan)
            .map(|(packet, &(port, back, flags, seq, length))| {
                segment(packet, 5000 + port, back, flags, seq, &text[..length])
            })
            .collect();
        let run = |size: usize| {
            let mut log = Log { patience, ..Log::default() };
            let mut table = FlowTable::new(FlowLimits::default());
            segments.chunks(size).for_each(|some| process(&mut table, some, &mut log));
            table.finish(999, &mut log);
            (log.lines, table.stats().clone())
        };
        prop_assert_eq!(run(1), run(cut));
    }
}
