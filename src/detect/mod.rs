//! Matches what the protocols show with the intelligence: events in, findings out.
//!
//! A detector belongs to one worker and knows one flow at a time. Whatever links two flows is
//! left to `correlate`.

mod name;

use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashSet;

use crate::intel::{Intel, PoolAddresses};
use crate::model::alert::EvidenceKind;
use crate::model::authority::{endpoint, without_port};
use crate::model::chunk::Direction;
use crate::model::event::http::HttpRequest;
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::model::event::{DnsMessage, Event, Moment, QuicInitial, TlsHandshake};
use crate::model::finding::{Contact, Finding, FindingKind, FlowRef, Hit};
use crate::model::flow::{Endpoint, Flow, Transport};

/// Turns the events of one worker's flows into findings.
pub struct Detector {
    intel: Arc<Intel>,
    /// Set if this is the only worker: it sees every answer before the connection that follows.
    answered: Option<PoolAddresses>,
    /// Flows that mine, to tell when they end; as many as the flow table holds at most.
    mining: HashSet<u64>,
    /// Flows through a proxy, likewise: what is said in them is said to somebody behind it.
    tunnels: HashSet<u64>,
}

impl Detector {
    /// One of several, who sees only its own flows.
    pub fn new(intel: Arc<Intel>) -> Self {
        Detector { intel, answered: None, mining: HashSet::new(), tunnels: HashSet::new() }
    }

    /// The only one. It leaves out connections that the correlator, which remembers up to `max_names`
    /// addresses, would not look at twice.
    pub fn alone(intel: Arc<Intel>, max_names: usize) -> Self {
        Detector { answered: Some(PoolAddresses::new(max_names)), ..Detector::new(intel) }
    }

    /// Hands on what `event` says about mining.
    pub fn event(
        &mut self,
        flow: &Flow,
        at: Moment,
        event: Event<'_>,
        found: &mut dyn FnMut(Finding),
    ) {
        let proxied = self.tunnels.contains(&flow.id);
        let mut report = Report { flow, at, host: Direction::ToServer, proxied, found };
        match event {
            Event::FlowOpened => self.opened(&mut report),
            Event::Dns(message) => {
                report.host = message.asker();
                self.dns(message, &mut report);
            }
            Event::TlsClientHello(hello) => {
                report.host = hello.direction;
                self.server_name(hello.sni.as_deref(), EvidenceKind::TlsSni, &mut report);
            }
            Event::Quic(QuicInitial { hello, .. }) => {
                report.host = hello.direction;
                self.server_name(hello.sni.as_deref(), EvidenceKind::QuicSni, &mut report);
            }
            Event::TlsHandshake(handshake) => {
                report.host = handshake.direction;
                self.certificates(handshake, &mut report);
            }
            Event::HttpRequest(request) => {
                report.host = request.direction;
                self.http(request, &mut report);
            }
            Event::HttpResponse(_) => {}
            Event::Tunnel(tunnel) => {
                report.host = tunnel.direction;
                self.tunnel(tunnel, &mut report);
                // The PROXY protocol names where the bytes come from, not where they go.
                if tunnel.granted && tunnel.kind != TunnelKind::ProxyProtocol {
                    self.tunnels.insert(flow.id);
                }
            }
            Event::HostName(named) => report.add(FindingKind::HostName(Box::new(named.clone()))),
            Event::Mining(session) => {
                self.mining.insert(flow.id);
                report.host = session.miner.unwrap_or(Direction::ToServer);
                report.add(FindingKind::Mining(Box::new(session.clone())));
            }
            Event::FlowClosed(_) => self.closed(&mut report),
        }
    }

    /// A connection, perhaps to a known address. The initiator of a flow whose start was not seen
    /// is a guess, so then both ends are looked at.
    fn opened(&mut self, report: &mut Report<'_>) {
        for host in Direction::BOTH {
            report.host = host;
            let far = report.flow.sender(host.reverse());
            // No pool is reached over UDP; QUIC tells its server's name.
            if report.flow.transport() == Transport::Tcp
                && self.answered.as_ref().is_none_or(|pools| pools.may_be(far.ip))
            {
                report.add(FindingKind::Opened);
            }
            let hit = self.intel.endpoint(far.ip, far.port);
            let known = report.contact(hit, EvidenceKind::PoolAddress, || far.to_string());
            if known || !report.flow.midstream() {
                return;
            }
        }
    }

    /// Multicast name resolution never gets here: the parsers leave it out.
    fn dns(&mut self, message: &DnsMessage, report: &mut Report<'_>) {
        let evidence =
            if message.response { EvidenceKind::DnsAnswer } else { EvidenceKind::DnsQuery };
        for question in &message.questions {
            if name::is_lookup(question.qtype) {
                report.contact(self.intel.name(&question.name), evidence, || question.name.clone());
            }
        }
        if let Some(mut answer) = name::answer(message) {
            answer.hit = self.intel.name(&answer.name);
            // A harmless name can be an alias of a pool's.
            for alias in &answer.aliases {
                let hit = self.intel.name(alias);
                answer.hit = answer.hit.or_else(|| hit.clone());
                report.contact(hit, evidence, || alias.clone());
            }
            if let Some(pools) = &mut self.answered {
                pools.learn(&answer);
            }
            report.add(FindingKind::Answer(Box::new(answer)));
        }
    }

    fn server_name(&self, name: Option<&str>, evidence: EvidenceKind, report: &mut Report<'_>) {
        let Some(name) = name else { return };
        let known = report.contact(self.intel.name(name), evidence, || name.to_owned());
        // What is an address is no name, and a proxy does not go by the names behind it.
        if !known && !report.proxied && name.parse::<IpAddr>().is_err() {
            report.add(FindingKind::Named(name.into()));
        }
    }

    /// Names in the server's certificate count where the client sent no name of its own:
    /// a shared certificate must not blame the visitor of its other names.
    fn certificates(&self, handshake: &TlsHandshake, report: &mut Report<'_>) {
        if handshake.client.as_ref().is_some_and(|hello| hello.sni.is_some()) {
            return;
        }
        let Some(leaf) = handshake.certificates.first() else { return };
        for name in &leaf.names {
            let name = name.strip_prefix("*.").unwrap_or(name);
            if report.contact(self.intel.name(name), EvidenceKind::TlsCertificate, || name.into()) {
                return;
            }
        }
    }

    fn http(&self, request: &HttpRequest, report: &mut Report<'_>) {
        if let Some(tunnel) = request.tunnel() {
            return self.tunnel(&tunnel, report);
        }
        let Some(authority) = request.host.as_deref() else { return };
        let host = without_port(authority);
        report.proxied |= name::is_absolute(&request.target);
        if report.proxied
            && let Some(end) = endpoint(authority)
        {
            // Which no packet shows: the proxy connects to it.
            let hit = self.intel.endpoint(end.ip, end.port);
            report.contact(hit, EvidenceKind::TunnelTarget, || end.to_string());
        }
        let url = self.intel.url(authority, name::path(&request.target));
        if !report.contact(url, EvidenceKind::HttpUrl, || name::url(host, &request.target)) {
            self.server_name(Some(host), EvidenceKind::HttpHost, report);
        }
    }

    fn tunnel(&self, tunnel: &Tunnel, report: &mut Report<'_>) {
        if tunnel.kind == TunnelKind::ProxyProtocol {
            return;
        }
        let hit = match tunnel.ip {
            Some(ip) => self.intel.endpoint(ip, tunnel.port),
            None => self.intel.name(&tunnel.host),
        };
        let observed = || match tunnel.ip {
            Some(ip) => Endpoint { ip, port: tunnel.port }.to_string(),
            None => format!("{}:{}", tunnel.host, tunnel.port),
        };
        report.contact(hit, EvidenceKind::TunnelTarget, observed);
    }

    /// Whether it remembers the flow until its end.
    #[inline]
    pub fn awaits_end(&self, flow: &Flow) -> bool {
        self.mining.contains(&flow.id) || self.tunnels.contains(&flow.id)
    }

    fn closed(&mut self, report: &mut Report<'_>) {
        self.tunnels.remove(&report.flow.id);
        if self.mining.remove(&report.flow.id) {
            report.add(FindingKind::Closed);
        }
    }
}

/// Where the findings of one event go.
struct Report<'a> {
    flow: &'a Flow,
    at: Moment,
    /// Whom the findings are about: the end that behaves as the client does, whichever end the
    /// flow's initiator is, or is taken for.
    host: Direction,
    /// The far end is a proxy.
    proxied: bool,
    found: &'a mut dyn FnMut(Finding),
}

impl Report<'_> {
    fn add(&mut self, kind: FindingKind) {
        let (at, flow, host) = (self.at, FlowRef::from(self.flow), self.host);
        (self.found)(Finding { at, flow, host, kind });
    }

    /// Reports a contact if there is a hit; whether there was.
    fn contact(
        &mut self,
        hit: Option<Hit>,
        evidence: EvidenceKind,
        observed: impl FnOnce() -> String,
    ) -> bool {
        let Some(hit) = hit else { return false };
        let contact = Contact { evidence, observed: observed(), proxied: self.proxied, hit };
        self.add(FindingKind::Contact(Box::new(contact)));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::dns::Question;
    use crate::model::event::tls::ClientHello;
    use crate::model::flow::{FlowEnd, FlowKey, Seen};
    use crate::model::time::Timestamp;

    const LISTED: &str = "pool.supportxmr.com";

    fn flow(server: &str, midstream: bool) -> Flow {
        let client = Endpoint { ip: [10, 0, 0, 7].into(), port: 50_000 };
        let server = Endpoint { ip: server.parse().unwrap(), port: 3333 };
        let (key, initiator) = FlowKey::new(client, server, Transport::Tcp, 0);
        let mut flow = Flow::new(key, initiator, 1, Timestamp::ZERO);
        if midstream {
            flow.seen.set(Seen::MIDSTREAM);
        }
        flow
    }

    fn found(flow: &Flow, event: Event<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut detector = Detector::new(Arc::new(Intel::builtin()));
        detector.event(flow, Moment::default(), event, &mut |finding| findings.push(finding));
        findings
    }

    #[test]
    fn whoever_speaks_as_a_client_is_the_host_whichever_end_the_initiator_is() {
        let flow = flow("192.0.2.9", true);
        let sni = Some(LISTED.to_owned());
        for direction in Direction::BOTH {
            let hello = ClientHello { direction, sni: sni.clone(), ..ClientHello::default() };
            let host = Some(LISTED.into());
            let request = HttpRequest { direction, host, ..HttpRequest::default() };
            let tunnel = Tunnel {
                direction,
                kind: TunnelKind::Socks5,
                host: LISTED.into(),
                ip: None,
                port: 3333,
                granted: true,
            };
            let question = Question { name: LISTED.into(), qtype: 1, qclass: 1 };
            let query =
                DnsMessage { direction, questions: vec![question], ..DnsMessage::default() };
            let answer =
                DnsMessage { direction: direction.reverse(), response: true, ..query.clone() };
            for event in [
                Event::TlsClientHello(&hello),
                Event::HttpRequest(&request),
                Event::Tunnel(&tunnel),
                Event::Dns(&query),
                Event::Dns(&answer),
            ] {
                let findings = found(&flow, event);
                assert!(!findings.is_empty(), "{event:?}");
                assert!(findings.iter().all(|one| one.host == direction), "{event:?}");
            }
        }
    }

    #[test]
    fn what_is_said_through_a_tunnel_is_not_said_to_the_proxy() {
        let (flow, mut findings) = (flow("192.0.2.9", false), Vec::new());
        let mut detector = Detector::new(Arc::new(Intel::builtin()));
        let mut tell = |event: Event<'_>| {
            findings.clear();
            detector.event(&flow, Moment::default(), event, &mut |one| findings.push(one.kind));
            let contact = findings.iter().find_map(|kind| match kind {
                FindingKind::Contact(contact) => Some(contact.proxied),
                _ => None,
            });
            let named = findings.iter().any(|kind| matches!(kind, FindingKind::Named(_)));
            (contact, named)
        };
        let hello = |sni: &str| ClientHello { sni: Some(sni.into()), ..ClientHello::default() };
        let tunnel = Tunnel {
            direction: Direction::ToServer,
            kind: TunnelKind::HttpConnect,
            host: "www.example".into(),
            ip: None,
            port: 443,
            granted: true,
        };
        let (listed, other) = (hello(LISTED), hello("www.example"));
        assert_eq!(tell(Event::TlsClientHello(&other)), (None, true));
        assert_eq!(tell(Event::Tunnel(&tunnel)), (None, false));
        assert_eq!(tell(Event::TlsClientHello(&listed)), (Some(true), false));
        assert_eq!(tell(Event::TlsClientHello(&other)), (None, false));
        tell(Event::FlowClosed(FlowEnd::Closed));
        assert_eq!(tell(Event::TlsClientHello(&listed)), (Some(false), false));
    }

    #[test]
    fn an_address_in_place_of_a_name_names_nobody() {
        let flow = flow("192.0.2.9", false);
        let host = Some("198.51.100.7:8332".into());
        let request = HttpRequest { host, target: "/".into(), ..HttpRequest::default() };
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
            let (mut detector, mut count) = (Detector::new(Arc::clone(&intel)), 0);
            let (host, target) = (Some(host.into()), "/e".into());
            let request = HttpRequest { host, target, ..HttpRequest::default() };
            let event = Event::HttpRequest(&request);
            detector
                .event(&flow("203.0.113.6", false), Moment::default(), event, &mut |_| count += 1);
            count
        };
        assert_eq!((contacts("203.0.113.6:8080"), contacts("203.0.113.6")), (0, 1));
    }

    #[test]
    fn both_ends_of_a_flow_joined_midstream_may_have_opened_it() {
        let hosts = |flow: &Flow| -> Vec<Direction> {
            found(flow, Event::FlowOpened).iter().map(|one| one.host).collect()
        };
        assert_eq!(hosts(&flow("192.0.2.9", false)), [Direction::ToServer]);
        assert_eq!(hosts(&flow("192.0.2.9", true)), Direction::BOTH);
    }
}
