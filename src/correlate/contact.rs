//! A contact: a pool's name was looked up, or its name or address reached.

use std::net::SocketAddr;

use super::Correlator;
use super::campaign::Identity;
use super::incident::Proof;
use super::incidents::Clue;
use super::pools::PoolUse;
use crate::model::alert::{Alert, EvidenceKind, Verdict};
use crate::model::authority::without_port;
use crate::model::chunk::Direction;
use crate::model::event::Moment;
use crate::model::finding::{Contact, FlowRef, Hit, PoolClass};

impl Correlator {
    /// A new connection: to an address that DNS gave this host for a pool's name?
    pub(super) fn connection(
        &mut self,
        at: Moment,
        flow: &FlowRef,
        host: Direction,
        alerts: &mut Vec<Alert>,
    ) {
        let (client, server) = (flow.sender(host), flow.sender(host.reverse()));
        if !self.names.is_pool(server.ip) {
            return; // as nearly all
        }
        let told = self.names.told_to(client.ip, server.ip, at.time);
        let Some((name, hit)) = told.and_then(|told| Some((&told.name, told.hit.as_ref()?))) else {
            return;
        };
        let contact = Contact {
            evidence: EvidenceKind::PoolAddress,
            observed: format!("{server}, which DNS gave this host for {name}"),
            proxied: false,
            hit: Hit::clone(hit),
        };
        self.contact(at, flow, host, &contact, alerts);
    }

    pub(super) fn contact(
        &mut self,
        at: Moment,
        flow: &FlowRef,
        direction: Direction,
        contact: &Contact,
        alerts: &mut Vec<Alert>,
    ) {
        let (host, far) = (flow.sender(direction), flow.sender(direction.reverse()));
        let Contact { evidence, observed, proxied, hit } = contact;
        let lookup = evidence.is_lookup();
        let tunnelled = *evidence == EvidenceKind::TunnelTarget;
        let target = observed.parse().ok().filter(|_| tunnelled).map(|end: SocketAddr| end.into());
        let port = tunnelled.then(|| port(observed)).flatten();
        let domain = match evidence {
            EvidenceKind::PoolAddress | EvidenceKind::TlsCertificate => {
                self.names.told_to(host.ip, far.ip, at.time).map(|told| told.name.to_string())
            }
            EvidenceKind::TunnelTarget if target.is_some() => None,
            EvidenceKind::TunnelTarget => Some(without_port(observed).to_owned()),
            EvidenceKind::HttpUrl => observed.split('/').next().map(str::to_owned),
            _ => Some(observed.clone()),
        };
        // A proxy or a resolver stands between: its address is not the pool's.
        let direct = if lookup || tunnelled || *proxied { target } else { Some(far) };
        let mut identities = vec![Identity::Pool(hit.pool.name.clone())];
        identities.extend(direct.map(|far| Identity::Address(far.ip)));
        identities.extend(domain.as_deref().map(Identity::of_name));
        let pool = PoolUse {
            domain,
            endpoint: direct,
            port,
            transport: direct.map(|_| flow.transport()),
            last_seen: at.time,
            ..PoolUse::default()
        }
        .with_hit(hit);

        // No catalogue of pools explains a contact with malware.
        let probe = self.hosts.probing.is_prober(host.ip) && hit.pool.class != PoolClass::Malware;
        let clue = Clue { at, flow, host: direction, identities: &identities, probe };
        let sequence = self.incidents.of(&clue, &self.hosts, alerts);
        let Some(incident) = self.incidents.get_mut(sequence) else { return };
        let proof = Proof {
            at,
            flow,
            detail: observed.clone(),
            indicator: Some(hit.indicator.clone()),
            source: hit.pool.sources.join(", "),
        };
        let new = incident.prove(*evidence, observed, proof);
        let verdict = if probe { Verdict::Probe } else { Verdict::Contact };
        let further = incident.touch(at, flow, &identities, verdict, pool);
        self.incidents.tell(sequence, at.time, further, new, &self.hosts, alerts);
    }
}

/// The digits after the last colon.
fn port(authority: &str) -> Option<u16> {
    authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).filter(|&port| port != 0)
}
