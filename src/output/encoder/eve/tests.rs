//! Tests EVE records as their consumers see them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::extract::event_record;
use crate::model::chunk::Direction;
use crate::model::event::dns::{Answer, AnswerData, DnsMessage, Question};
use crate::model::event::tls::{Certificate, ClientHello, QuicInitial, ServerHello, TlsHandshake};
use crate::model::event::{Event, Moment};
use crate::model::event::{HttpRequest, HttpResponse};
use crate::model::flow::Flow;
use crate::model::flow::{Endpoint, FlowEndReason, FlowKey};
use crate::model::record::EventKinds;
use crate::model::{LinkInfo, Timestamp};

fn flow(transport: Transport) -> Flow {
    let client = Endpoint { ip: [10, 0, 0, 7].into(), port: 50_512 };
    let server = Endpoint { ip: [192, 0, 2, 9].into(), port: 53 };
    let (key, initiator) = FlowKey::new(client, server, transport, 0);
    let mut link = LinkInfo::default();
    link.push_vlan(120);
    Flow {
        last_seen: Timestamp::from_parts(1_793_697_390, 500_000_000),
        packets: [4, 3],
        bytes: [400, 300],
        link: [link, LinkInfo::NONE],
        ..Flow::new(key, initiator, 17, Timestamp::from_parts(1_793_697_300, 0))
    }
}

fn moment() -> Moment {
    Moment { time: Timestamp::from_parts(1_793_697_301, 0), packet: 20 }
}

fn recorded(event: Event<'_>) -> Value {
    serde_json::from_str(&encoded(&flow(Transport::Udp), event)).unwrap()
}

/// The EVE line of an event.
fn encoded(flow: &Flow, event: Event<'_>) -> String {
    let kinds = EventKinds::from_iter(EventKind::ALL);
    let record = event_record(flow, moment(), &event, kinds, Some("sensor-1")).unwrap();
    let mut frame = Vec::new();
    assert!(EveEncoder.encode(&Outgoing::Event(Arc::new(record)), &mut frame).unwrap());
    String::from_utf8(frame).unwrap()
}

#[test]
fn the_head_of_a_record_names_the_flow() {
    let value = recorded(Event::Dns(&DnsMessage::default()));
    assert_eq!(value["timestamp"], "2026-11-03T09:15:01.000000+0000");
    assert_eq!((&value["event_type"], &value["app_proto"]), (&json!("dns"), &json!("dns")));
    assert_eq!((&value["src_ip"], &value["dest_port"]), (&json!("10.0.0.7"), &json!(53)));
    assert_eq!((&value["vlan"], &value["host"]), (&json!([120]), &json!("sensor-1")));
    assert!(value["community_id"].as_str().unwrap().starts_with("1:"));
}

#[test]
fn a_dns_answer_lists_and_groups_its_records() {
    let answer = |rtype, data| Answer { name: "pool.example".into(), rtype, ttl: 60, data };
    let message = DnsMessage {
        id: 7,
        response: true,
        rcode: 3,
        questions: vec![Question { name: "pool.example".into(), qtype: 28, qclass: 1 }],
        answers: vec![
            answer(5, AnswerData::Name("eu.pool.example".into())),
            answer(1, AnswerData::Address([192, 0, 2, 9].into())),
            answer(65_280, AnswerData::Other),
        ],
        ..DnsMessage::default()
    };
    let dns = recorded(Event::Dns(&message))["dns"].clone();
    assert_eq!(
        (&dns["version"], &dns["type"], &dns["id"]),
        (&json!(2), &json!("answer"), &json!(7))
    );
    assert_eq!((&dns["rrtype"], &dns["rcode"]), (&json!("AAAA"), &json!("NXDOMAIN")));
    assert_eq!(dns["grouped"], json!({"A": ["192.0.2.9"], "CNAME": ["eu.pool.example"]}));
    assert_eq!(
        dns["answers"][2],
        json!({"rrname": "pool.example", "rrtype": "TYPE65280", "ttl": 60})
    );
}

#[test]
fn a_dns_message_with_several_questions_names_them_all() {
    let question = |name: &str, qtype| Question { name: name.into(), qtype, qclass: 1 };
    let mut message = DnsMessage { id: 7, ..DnsMessage::default() };
    message.questions = vec![question("a.example", 1), question("pool.example", 28)];
    let dns = recorded(Event::Dns(&message))["dns"].clone();
    assert_eq!(dns["rrname"], json!("a.example"));
    assert_eq!(
        dns["query"][1],
        json!({"type": "query", "id": 7, "rrname": "pool.example", "rrtype": "AAAA"})
    );
    message.questions.truncate(1);
    assert_eq!(recorded(Event::Dns(&message))["dns"]["query"], json!(null));
}

#[test]
fn a_dns_answer_with_too_many_records_still_fits() {
    let name = "\\000".repeat(255);
    let data = AnswerData::Name(name.clone());
    let answer = Answer { name: name.clone(), rtype: 5, ttl: 60, data };
    let message = DnsMessage {
        response: true,
        questions: vec![Question { name, qtype: 1, qclass: 1 }],
        answers: vec![answer; 1000],
        ..DnsMessage::default()
    };
    let line = encoded(&flow(Transport::Udp), Event::Dns(&message));
    assert!(line.len() <= MAX_LINE);
    let value: Value = serde_json::from_str(&line).unwrap();
    assert!(!value["dns"]["answers"].as_array().unwrap().is_empty());
}

#[test]
fn a_tls_record_shows_the_leaf_certificate() {
    let leaf = Certificate {
        subject: "CN=pool.example".into(),
        issuer: "CN=Example CA".into(),
        serial: "0a:0b".into(),
        not_before: Some(1_793_697_300),
        sha1: [0xab; 20],
        ..Certificate::default()
    };
    let handshake = TlsHandshake {
        client: Some(ClientHello { sni: Some("pool.example".into()), ..ClientHello::default() }),
        server: Some(ServerHello { version: 0x0303, ..ServerHello::default() }),
        certificates: vec![leaf],
        ..TlsHandshake::default()
    };
    let tls = recorded(Event::TlsHandshake(&handshake))["tls"].clone();
    assert_eq!((&tls["sni"], &tls["version"]), (&json!("pool.example"), &json!("TLS 1.2")));
    assert_eq!(
        (&tls["subject"], &tls["issuerdn"]),
        (&json!("CN=pool.example"), &json!("CN=Example CA"))
    );
    assert_eq!(tls["fingerprint"], ["ab"; 20].join(":"));
    assert_eq!((&tls["notbefore"], tls.get("notafter")), (&json!("2026-11-03T09:15:00"), None));
}

#[test]
fn quic_shows_version_and_name() {
    let hello = ClientHello { sni: Some("pool.example".into()), ..ClientHello::default() };
    let value = recorded(Event::Quic(&QuicInitial { version: 1, hello }));
    assert_eq!(
        (&value["quic"]["version"], &value["quic"]["sni"]),
        (&json!("1"), &json!("pool.example"))
    );
}

#[test]
fn the_client_is_the_source_even_where_the_flow_was_guessed_the_wrong_way_round() {
    let request = HttpRequest { direction: Direction::ToClient, ..HttpRequest::default() };
    let response = HttpResponse { direction: Direction::ToServer, ..HttpResponse::default() };
    for event in [Event::HttpRequest(&request), Event::HttpResponse(&response)] {
        let value = recorded(event);
        assert_eq!((&value["src_port"], &value["dest_ip"]), (&json!(53), &json!("10.0.0.7")));
    }
}

#[test]
fn a_request_and_its_response_are_two_records() {
    let request = HttpRequest {
        method: "POST".into(),
        target: "/work".into(),
        authority: Some("pool.example:8332".into()),
        user_agent: Some("cpuminer/2.5".into()),
        version: Some("HTTP/1.1".into()),
        ..HttpRequest::default()
    };
    assert_eq!(
        recorded(Event::HttpRequest(&request))["http"],
        json!({
            "hostname": "pool.example", "http_port": 8332, "url": "/work",
            "http_user_agent": "cpuminer/2.5", "http_method": "POST", "protocol": "HTTP/1.1"
        })
    );
    let version = "HTTP/1.0".into();
    let response = HttpResponse { status: 401, version, ..HttpResponse::default() };
    assert_eq!(
        recorded(Event::HttpResponse(&response))["http"],
        json!({"protocol": "HTTP/1.0", "status": 401})
    );
}

#[test]
fn a_request_that_names_no_version_has_no_protocol() {
    let request = HttpRequest { target: "/".into(), ..HttpRequest::default() };
    let record = recorded(Event::HttpRequest(&request));
    assert_eq!(record["http"], json!({"url": "/", "http_method": ""}));
}

#[test]
fn a_flow_record_counts_both_ways_and_says_why_it_ended() {
    let value = recorded(Event::FlowClosed(FlowEndReason::Input));
    assert_eq!(
        value["flow"],
        json!({
            "pkts_toserver": 4, "pkts_toclient": 3, "bytes_toserver": 400, "bytes_toclient": 300,
            "start": "2026-11-03T09:15:00.000000+0000", "end": "2026-11-03T09:16:30.500000+0000",
            "age": 90, "state": "established", "reason": "shutdown"
        })
    );
    assert_eq!(value.get("app_proto"), None);
}

#[test]
fn a_protocol_without_ports_shows_none() {
    let event = Event::FlowClosed(FlowEndReason::Timeout);
    let line = encoded(&flow(Transport::Other(47)), event);
    let value: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&value["proto"], value.get("src_port")), (&json!("GRE"), None));
}
