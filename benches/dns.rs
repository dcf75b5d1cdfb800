//! Reading DNS messages, beside `dns-parser` with the text of the question (brief) or of all owners.

#[path = "../tests/support/flow.rs"]
mod flow;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use dns_parser::Packet;
use minewatch::model::event::{Event, EventSink, Moment};
use minewatch::model::flow::{Flow, Transport};
use minewatch::model::{Chunk, Direction};
use minewatch::protocol::dns::DnsDatagrams;
use minewatch::protocol::parser::{Context, Parser, Scratch};

/// Name of 27 bytes; 44 bytes in all, as queries have on average.
const QUESTION: &[u8] = b"\x03www\x06search\x0bexample-cdn\x03net\0\0\x01\0\x01";
const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0";
const RESPONSE: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x05\0\0\0\x01";
/// A CNAME to a name in the same domain, and four addresses of it.
const ALIAS: &[u8] = b"\xc0\x0c\0\x05\0\x01\0\0\x01\x2c\0\x07\x04edge\xc0\x17";
const ADDRESS: &[u8] = b"\xc0\x38\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07";
const OPT: &[u8] = b"\0\0\x29\x04\xd0\0\0\0\0\0\0";

struct Count(u64);

impl EventSink for Count {
    fn event(&mut self, _: &Flow, _: Moment, event: Event<'_>) {
        if let Event::Dns(message) = black_box(event) {
            self.0 += message.questions.len() as u64;
        }
    }
}

fn messages(c: &mut Criterion) {
    let query = [QUERY, QUESTION].concat();
    let response = [RESPONSE, QUESTION, ALIAS, &ADDRESS.repeat(4), OPT].concat();
    let flow = flow::flow(Transport::Udp, 40000, 53);
    let at = Moment::default();
    let mut group = c.benchmark_group("dns");
    for (what, bytes) in [("query", &query), ("response", &response)] {
        for (how, brief) in [("", false), (", brief", true)] {
            let mut scratch = Scratch { brief, ..Scratch::default() };
            let mut sink = Count(0);
            let chunk = |bytes| Chunk {
                direction: Direction::ToServer,
                time: at.time,
                packet: at.packet,
                gap: 0,
                bytes,
            };
            group.bench_function(format!("{what}{how}"), |b| {
                b.iter(|| {
                    let mut context =
                        Context { flow: &flow, at, scratch: &mut scratch, sink: &mut sink };
                    DnsDatagrams.chunk(&mut context, &chunk(black_box(bytes)))
                });
            });
            assert!(sink.0 > 0);
        }
        assert!(Packet::parse(bytes).is_ok());
        group.bench_function(format!("{what}, brief, dns-parser"), |b| {
            b.iter(|| {
                Packet::parse(black_box(bytes)).map(|packet| packet.questions[0].qname.to_string())
            });
        });
        group.bench_function(format!("{what}, dns-parser"), |b| {
            b.iter(|| {
                Packet::parse(black_box(bytes)).map(|packet| {
                    let asked = packet.questions.iter().map(|question| &question.qname);
                    let owners = packet.answers.iter().map(|record| &record.name);
                    asked.chain(owners).map(ToString::to_string).collect::<Vec<_>>()
                })
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(std::time::Duration::from_secs(2));
    targets = messages
}
criterion_main!(benches);
