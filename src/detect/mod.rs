//! Matches what the protocols show with the intelligence: events in, findings out.
//!
//! A detector belongs to one worker and knows one flow at a time. Whatever links two flows is
//! left to `correlate`.

mod name;

use std::sync::Arc;

use hashbrown::HashSet;

use crate::intel::Intel;
use crate::model::alert::EvidenceKind;
use crate::model::chunk::Direction;
use crate::model::event::http::HttpRequest;
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::model::event::{DnsMessage, Event, Moment, TlsHandshake};
use crate::model::finding::{Contact, Finding, FindingKind, FlowRef, Hit};
use crate::model::flow::{Flow, FlowEnd, Transport};

/// Turns the events of one worker's flows into findings.
pub struct Detector {
    intel: Arc<Intel>,
    /// Flows that mine, to tell when they end; as many as the flow table holds at most.
    mining: HashSet<u64>,
}

impl Detector {
    pub fn new(intel: Arc<Intel>) -> Self {
        Detector { intel, mining: HashSet::new() }
    }

    /// Appends to `findings` what `event` says about mining.
    pub fn event(
        &mut self,
        flow: &Flow,
        at: Moment,
        event: Event<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let mut report = Report { flow, at, findings };
        match event {
            Event::FlowOpened => self.opened(&mut report),
            Event::Dns(message) => self.dns(message, &mut report),
            Event::TlsClientHello(hello) => {
                self.server_name(hello.sni.as_deref(), EvidenceKind::TlsSni, &mut report);
            }
            Event::Quic(initial) => {
                self.server_name(initial.hello.sni.as_deref(), EvidenceKind::QuicSni, &mut report);
            }
            Event::TlsHandshake(handshake) => self.certificates(handshake, &mut report),
            Event::HttpRequest(request) => self.http(request, &mut report),
            Event::HttpResponse(_) => {}
            Event::Tunnel(tunnel) => self.tunnel(tunnel, &mut report),
            Event::Mining(session) => {
                self.mining.insert(flow.id);
                report.add(FindingKind::Mining(Box::new(session.clone())));
            }
            Event::FlowClosed(end) => self.closed(end, &mut report),
        }
    }

    /// A connection to a known address. The initiator of a flow whose start was not seen is a
    /// guess, so then both ends are looked at.
    fn opened(&mut self, report: &mut Report<'_>) {
        let flow = report.flow;
        // No pool is reached over UDP; QUIC tells its server's name.
        if flow.transport() == Transport::Tcp {
            report.add(FindingKind::Opened);
        }
        if !self.address(Direction::ToServer, report) && flow.midstream {
            self.address(Direction::ToClient, report);
        }
    }

    /// Whether the receiver of what `host` sends is known.
    fn address(&self, host: Direction, report: &mut Report<'_>) -> bool {
        let far = report.flow.sender(host.reverse());
        let Some(hit) = self.intel.endpoint(far.ip, far.port) else { return false };
        let observed = far.to_string();
        let contact = Contact { evidence: EvidenceKind::PoolAddress, host, observed, hit };
        report.add(FindingKind::Contact(Box::new(contact)));
        true
    }

    /// Multicast name resolution never gets here (the parsers leave it out): whoever asks is the
    /// client of the flow.
    fn dns(&self, message: &DnsMessage, report: &mut Report<'_>) {
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
            report.add(FindingKind::Answer(Box::new(answer)));
        }
    }

    fn server_name(&self, name: Option<&str>, evidence: EvidenceKind, report: &mut Report<'_>) {
        let Some(name) = name else { return };
        if !report.contact(self.intel.name(name), evidence, || name.to_owned()) {
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
        let Some(host) = request.host.as_deref().map(name::without_port) else { return };
        let url = self.intel.url(host, name::path(&request.target));
        if !report.contact(url, EvidenceKind::HttpUrl, || name::url(host, &request.target)) {
            self.server_name(Some(host), EvidenceKind::HttpHost, report);
        }
    }

    fn tunnel(&self, tunnel: &Tunnel, report: &mut Report<'_>) {
        if tunnel.kind == TunnelKind::ProxyProtocol {
            return; // names where the bytes come from, not where they go
        }
        let hit = match tunnel.ip {
            Some(ip) => self.intel.endpoint(ip, tunnel.port),
            None => self.intel.name(&tunnel.host),
        };
        let observed = || format!("{}:{}", tunnel.host, tunnel.port);
        if !report.contact(hit, EvidenceKind::TunnelTarget, observed) && tunnel.ip.is_none() {
            report.add(FindingKind::Named(tunnel.host.as_str().into()));
        }
    }

    fn closed(&mut self, _: FlowEnd, report: &mut Report<'_>) {
        if self.mining.remove(&report.flow.id) {
            report.add(FindingKind::Closed);
        }
    }
}

/// Where the findings of one event go.
struct Report<'a> {
    flow: &'a Flow,
    at: Moment,
    findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    fn add(&mut self, kind: FindingKind) {
        self.findings.push(Finding { at: self.at, flow: FlowRef::from(self.flow), kind });
    }

    /// Reports a contact if there is a hit; whether there was.
    fn contact(
        &mut self,
        hit: Option<Hit>,
        evidence: EvidenceKind,
        observed: impl FnOnce() -> String,
    ) -> bool {
        let Some(hit) = hit else { return false };
        let host = Direction::ToServer;
        let contact = Contact { evidence, host, observed: observed(), hit };
        self.add(FindingKind::Contact(Box::new(contact)));
        true
    }
}
