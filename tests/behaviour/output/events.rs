//! Records of `--events` are valid EVE and fit into a line, whatever was on the wire.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use jsonschema::Validator;
use minewatch::extract::event_record;
use minewatch::model::event::dns::{Answer, AnswerData, DnsMessage, Question};
use minewatch::model::event::tls::{
    Certificate, ClientHello, QuicInitial, ServerHello, TlsHandshake,
};
use minewatch::model::event::{Event, HttpRequest, HttpResponse, Moment};
use minewatch::model::flow::{Endpoint, Flow, FlowEndReason, FlowKey, Transport};
use minewatch::model::record::{EventKind, EventKinds, Outgoing};
use minewatch::model::{LinkInfo, Timestamp};
use minewatch::output::Encoder;
use minewatch::output::encoder::eve::EveEncoder;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::json_lines::{eve_validators, faults};
use crate::support::trial::{Checked, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        dns_records_are_valid,
        tls_and_quic_records_are_valid,
        http_records_are_valid,
        flow_records_are_valid,
        every_record_is_valid_by_the_schemas_of_eve,
    ]
}

fn hostile() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "[a-z0-9.]{0,40}",
        2 => any::<String>(),
        1 => (select(vec!["\"", "\\", "\u{1b}", "\u{9b}", "x"]), 1usize..20_000)
            .prop_map(|(piece, count)| piece.repeat(count)),
    ]
    .boxed()
}

fn flow() -> impl Strategy<Value = Flow> {
    let endpoint = || (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| Endpoint { ip, port });
    let protocol = any::<u8>().prop_map(Transport::from_number);
    let counts = any::<([u32; 2], [u64; 2])>();
    let times = any::<(u64, u64)>();
    (any::<u64>(), endpoint(), endpoint(), protocol, counts, times, 0u16..4096).prop_map(
        |(id, client, server, protocol, (packets, bytes), (first, last), vlan)| {
            let (key, initiator) = FlowKey::new(client, server, protocol, 0);
            let mut link = LinkInfo::default();
            link.push_vlan(vlan);
            Flow {
                last_seen: Timestamp::from_nanos(last),
                packets,
                bytes,
                link: [LinkInfo::NONE, link],
                ..Flow::new(key, initiator, id, Timestamp::from_nanos(first))
            }
        },
    )
}

fn dns() -> impl Strategy<Value = DnsMessage> {
    let data = prop_oneof![
        any::<IpAddr>().prop_map(AnswerData::Address),
        hostile().prop_map(AnswerData::Name),
        hostile().prop_map(|target| AnswerData::Service { target, hints: Vec::new() }),
        Just(AnswerData::Other),
    ];
    let answer = (hostile(), prop_oneof![0u16..300, any::<u16>()], any::<u32>(), data)
        .prop_map(|(name, rtype, ttl, data)| Answer { name, rtype, ttl, data });
    let question =
        (hostile(), any::<u16>()).prop_map(|(name, qtype)| Question { name, qtype, qclass: 1 });
    let head = (any::<u16>(), any::<bool>(), 0u8..16, prop_oneof![0u16..24, any::<u16>()]);
    (head, vec(question, 0..3), vec(answer, 0..60)).prop_map(
        |((id, response, opcode, rcode), questions, answers)| DnsMessage {
            id,
            response,
            opcode,
            rcode,
            questions,
            answers,
            ..DnsMessage::default()
        },
    )
}

fn hello() -> impl Strategy<Value = ClientHello> {
    let lists = (vec(any::<u16>(), 0..2000), vec(any::<u16>(), 0..50), vec(hostile(), 0..4));
    (any::<u16>(), option::of(hostile()), lists).prop_map(
        |(version, sni, (cipher_suites, extensions, alpn))| ClientHello {
            version,
            sni,
            cipher_suites,
            extensions,
            alpn,
            ..ClientHello::default()
        },
    )
}

fn handshake() -> impl Strategy<Value = TlsHandshake> {
    let texts = (hostile(), hostile(), hostile());
    let dates = any::<(Option<i64>, Option<i64>)>();
    let certificate = (texts, dates, any::<[u8; 20]>()).prop_map(
        |((subject, issuer, serial), (not_before, not_after), sha1)| Certificate {
            subject,
            issuer,
            serial,
            not_before,
            not_after,
            sha1,
            ..Certificate::default()
        },
    );
    let server = any::<u16>().prop_map(|version| ServerHello { version, ..ServerHello::default() });
    (option::of(hello()), option::of(server), vec(certificate, 0..3)).prop_map(
        |(client, server, certificates)| TlsHandshake {
            client,
            server,
            certificates,
            ..TlsHandshake::default()
        },
    )
}

fn request() -> impl Strategy<Value = HttpRequest<'static>> {
    (hostile(), hostile(), option::of(hostile()), option::of(hostile()), option::of(hostile()))
        .prop_map(|(method, target, host, user_agent, version)| HttpRequest {
            method: method.into(),
            target: target.into(),
            authority: host.map(Cow::Owned),
            user_agent: user_agent.map(Cow::Owned),
            version: version.map(Cow::Owned),
            ..HttpRequest::default()
        })
}

/// Records that are tried of each kind.
const CASES: u32 = 100;

/// Checks a record as far as our own rules go.
fn check(flow: &Flow, event: Event<'_>, sensor: Option<&str>) -> Result<(), TestCaseError> {
    check_with(&[], flow, event, sensor)
}

fn check_with(
    schemas: &[(String, Validator)],
    flow: &Flow,
    event: Event<'_>,
    sensor: Option<&str>,
) -> Result<(), TestCaseError> {
    let at = Moment { time: flow.last_seen, packet: 1 };
    let kinds = EventKinds::from_iter(EventKind::ALL);
    let record = event_record(flow, at, &event, kinds, sensor).unwrap();
    let mut frame = Vec::new();
    assert!(EveEncoder.encode(&Outgoing::Event(Arc::new(record)), &mut frame).unwrap());
    let line = String::from_utf8(frame).unwrap();
    let mut found = faults(&line, schemas);
    if !line.starts_with("{\"timestamp\":\"") {
        found.push("the time stamp is not first".to_owned());
    }
    prop_assert!(found.is_empty(), "{found:?}\n{line}");
    Ok(())
}

const ENDS: [FlowEndReason; 5] = [
    FlowEndReason::Closed,
    FlowEndReason::Timeout,
    FlowEndReason::Reused,
    FlowEndReason::Evicted,
    FlowEndReason::Input,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    fn dns_records_are_valid(flow in flow(), message in dns(), sensor in option::of(hostile())) {
        check(&flow, Event::Dns(&message), sensor.as_deref())?;
    }

    fn tls_and_quic_records_are_valid(
        flow in flow(), handshake in handshake(), hello in hello(), version: u32,
    ) {
        check(&flow, Event::TlsHandshake(&handshake), None)?;
        check(&flow, Event::Quic(&QuicInitial { version, hello }), None)?;
    }

    fn http_records_are_valid(
        flow in flow(), request in request(), content_type in option::of(hostile()), status: u16,
    ) {
        check(&flow, Event::HttpRequest(&request), None)?;
        let response = HttpResponse { status, content_type: content_type.map(Cow::Owned), ..HttpResponse::default() };
        check(&flow, Event::HttpResponse(&response), None)?;
    }

    fn flow_records_are_valid(flow in flow()) {
        for end in ENDS {
            check(&flow, Event::FlowClosed(end), None)?;
        }
    }
}

fn every_record_is_valid_by_the_schemas_of_eve() -> Checked {
    let schemas = eve_validators()?;
    let config = ProptestConfig { cases: CASES, ..ProptestConfig::default() };
    let quic = (any::<u32>(), hello()).prop_map(|(version, hello)| QuicInitial { version, hello });
    let response = (any::<u16>(), option::of(hostile())).prop_map(|(status, content_type)| {
        let content_type = content_type.map(Cow::Owned);
        HttpResponse { status, content_type, ..HttpResponse::default() }
    });
    proptest!(config, |(
        flow in flow(), message in dns(), handshake in handshake(), quic in quic,
        request in request(), response in response, sensor in option::of(hostile()),
    )| {
        let check = |event, sensor| check_with(&schemas, &flow, event, sensor);
        check(Event::Dns(&message), sensor.as_deref())?;
        check(Event::TlsHandshake(&handshake), None)?;
        check(Event::Quic(&quic), None)?;
        check(Event::HttpRequest(&request), None)?;
        check(Event::HttpResponse(&response), None)?;
        for end in ENDS {
            check(Event::FlowClosed(end), None)?;
        }
    });
    Ok(())
}
