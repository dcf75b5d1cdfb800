//! Matches the names, addresses and URLs of events with the intelligence.

use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashSet;

use super::{FlowDetector, SignalSink, name};
use crate::intel::Intel;
use crate::model::EvidenceKind;
use crate::model::authority::{endpoint, without_port};
use crate::model::chunk::Direction;
use crate::model::event::http::HttpRequest;
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::model::event::{DnsMessage, Event, QuicInitial, TlsHandshake};
use crate::model::flow::{Endpoint, Flow, FlowEnds, Transport};
use crate::model::indicator::IntelMatch;
use crate::model::signal::{Contact, SignalKind};

/// Emits matches of names, addresses and URLs, and links between names and addresses.
pub(super) struct IntelDetector {
    intel: Arc<Intel>,
    /// Open flows through a proxy: the names in them belong to hosts behind it. At most as many as
    /// the flow table holds.
    tunnels: HashSet<u64>,
}

impl FlowDetector for IntelDetector {
    fn new(intel: &Arc<Intel>) -> Self {
        IntelDetector { intel: Arc::clone(intel), tunnels: HashSet::new() }
    }

    fn event(&mut self, flow: &Flow, event: Event<'_>, signals: &mut SignalSink<'_>) {
        let proxied = self.tunnels.contains(&flow.id);
        let mut report = EventReport { flow, sender: Direction::ToServer, proxied, signals };
        match event {
            Event::FlowOpened => self.opened(&mut report),
            Event::Dns(message) => {
                report.sender = message.asker();
                self.dns(message, &mut report);
            }
            Event::TlsClientHello(hello) => {
                report.sender = hello.direction;
                self.server_name(hello.sni.as_deref(), EvidenceKind::TlsSni, &mut report);
            }
            Event::Quic(QuicInitial { hello, .. }) => {
                report.sender = hello.direction;
                self.server_name(hello.sni.as_deref(), EvidenceKind::QuicSni, &mut report);
            }
            Event::TlsHandshake(handshake) => {
                report.sender = handshake.direction;
                self.certificates(handshake, &mut report);
            }
            Event::HttpRequest(request) => {
                report.sender = request.direction;
                self.http(request, &mut report);
            }
            Event::Tunnel(tunnel) => {
                report.sender = tunnel.direction;
                self.tunnel(tunnel, &mut report);
                // The PROXY protocol names the source of the bytes, not their destination.
                if tunnel.granted && tunnel.kind != TunnelKind::ProxyProtocol {
                    self.tunnels.insert(flow.id);
                }
            }
            Event::FlowClosed(_) => {
                self.tunnels.remove(&flow.id);
            }
            Event::HttpResponse(_) | Event::HostName(_) | Event::Mining(_) => {}
        }
    }

    #[inline]
    fn awaits_end(&self, flow: &Flow) -> bool {
        self.tunnels.contains(&flow.id)
    }

    fn reload(&mut self, intel: &Arc<Intel>) {
        self.intel = Arc::clone(intel);
    }
}

impl IntelDetector {
    /// Handles a new flow, which may go to a listed address. If the start of the flow was not seen,
    /// its initiator is a guess, so both ends are looked up.
    fn opened(&self, report: &mut EventReport<'_, '_>) {
        for host in Direction::BOTH {
            report.sender = host;
            let far = report.flow.sender(host.reverse());
            // No pool is reached over plain UDP, and QUIC carries the name of the server itself.
            if report.flow.transport() == Transport::Tcp {
                report.signals.connection(host);
            }
            let hit = self.intel.endpoint(far.ip, far.port);
            let known = report.contact(hit, EvidenceKind::PoolAddress, || far.to_string());
            if known || !report.flow.midstream() {
                return;
            }
        }
    }

    /// Handles a DNS message. The parsers leave out multicast name resolution.
    fn dns(&self, message: &DnsMessage, report: &mut EventReport<'_, '_>) {
        let evidence =
            if message.response { EvidenceKind::DnsAnswer } else { EvidenceKind::DnsQuery };
        for question in &message.questions {
            if name::is_lookup(question.qtype) {
                report.contact(self.intel.name(&question.name), evidence, || question.name.clone());
            }
        }
        if let Some(mut answer) = name::answer(message) {
            answer.hit = self.intel.name(&answer.name);
            // A harmless name can be an alias of a pool's name.
            for alias in &answer.aliases {
                let hit = self.intel.name(alias);
                answer.hit = answer.hit.or_else(|| hit.clone());
                report.contact(hit, evidence, || alias.clone());
            }
            report.add(SignalKind::DnsAnswer(Box::new(answer)));
        }
    }

    fn server_name(
        &self,
        name: Option<&str>,
        evidence: EvidenceKind,
        report: &mut EventReport<'_, '_>,
    ) {
        let Some(name) = name else { return };
        let known = report.contact(self.intel.name(name), evidence, || name.to_owned());
        // An address is not a name, and a proxy does not have the names of the hosts behind it.
        if !known && !report.proxied && name.parse::<IpAddr>().is_err() {
            report.add(SignalKind::PeerName(name.into()));
        }
    }

    /// Matches the names in the server's certificate, if the client sent no name of its own. A
    /// shared certificate must not blame a visitor of another of its names.
    fn certificates(&self, handshake: &TlsHandshake, report: &mut EventReport<'_, '_>) {
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

    fn http(&self, request: &HttpRequest, report: &mut EventReport<'_, '_>) {
        if let Some(tunnel) = request.tunnel() {
            return self.tunnel(&tunnel, report);
        }
        let Some(authority) = request.authority.as_deref() else { return };
        let host = without_port(authority);
        report.proxied |= name::is_absolute(&request.target);
        if report.proxied
            && let Some(end) = endpoint(authority)
        {
            // No packet shows this address, since the proxy connects to it.
            let hit = self.intel.endpoint(end.ip, end.port);
            report.contact(hit, EvidenceKind::TunnelTarget, || end.to_string());
        }
        let url = self.intel.url(authority, name::path(&request.target));
        if !report.contact(url, EvidenceKind::HttpUrl, || name::url(host, &request.target)) {
            self.server_name(Some(host), EvidenceKind::HttpHost, report);
        }
    }

    fn tunnel(&self, tunnel: &Tunnel, report: &mut EventReport<'_, '_>) {
        if tunnel.kind == TunnelKind::ProxyProtocol {
            return;
        }
        let hit = match tunnel.ip {
            Some(ip) => self.intel.endpoint(ip, tunnel.port),
            None => self.intel.name(&tunnel.target),
        };
        let observed = || match tunnel.ip {
            Some(ip) => Endpoint { ip, port: tunnel.port }.to_string(),
            None => format!("{}:{}", tunnel.target, tunnel.port),
        };
        report.contact(hit, EvidenceKind::TunnelTarget, observed);
    }
}

/// Collects the signals of one event.
struct EventReport<'a, 'b> {
    flow: &'a Flow,
    /// Direction of the host that the event is about: the end that behaves as the client, whichever
    /// end counts as the initiator of the flow.
    sender: Direction,
    /// The far end is a proxy.
    proxied: bool,
    signals: &'a mut SignalSink<'b>,
}

impl EventReport<'_, '_> {
    fn add(&mut self, kind: SignalKind) {
        self.signals.emit(self.sender, kind);
    }

    /// Emits a contact if there is a hit. Returns whether there was one.
    fn contact(
        &mut self,
        hit: Option<IntelMatch>,
        evidence: EvidenceKind,
        observed: impl FnOnce() -> String,
    ) -> bool {
        let Some(hit) = hit else { return false };
        let contact = Contact { evidence, observed: observed(), proxied: self.proxied, hit };
        self.add(SignalKind::Contact(Box::new(contact)));
        true
    }
}
