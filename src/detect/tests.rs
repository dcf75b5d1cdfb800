//! Tests the signals of each kind of event, through all detectors.

use super::*;
use crate::model::Signal;
use crate::model::Timestamp;
use crate::model::event::DnsMessage;
use crate::model::event::dns::Question;
use crate::model::event::http::HttpRequest;
use crate::model::event::tls::ClientHello;
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::model::flow::{Endpoint, Transport};
use crate::model::flow::{FlowEndReason, FlowFlags, FlowKey};

const LISTED: &str = "pool.supportxmr.com";

fn flow(server: &str, midstream: bool) -> Flow {
    let client = Endpoint { ip: [10, 0, 0, 7].into(), port: 50_000 };
    let server = Endpoint { ip: server.parse().unwrap(), port: 3333 };
    let (key, initiator) = FlowKey::new(client, server, Transport::Tcp, 0);
    let mut flow = Flow::new(key, initiator, 1, Timestamp::ZERO);
    if midstream {
        flow.flags.set(FlowFlags::MIDSTREAM);
    }
    flow
}

impl SignalReceiver for Vec<Signal> {
    fn signal(&mut self, flow: &Flow, at: Moment, sender: Direction, kind: SignalKind) {
        self.push(Signal { at, flow: flow.into(), sender, kind });
    }

    fn connection(&mut self, flow: &Flow, at: Moment, sender: Direction) {
        self.signal(flow, at, sender, SignalKind::Connection);
    }
}

fn found(flow: &Flow, event: Event<'_>) -> Vec<Signal> {
    let mut signals = Vec::new();
    let mut detectors = Detectors::new(&Arc::new(Intel::builtin()));
    detectors.event(flow, event, &mut SignalSink::new(flow, Moment::default(), &mut signals));
    signals
}

#[test]
fn whoever_speaks_as_a_client_is_the_host_whichever_end_the_initiator_is() {
    let flow = flow("192.0.2.9", true);
    let sni = Some(LISTED.to_owned());
    for direction in Direction::BOTH {
        let hello = ClientHello { direction, sni: sni.clone(), ..ClientHello::default() };
        let host = Some(LISTED.into());
        let request = HttpRequest { direction, authority: host, ..HttpRequest::default() };
        let tunnel = Tunnel {
            direction,
            kind: TunnelKind::Socks5,
            target: LISTED.into(),
            ip: None,
            port: 3333,
            granted: true,
        };
        let question = Question { name: LISTED.into(), qtype: 1, qclass: 1 };
        let query = DnsMessage { direction, questions: vec![question], ..DnsMessage::default() };
        let answer = DnsMessage { direction: direction.reverse(), response: true, ..query.clone() };
        for event in [
            Event::TlsClientHello(&hello),
            Event::HttpRequest(&request),
            Event::Tunnel(&tunnel),
            Event::Dns(&query),
            Event::Dns(&answer),
        ] {
            let signals = found(&flow, event);
            assert!(!signals.is_empty(), "{event:?}");
            assert!(signals.iter().all(|one| one.sender == direction), "{event:?}");
        }
    }
}

#[test]
fn what_is_said_through_a_tunnel_is_not_said_to_the_proxy() {
    let (flow, mut signals) = (flow("192.0.2.9", false), Vec::new());
    let mut detectors = Detectors::new(&Arc::new(Intel::builtin()));
    let mut tell = |event: Event<'_>| {
        signals.clear();
        detectors.event(&flow, event, &mut SignalSink::new(&flow, Moment::default(), &mut signals));
        let contact = signals.iter().find_map(|signal| match &signal.kind {
            SignalKind::Contact(contact) => Some(contact.proxied),
            _ => None,
        });
        let named = signals.iter().any(|one| matches!(one.kind, SignalKind::PeerName(_)));
        (contact, named)
    };
    let hello = |sni: &str| ClientHello { sni: Some(sni.into()), ..ClientHello::default() };
    let tunnel = Tunnel {
        direction: Direction::ToServer,
        kind: TunnelKind::HttpConnect,
        target: "www.example".into(),
        ip: None,
        port: 443,
        granted: true,
    };
    let (listed, other) = (hello(LISTED), hello("www.example"));
    assert_eq!(tell(Event::TlsClientHello(&other)), (None, true));
    assert_eq!(tell(Event::Tunnel(&tunnel)), (None, false));
    assert_eq!(tell(Event::TlsClientHello(&listed)), (Some(true), false));
    assert_eq!(tell(Event::TlsClientHello(&other)), (None, false));
    tell(Event::FlowClosed(FlowEndReason::Closed));
    assert_eq!(tell(Event::TlsClientHello(&listed)), (Some(false), false));
}

#[test]
fn an_address_in_place_of_a_name_names_nobody() {
    let flow = flow("192.0.2.9", false);
    let host = Some("198.51.100.7:8332".into());
    let request = HttpRequest { authority: host, target: "/".into(), ..HttpRequest::default() };
    assert!(found(&flow, Event::HttpRequest(&request)).is_empty());
}

#[test]
fn a_url_on_an_address_that_is_allowed_at_its_port_is_no_contact() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    let text = "http://203.0.113.6:8080/e\n#! class allow\n203.0.113.6:8080\n";
    std::fs::write(&list, text).unwrap();
    let (intel, _) = Intel::load(&[list], false).unwrap();
    let intel = Arc::new(intel);
    let contacts = |host: &'static str| {
        let (mut detectors, mut signals) = (Detectors::new(&intel), Vec::new());
        let (host, target) = (Some(host.into()), "/e".into());
        let request = HttpRequest { authority: host, target, ..HttpRequest::default() };
        let event = Event::HttpRequest(&request);
        let flow = flow("203.0.113.6", false);
        detectors.event(&flow, event, &mut SignalSink::new(&flow, Moment::default(), &mut signals));
        signals.len()
    };
    assert_eq!((contacts("203.0.113.6:8080"), contacts("203.0.113.6")), (0, 1));
}

#[test]
fn both_ends_of_a_flow_joined_midstream_may_have_opened_it() {
    let hosts = |flow: &Flow| -> Vec<Direction> {
        found(flow, Event::FlowOpened).iter().map(|one| one.sender).collect()
    };
    assert_eq!(hosts(&flow("192.0.2.9", false)), [Direction::ToServer]);
    assert_eq!(hosts(&flow("192.0.2.9", true)), Direction::BOTH);
}

#[test]
fn other_intelligence_counts_from_the_next_event_on() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    std::fs::write(&list, "nobody.example\n").unwrap();
    let (other, _) = Intel::load(&[list], false).unwrap();
    let (flow, mut signals) = (flow("192.0.2.9", false), Vec::new());
    let mut detectors = Detectors::new(&Arc::new(Intel::builtin()));
    let hello = ClientHello { sni: Some(LISTED.into()), ..ClientHello::default() };
    let mut contacts = |detectors: &mut Detectors| {
        signals.clear();
        let event = Event::TlsClientHello(&hello);
        detectors.event(&flow, event, &mut SignalSink::new(&flow, Moment::default(), &mut signals));
        signals.iter().filter(|one| matches!(one.kind, SignalKind::Contact(_))).count()
    };
    assert_eq!(contacts(&mut detectors), 1);
    detectors.reload(&Arc::new(other));
    assert_eq!(contacts(&mut detectors), 0);
}
