//! Handles contacts: lookups of a pool's name, and connections to its name or address.

use std::net::SocketAddr;

use super::MiningRule;
use super::incident::{IncidentQuery, Reason};
use super::pools::PoolUse;
use crate::correlate::Knowledge;
use crate::correlate::incident::Identity;
use crate::model::authority::without_port;
use crate::model::flow::FlowEnds;
use crate::model::indicator::{IntelClass, IntelMatch};
use crate::model::record::{EvidenceKind, Record, Verdict};
use crate::model::signal::{Contact, Signal};

impl MiningRule {
    /// Makes a contact of a new connection to an address that DNS gave this host for a pool's name.
    pub(super) fn connection(
        &mut self,
        signal: &Signal,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) {
        let Signal { at, ref flow, sender, .. } = *signal;
        let (client, server) = (flow.sender(sender), flow.sender(sender.reverse()));
        let names = &knowledge.names;
        if !names.is_pool(server.ip) {
            return; // as nearly all
        }
        let told = names.lookup_by(client.ip, server.ip, at.time);
        let Some((name, hit)) = told.and_then(|told| Some((&told.name, told.hit.as_ref()?))) else {
            return;
        };
        let contact = Contact {
            evidence: EvidenceKind::PoolAddress,
            observed: format!("{server}, which DNS gave this host for {name}"),
            proxied: false,
            hit: IntelMatch::clone(hit),
        };
        self.contact(signal, &contact, knowledge, records);
    }

    pub(super) fn contact(
        &mut self,
        signal: &Signal,
        contact: &Contact,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) {
        let Signal { at, ref flow, sender, .. } = *signal;
        let (host, far) = (flow.sender(sender), flow.sender(sender.reverse()));
        let Contact { evidence, observed, proxied, hit } = contact;
        let lookup = evidence.is_lookup();
        let tunnelled = *evidence == EvidenceKind::TunnelTarget;
        let target = observed.parse().ok().filter(|_| tunnelled).map(|end: SocketAddr| end.into());
        let port = tunnelled.then(|| port(observed)).flatten();
        let domain = match evidence {
            EvidenceKind::PoolAddress | EvidenceKind::TlsCertificate => knowledge
                .names
                .lookup_by(host.ip, far.ip, at.time)
                .map(|told| told.name.to_string()),
            EvidenceKind::TunnelTarget if target.is_some() => None,
            EvidenceKind::TunnelTarget => Some(without_port(observed).to_owned()),
            EvidenceKind::HttpUrl => observed.split('/').next().map(str::to_owned),
            _ => Some(observed.clone()),
        };
        // Behind a proxy or a resolver, the address of the far end is not the pool's.
        let direct = if lookup || tunnelled || *proxied { target } else { Some(far) };
        let mut identities = vec![Identity::Pool(hit.entry.name.clone())];
        identities.extend(direct.map(|far| Identity::Address(far.ip)));
        identities.extend(domain.as_deref().map(Identity::from_name));
        let pool = PoolUse {
            domain,
            endpoint: direct,
            port,
            transport: direct.map(|_| flow.transport()),
            last_seen: at.time,
            ..PoolUse::default()
        }
        .with_hit(hit);

        // A contact with malware is never part of a probe: no catalogue of pools lists it.
        let probe = knowledge.hosts.is_prober(host.ip) && hit.entry.class != IntelClass::Malware;
        let verdict = if probe { Verdict::Probe } else { Verdict::Contact };
        let query = IncidentQuery { at, flow, sender, identities: &identities, verdict };
        let sequence = self.incidents.find_or_open(&query, knowledge, records);
        let Some(incident) = self.incidents.get_mut(sequence) else { return };
        let proof = Reason {
            at,
            flow,
            detail: observed.clone(),
            indicator: Some(hit.indicator.clone()),
            source: hit.entry.sources.join(", "),
        };
        let new = incident.add_evidence(*evidence, observed, proof);
        let further = incident.record_progress(at, flow, &identities, verdict, pool);
        self.incidents.report_progress(sequence, at.time, further, new, knowledge, records);
    }
}

/// The digits after the last colon.
fn port(authority: &str) -> Option<u16> {
    authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).filter(|&port| port != 0)
}
