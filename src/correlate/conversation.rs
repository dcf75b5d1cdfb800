//! A mining conversation, as far as it has come.

use super::Correlator;
use super::campaign::Identity;
use super::incident::Proof;
use super::incidents::Clue;
use super::pools::PoolUse;
use crate::model::alert::{Alert, EvidenceKind, Verdict};
use crate::model::chunk::Direction;
use crate::model::event::tunnel::TunnelKind;
use crate::model::event::{MiningSession, Moment};
use crate::model::finding::FlowRef;
use crate::model::flow::Endpoint;
use crate::model::time::Timestamp;

impl Correlator {
    pub(super) fn mining(
        &mut self,
        at: Moment,
        flow: &FlowRef,
        direction: Direction,
        session: &MiningSession,
        alerts: &mut Vec<Alert>,
    ) {
        let Some(verdict) = session.verdict() else { return };
        let direction = self.miner(flow, direction, session);
        let (miner, far) = (flow.sender(direction), flow.sender(direction.reverse()));
        let pool = self.far_end(miner, far, session, at.time);
        let mut identities: Vec<Identity> = Identity::of_payee(session).into_iter().collect();
        identities.extend(pool.endpoint.map(|endpoint| Identity::Address(endpoint.ip)));
        identities.extend(pool.domain.as_deref().map(Identity::of_name));
        identities.extend(Identity::of_redirect(session));

        let subject = pool.endpoint.map(|endpoint| endpoint.to_string());
        let subject = subject.or_else(|| pool.domain.clone()).unwrap_or_else(|| far.to_string());
        let prober = self.hosts.probing.attempt(miner.ip, &subject, verdict, at.time);
        let probe = prober && verdict <= Verdict::Session;
        let clue = Clue { at, flow, host: direction, identities: &identities, probe };
        let sequence = self.incidents.of_conversation(&clue, verdict, &self.hosts, alerts);
        let Some(incident) = self.incidents.get_mut(sequence) else { return };
        let probe = probe && incident.verdict == Verdict::Probe;
        if probe {
            self.incidents.fold(sequence, at.time, &self.hosts, alerts);
        }
        let Some(incident) = self.incidents.get_mut(sequence) else { return };
        let mut new = false;
        for step in &session.steps {
            let kind = if probe { EvidenceKind::Probe } else { step.kind };
            let detail = format!("{} ({subject})", step.detail);
            let source = "protocol".to_owned();
            let proof = Proof { at: step.at, flow, detail, indicator: None, source };
            // A share and the pool's word on it may stand on two rungs: both are told.
            let usual = probe || step.verdict.evidence() == step.kind;
            let rung = if usual { "" } else { step.verdict.name() };
            new |= incident.prove(kind, &format!("{subject}{rung}"), proof);
        }
        // The last word on a conversation comes when its flow has been silent for long.
        let heard = session.last_message.unwrap_or(at);
        let (transport, last_seen) = (Some(flow.transport()), heard.time);
        let pool = PoolUse { transport, last_seen, ..pool };
        incident.sessions.update(flow.id, session);
        let verdict = if probe { Verdict::Probe } else { verdict };
        let further = incident.touch(heard, flow, &identities, verdict, pool);
        self.incidents.tell(sequence, at.time, further, new, &self.hosts, alerts);
    }

    /// The direction in which the host's packets travel. Where both ends mine (p2pool), whoever opened
    /// the connection, the one inside is the host.
    fn miner(&self, flow: &FlowRef, direction: Direction, session: &MiningSession) -> Direction {
        let inside = |direction: Direction| self.hosts.is_inside(flow.sender(direction).ip);
        let outside = session.miner.is_none() && !inside(direction) && inside(direction.reverse());
        if outside { direction.reverse() } else { direction }
    }

    /// The pool behind `far`, by name and address: the tunnel's target, or what DNS called it.
    fn far_end(
        &self,
        miner: Endpoint,
        far: Endpoint,
        session: &MiningSession,
        now: Timestamp,
    ) -> PoolUse {
        let (told, endpoint) = match &session.tunnel {
            Some(tunnel) if tunnel.kind != TunnelKind::ProxyProtocol => match tunnel.ip {
                Some(ip) => {
                    (self.names.told_to_anyone(ip, now), Endpoint { ip, port: tunnel.port })
                }
                None => {
                    let (domain, port) = (Some(tunnel.host.clone()), Some(tunnel.port));
                    return PoolUse { domain, port, ..PoolUse::default() };
                }
            },
            _ => {
                let told = self.names.told_to(miner.ip, far.ip, now);
                (told.or_else(|| self.names.told_to_anyone(far.ip, now)), far)
            }
        };
        let pool = PoolUse { endpoint: Some(endpoint), ..PoolUse::default() };
        let Some(told) = told else { return pool };
        let pool = PoolUse { domain: Some(told.name.to_string()), ..pool };
        // Another host may have asked for the pool's name: over the other version of IP, say.
        match &told.hit {
            Some(hit) => pool.with_hit(hit),
            None => pool,
        }
    }
}
