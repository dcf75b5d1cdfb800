//! DNS from outside: what counts as DNS on which port, and the same reading as dns-parser's wherever
//! that has one.

use std::net::IpAddr;

use dns_parser::{Packet, RData};
use minewatch::model::Timestamp;
use minewatch::model::chunk::{Chunk, Direction, Interest};
use minewatch::model::event::dns::AnswerData;
use minewatch::model::event::{DnsMessage, Event, EventSink, Moment};
use minewatch::model::flow::{Flow, Transport};
use minewatch::protocol::dns::{DnsDatagrams, DnsStream};
use minewatch::protocol::inspector::Inspector;
use minewatch::protocol::parser::{Context, Next, Parser, Scratch};
use proptest::prelude::*;

use crate::support::flow::flow;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        all_lookups_of_a_socket_pair_are_read,
        something_else_between_lookups_does_not_end_them,
        the_port_of_dns_is_tried_for_ever_and_any_other_four_times_unless_it_is_dns,
        query_and_response_follow_their_bit_and_not_the_direction,
        dns_is_found_on_any_port_but_those_of_the_neighbourhood,
        other_ports_need_a_sound_message,
        both_directions_of_a_connection_are_read_in_pieces,
        whatever_dns_parser_reads_we_read_the_same,
        other_ports_take_hardly_any_random_datagram,
    ]
}

#[derive(Default)]
struct Sink(Vec<DnsMessage>);

impl EventSink for Sink {
    fn event(&mut self, _: &Flow, _: Moment, event: Event<'_>) {
        if let Event::Dns(message) = event {
            self.0.push(message.clone());
        }
    }
}

/// What a parser says of a flow's chunks, and what it wants after the last.
fn read(
    parser: &mut dyn Parser,
    flow: &Flow,
    chunks: &[(Direction, &[u8])],
) -> (Vec<DnsMessage>, Next) {
    let (mut scratch, mut sink) = (Scratch::default(), Sink::default());
    let mut next = Next::More;
    for (packet, (direction, bytes)) in (1..).zip(chunks) {
        let at = Moment { time: Timestamp::ZERO, packet };
        let mut context = Context { flow, at, scratch: &mut scratch, sink: &mut sink };
        let chunk = Chunk { direction: *direction, time: at.time, packet, gap: 0, bytes };
        next = parser.chunk(&mut context, &chunk);
    }
    (sink.0, next)
}

fn datagrams(client: u16, server: u16, chunks: &[(Direction, &[u8])]) -> Vec<DnsMessage> {
    read(&mut DnsDatagrams, &flow(Transport::Udp, client, server), chunks).0
}

/// Whether a flow between these ports that begins with this datagram is DNS.
fn is_dns(client: u16, server: u16, bytes: &[u8]) -> bool {
    !datagrams(client, server, &[(ToServer, bytes)]).is_empty()
}

fn name(text: &str) -> Vec<u8> {
    minewatch_generator::dns::encode(text)
}

fn message(flags: u16, counts: [u16; 4], sections: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0x5a, 0xa5];
    bytes.extend(flags.to_be_bytes());
    bytes.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
    bytes.extend(sections.concat());
    bytes
}

fn question(text: &str, qtype: u16) -> Vec<u8> {
    [&name(text)[..], &qtype.to_be_bytes(), &[0, 1]].concat()
}

fn record(owner: &[u8], rtype: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let head = [owner, &rtype.to_be_bytes(), &[0, 1], &ttl.to_be_bytes()].concat();
    [&head[..], &(data.len() as u16).to_be_bytes(), data].concat()
}

fn query(text: &str) -> Vec<u8> {
    message(0x0100, [1, 0, 0, 0], &[question(text, 1)])
}

fn response(text: &str, address: [u8; 4]) -> Vec<u8> {
    message(0x8180, [1, 1, 0, 0], &[question(text, 1), record(&[0xc0, 12], 1, 60, &address)])
}

use Direction::{ToClient, ToServer};

fn all_lookups_of_a_socket_pair_are_read() {
    let (first, second) = (query("a.example"), query("b.example"));
    let (answer, other) =
        (response("a.example", [192, 0, 2, 1]), response("b.example", [192, 0, 2, 2]));
    let heard = datagrams(
        40000,
        53,
        &[(ToServer, &first), (ToServer, &second), (ToClient, &other), (ToClient, &answer)],
    );
    let names: Vec<(&str, bool)> = heard
        .iter()
        .map(|message| (message.questions[0].name.as_str(), message.response))
        .collect();
    assert_eq!(
        names,
        [("a.example", false), ("b.example", false), ("b.example", true), ("a.example", true)]
    );
}

fn something_else_between_lookups_does_not_end_them() {
    let query = query("a.example");
    let heard =
        datagrams(40000, 53, &[(ToServer, b"?"), (ToServer, &[0xff; 80]), (ToServer, &query)]);
    assert_eq!(heard.len(), 1);
}

/// How many messages are heard of a UDP flow to `port`, as the flow table shows it to an inspector.
fn heard_of(port: u16, datagrams: &[&[u8]]) -> usize {
    let (mut scratch, mut sink) = (Scratch::default(), Sink::default());
    let mut flow = flow(Transport::Udp, 40000, port);
    flow.packets = [0; 2];
    let mut kept = None;
    for (packet, bytes) in (1..).zip(datagrams) {
        flow.packets[0] += 1;
        let at = Moment { time: Timestamp::ZERO, packet };
        let mut context = Context { flow: &flow, at, scratch: &mut scratch, sink: &mut sink };
        let chunk = Chunk { direction: ToServer, time: at.time, packet, gap: 0, bytes };
        let mut inspector = kept.take().or_else(|| Inspector::new(&flow)).expect("of UDP");
        match inspector.chunk(&mut context, &chunk) {
            Interest::More => kept = Some(inspector),
            Interest::Stateless => {}
            Interest::Settled => break,
        }
    }
    sink.0.len()
}

fn the_port_of_dns_is_tried_for_ever_and_any_other_four_times_unless_it_is_dns() {
    let (junk, query) = (&[0xff; 80][..], &query("a.example")[..]);
    assert_eq!(heard_of(53, &[&[junk; 10][..], &[query]].concat()), 1);
    assert_eq!(heard_of(5300, &[junk, junk, junk, query]), 1);
    assert_eq!(heard_of(5300, &[junk, junk, junk, junk, query]), 0);
    assert_eq!(heard_of(5300, &[&[query][..], &[junk; 10], &[query]].concat()), 2);
}

fn query_and_response_follow_their_bit_and_not_the_direction() {
    let answer = response("a.example", [192, 0, 2, 1]);
    assert!(datagrams(53, 40000, &[(ToServer, &answer)])[0].response);
}

fn dns_is_found_on_any_port_but_those_of_the_neighbourhood() {
    let query = query("pool.example");
    for (client, server, expected) in [
        (40000, 53, true),
        (53, 53, true),
        (40000, 5300, true),
        (40000, 443, true),
        (5353, 53, true),
        (5353, 5353, false),
        (40000, 5353, false),
        (40000, 5355, false),
        (137, 137, false),
        (138, 138, false),
    ] {
        assert_eq!(is_dns(client, server, &query), expected, "{client} to {server}");
    }
}

fn other_ports_need_a_sound_message() {
    let sound = response("pool.example", [192, 0, 2, 1]);
    assert!(is_dns(40000, 5300, &sound));
    let mut long = sound.clone();
    long.push(0);
    let mut two_questions = sound.clone();
    two_questions[5] = 2;
    let mut opcode = sound.clone();
    opcode[2] |= 0x78;
    let mut class = sound.clone();
    class[28] = 0x77;
    for (what, bytes) in [
        ("longer", &long[..]),
        ("shorter", &sound[..sound.len() - 1]),
        ("two questions", &two_questions),
        ("opcode 15", &opcode),
        ("class", &class),
        ("a header alone", &message(0x8181, [0; 4], &[])),
        ("nothing", &[]),
    ] {
        assert!(!is_dns(40000, 5300, bytes), "{what}");
    }
    for bytes in [&long[..], &sound[..sound.len() - 1], &two_questions, &class] {
        assert!(is_dns(40000, 53, bytes));
    }
}

fn both_directions_of_a_connection_are_read_in_pieces() {
    let framed = |message: Vec<u8>| [&(message.len() as u16).to_be_bytes()[..], &message].concat();
    let queries = [framed(query("a.example")), framed(query("b.example"))].concat();
    let answers = framed(response("a.example", [192, 0, 2, 1]));
    let mut chunks: Vec<(Direction, &[u8])> = Vec::new();
    for (queries, answers) in queries.chunks(7).zip(answers.chunks(5)) {
        chunks.push((ToServer, queries));
        chunks.push((ToClient, answers));
    }
    let flow = flow(Transport::Tcp, 40000, 53);
    let (heard, next) = read(&mut DnsStream::default(), &flow, &chunks);
    assert_eq!(next, Next::More);
    assert_eq!(heard.iter().filter(|message| message.response).count(), 1);
    assert_eq!(heard.iter().filter(|message| !message.response).count(), 2);
}

/// Names as they may be asked for: also odd ones.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9_-]{1,20}(\\.[a-z0-9]{1,12}){0,5}", Just(String::new())]
}

/// A resource record; its owner is the question or a name of its own.
fn any_record() -> impl Strategy<Value = Vec<u8>> {
    let owner = prop_oneof![Just(vec![0xc0, 12]), any_name().prop_map(|text| name(&text))];
    let data = prop_oneof![
        prop::array::uniform4(any::<u8>()).prop_map(|a| (1, a.to_vec())),
        prop::array::uniform16(any::<u8>()).prop_map(|a| (28, a.to_vec())),
        any_name().prop_map(|text| (5, name(&text))),
        Just((5, b"\x03cdn\xc0\x0c".to_vec())),
        any_name().prop_map(|text| (15, [&[0, 10], &name(&text)[..]].concat())),
        Just((16, b"\x05hello".to_vec())),
        (any::<u16>(), prop::collection::vec(any::<u8>(), 0..20)),
    ];
    (owner, data, any::<u32>())
        .prop_map(|(owner, (rtype, data), ttl)| record(&owner, rtype, ttl, &data))
}

fn any_message() -> impl Strategy<Value = Vec<u8>> {
    let questions = prop::collection::vec((any_name(), 0u16..40), 0..3);
    let records = prop::collection::vec(any_record(), 0..8);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    (any::<u16>(), questions, records, changes, any::<bool>()).prop_map(
        |(flags, questions, records, changes, is_changed)| {
            let counts = [questions.len() as u16, records.len() as u16, 0, 0];
            let questions = questions.iter().flat_map(|(text, qtype)| question(text, *qtype));
            let mut bytes = message(flags, counts, &[questions.collect(), records.concat()]);
            if is_changed {
                for (index, value) in changes {
                    let index = index.index(bytes.len());
                    bytes[index] = value;
                }
            }
            bytes
        },
    )
}

/// A TTL with its first bit set counts as zero in RFC 2181 §8, and as very long in RFC 8767 §4.
fn usual(ttl: u32) -> u32 {
    if ttl > i32::MAX as u32 { 0 } else { ttl }
}

/// Text in the form of dns-parser, which escapes nothing, for names that need no escape.
fn plain(name: &dns_parser::Name<'_>) -> Option<String> {
    let text = name.to_string().to_lowercase();
    // It writes a dot inside a label like one between labels.
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\').then_some(text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    fn whatever_dns_parser_reads_we_read_the_same(bytes in any_message()) {
        let Ok(theirs) = Packet::parse(&bytes) else { return Ok(()) };
        let heard = datagrams(40000, 53, &[(ToServer, &bytes)]);
        let Some(ours) = heard.first() else {
            // It takes headers that no DNS software writes.
            return Ok(());
        };
        // Its names may be longer than 255 octets, ours not.
        if ours.anomalies.bad_name {
            return Ok(());
        }
        prop_assert_eq!(ours.id, theirs.header.id);
        prop_assert_eq!(ours.response, !theirs.header.query);
        prop_assert_eq!(ours.truncated, theirs.header.truncated);
        prop_assert_eq!(ours.questions.len(), theirs.questions.len());
        for (ours, theirs) in ours.questions.iter().zip(&theirs.questions) {
            prop_assert_eq!(ours.qtype, theirs.qtype as u16);
            if let Some(text) = plain(&theirs.qname) {
                prop_assert_eq!(ours.name.replace("\\046", "."), text);
            }
        }
        let addresses: Vec<(u32, IpAddr)> = theirs.answers.iter().filter_map(|record| match record.data {
            RData::A(address) => Some((record.ttl, address.0.into())),
            RData::AAAA(address) => Some((record.ttl, address.0.into())),
            _ => None,
        }).collect();
        let ours: Vec<(u32, IpAddr)> = ours.answers.iter().filter_map(|record| match record.data {
            AnswerData::Address(ip) => Some((usual(record.ttl), ip)),
            _ => None,
        }).collect();
        prop_assert_eq!(ours, addresses);
    }

    fn other_ports_take_hardly_any_random_datagram(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(!is_dns(40000, 50000, &bytes));
        is_dns(40000, 53, &bytes);
    }
}
