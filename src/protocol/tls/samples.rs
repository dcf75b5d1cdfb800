//! Samples for the tests of TLS and QUIC: hellos, certificates, and a flow that collects events.

use super::der;
use super::record::HANDSHAKE;
use crate::model::Timestamp;
use crate::model::chunk::{Chunk, Direction};
use crate::model::event::{ClientHello, Event, EventSink, Moment, QuicInitial, TlsHandshake};
use crate::model::flow::{Endpoint, Flow, FlowKey, Transport};
use crate::protocol::parser::{Context, Next, Parser, Scratch};

pub(crate) fn record(content: u8, fragment: &[u8]) -> Vec<u8> {
    [&[content, 3, 3], &length::<2>(fragment)[..], fragment].concat()
}

pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &length::<3>(body)[..], body].concat()
}

/// Returns a message in a record of its own.
pub(crate) fn flight(kind: u8, body: &[u8]) -> Vec<u8> {
    record(HANDSHAKE, &message(kind, body))
}

/// Returns a vector whose length field has `N` bytes.
pub(crate) fn vector<const N: usize>(bytes: &[u8]) -> Vec<u8> {
    [&length::<N>(bytes)[..], bytes].concat()
}

fn length<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.len().to_be_bytes().last_chunk().unwrap()
}

pub(crate) fn numbers(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// Returns the data of a `server_name` extension.
pub(crate) fn server_name(name: &str) -> Vec<u8> {
    vector::<2>(&[&[0], &vector::<2>(name.as_bytes())[..]].concat())
}

/// Returns the body of a ClientHello.
pub(crate) fn client_hello(suites: &[u16], extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = numbers(&[0x0303]);
    body.extend([0x5a; 32]);
    body.extend(vector::<1>(&[7; 32]));
    body.extend(vector::<2>(&numbers(suites)));
    body.extend(vector::<1>(&[0]));
    body.extend(vector::<2>(&extension_list(extensions)));
    body
}

fn extension_list(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    extensions
        .iter()
        .flat_map(|(kind, data)| [&kind.to_be_bytes()[..], &vector::<2>(data)].concat())
        .collect()
}

/// Returns the body of a ClientHello like that of a current browser, with GREASE.
pub(crate) fn usual_hello(name: &str) -> Vec<u8> {
    client_hello(
        &[0x3a3a, 0x1301, 0x1302, 0xc02f],
        &[
            (0x8a8a, vec![]),
            (0, server_name(name)),
            (10, vector::<2>(&numbers(&[0xbaba, 0x11ec, 0x001d, 0x0017]))),
            (11, vector::<1>(&[0])),
            (13, vector::<2>(&numbers(&[0x0403, 0x0804]))),
            (16, vector::<2>(&[vector::<1>(b"h2"), vector::<1>(b"http/1.1")].concat())),
            (43, vector::<1>(&numbers(&[0x5a5a, 0x0304, 0x0303]))),
            (51, vector::<2>(&[numbers(&[0x001d]), vector::<2>(&[9; 32])].concat())),
        ],
    )
}

/// Returns the body of a ServerHello; `version` is in `supported_versions` if it is TLS 1.3.
pub(crate) fn server_hello(version: u16, random: [u8; 32]) -> Vec<u8> {
    let mut body = numbers(&[version.min(0x0303)]);
    body.extend(random);
    body.extend(vector::<1>(&[7; 32]));
    body.extend(numbers(&[if version == 0x0304 { 0x1301 } else { 0xc02f }]));
    body.push(0);
    let extensions = match version {
        0x0304 => vec![(51, vec![0; 36]), (43, numbers(&[version]))],
        _ => vec![(0xff01, vec![0]), (16, vector::<2>(&vector::<1>(b"http/1.1")))],
    };
    body.extend(vector::<2>(&extension_list(&extensions)));
    body
}

pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        _ => [&[0x82], &length::<2>(content)[..]].concat(),
    };
    [&[tag], &length[..], content].concat()
}

fn attribute(kind: u8, value: &str) -> Vec<u8> {
    let id = element(der::OBJECT_IDENTIFIER, &[0x55, 4, kind]);
    let value = element(der::UTF8_STRING, value.as_bytes());
    element(der::SET, &element(der::SEQUENCE, &[id, value].concat()))
}

/// Returns a certificate that names `pool.example` as issuer and subject, and `names` for DNS.
pub(crate) fn certificate(names: &[&str]) -> Vec<u8> {
    let name = [attribute(6, "IT"), attribute(10, "Invented Pool"), attribute(3, "pool.example")];
    let name = element(der::SEQUENCE, &name.concat());
    let validity = [
        element(der::UTC_TIME, b"240229120000Z"),
        element(der::GENERALIZED_TIME, b"21240301000000Z"),
    ];
    let names: Vec<u8> = names.iter().flat_map(|name| element(0x82, name.as_bytes())).collect();
    let names = element(der::OCTET_STRING, &element(der::SEQUENCE, &names));
    let extension = [element(der::OBJECT_IDENTIFIER, &[0x55, 0x1d, 0x11]), names];
    let extension = element(der::SEQUENCE, &extension.concat());
    let signed = [
        element(der::context(0), &element(der::INTEGER, &[2])),
        element(der::INTEGER, &[0x00, 0xc4, 0x0b]),
        element(der::SEQUENCE, &[]),
        name.clone(),
        element(der::SEQUENCE, &validity.concat()),
        name,
        element(der::SEQUENCE, &[]),
        element(der::context(3), &element(der::SEQUENCE, &extension)),
    ];
    let parts = [element(der::SEQUENCE, &signed.concat()), element(der::SEQUENCE, &[])];
    element(der::SEQUENCE, &parts.concat())
}

/// Returns the body of a Certificate message.
pub(crate) fn chain(certificates: &[Vec<u8>]) -> Vec<u8> {
    let list: Vec<u8> = certificates.iter().flat_map(|der| vector::<3>(der)).collect();
    vector::<3>(&list)
}

/// A parser with its flow, and the events that it emitted.
pub(crate) struct Tap<P> {
    pub parser: P,
    pub heard: Heard,
    flow: Flow,
    scratch: Scratch,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Heard {
    pub hellos: Vec<ClientHello>,
    pub handshakes: Vec<TlsHandshake>,
    pub initials: Vec<QuicInitial>,
}

impl EventSink for Heard {
    fn event(&mut self, _: &Flow, _: Moment, event: Event<'_>) {
        match event {
            Event::TlsClientHello(hello) => self.hellos.push(hello.clone()),
            Event::TlsHandshake(handshake) => self.handshakes.push(handshake.clone()),
            Event::Quic(initial) => self.initials.push(initial.clone()),
            other => panic!("unexpected {other:?}"),
        }
    }
}

impl<P: Parser + Default> Tap<P> {
    pub(crate) fn new() -> Self {
        let client = Endpoint { ip: [10, 0, 0, 49].into(), port: 50_000 };
        let server = Endpoint { ip: [192, 0, 2, 7].into(), port: 443 };
        let (key, initiator) = FlowKey::new(client, server, Transport::Tcp, 0);
        let flow = Flow::new(key, initiator, 1, Timestamp::ZERO);
        let (parser, heard, scratch) = (P::default(), Heard::default(), Scratch::default());
        Tap { parser, heard, flow, scratch }
    }

    pub(crate) fn send(&mut self, direction: Direction, bytes: &[u8]) -> Next {
        self.send_after(0, direction, bytes)
    }

    /// Sends bytes after a gap of `gap` lost bytes.
    pub(crate) fn send_after(&mut self, gap: u64, direction: Direction, bytes: &[u8]) -> Next {
        let chunk = Chunk { direction, time: Timestamp::ZERO, packet: 1, gap, bytes };
        let Tap { parser, heard, flow, scratch } = self;
        parser.chunk(&mut Context { flow, at: Moment::default(), scratch, sink: heard }, &chunk)
    }

    pub(crate) fn close(&mut self) {
        let Tap { parser, heard, flow, scratch } = self;
        parser.close(&mut Context { flow, at: Moment::default(), scratch, sink: heard });
    }
}
