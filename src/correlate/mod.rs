//! Joins the findings of all flows into incidents, one per inside host and campaign.
//!
//! There is one correlator, and it gets its findings in capture order: what it says depends on
//! the packets alone. Every table is bounded by [`Limits`].

mod assess;
mod campaign;
mod community_id;
mod evidence;
mod hashrate;
mod home;
mod incident;
mod names;
mod pools;
mod probing;
mod sentence;
mod sessions;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use hashbrown::{HashMap, HashSet};

pub use community_id::community_id;
pub use hashrate::{Hashrate, WorkTotal};
pub use home::HomeNet;
pub use sentence::human_rate;

use campaign::Identity;
use incident::{HostFacts, Incident, Proof};
use names::Names;
use pools::PoolUse;
use probing::Probing;

use crate::model::alert::{Alert, EvidenceKind, State, Verdict};
use crate::model::chunk::Direction;
use crate::model::event::{MiningSession, Moment};
use crate::model::finding::{Contact, Finding, FindingKind, FlowRef};
use crate::model::flow::Endpoint;
use crate::model::time::Timestamp;

/// How incidents are told, from the configuration.
#[derive(Clone, Debug)]
pub struct Options {
    pub home_net: HomeNet,
    /// An incident is closed after this much silence.
    pub incident_idle: Duration,
    /// News of an open incident is told at most this often, unless the verdict changes.
    pub update_interval: Duration,
    /// So many pools tried in vain make a prober.
    pub probe_pools: usize,
    /// Incidents open at once; the one that began first is closed beyond that.
    pub max_incidents: usize,
    /// Addresses whose names are remembered.
    pub max_names: usize,
}

/// Packet time between two looks at all incidents: much less than any sensible `incident_idle`.
const SCAN_INTERVAL: Duration = Duration::from_secs(10);
/// Resolvers remembered; a site has a few dozen, an attacker can pretend any number.
const MAX_RESOLVERS: usize = 4096;
const DNS_PORT: u16 = 53;

/// Findings in, alerts out.
pub struct Correlator {
    options: Options,
    names: Names,
    /// Hosts that answer DNS questions.
    resolvers: HashSet<IpAddr>,
    probing: Probing,
    /// By order of opening.
    incidents: BTreeMap<u64, Incident>,
    opened: u64,
    of_host: HashMap<IpAddr, Vec<u64>>,
    /// Which incident an open conversation belongs to.
    of_flow: HashMap<u64, u64>,
    next_scan: Timestamp,
}

impl Correlator {
    pub fn new(options: Options) -> Self {
        Correlator {
            names: Names::new(options.max_names),
            resolvers: HashSet::new(),
            probing: Probing::new(options.probe_pools),
            incidents: BTreeMap::new(),
            opened: 0,
            of_host: HashMap::new(),
            of_flow: HashMap::new(),
            next_scan: Timestamp::ZERO,
            options,
        }
    }

    /// Incidents that are open.
    pub fn open_incidents(&self) -> usize {
        self.incidents.len()
    }

    /// Takes one finding and appends the alerts that it causes.
    pub fn finding(&mut self, finding: &Finding, alerts: &mut Vec<Alert>) {
        let Finding { at, flow, kind } = finding;
        match kind {
            FindingKind::Opened => self.connection(*at, flow, alerts),
            FindingKind::Answer(answer) => {
                if flow.server.port == DNS_PORT && self.resolvers.len() < MAX_RESOLVERS {
                    self.resolvers.insert(flow.server.ip);
                }
                self.names.learn(flow.client.ip, answer, at.time);
            }
            FindingKind::Named(name) => {
                self.names.called(flow.client.ip, flow.server.ip, name, at.time);
            }
            FindingKind::Contact(contact) => self.contact(*at, flow, contact, alerts),
            FindingKind::Mining(session) => self.mining(*at, flow, session, alerts),
            FindingKind::Closed => {
                if let Some(sequence) = self.of_flow.remove(&flow.id)
                    && let Some(incident) = self.incidents.get_mut(&sequence)
                {
                    incident.sessions.end(flow.id);
                }
            }
        }
    }

    /// Packet time has reached `now`: tells what is due and closes what is over.
    pub fn advance(&mut self, now: Timestamp, alerts: &mut Vec<Alert>) {
        if now < self.next_scan {
            return;
        }
        self.next_scan = now.plus(SCAN_INTERVAL);
        let mut over = Vec::new();
        for (&sequence, incident) in &mut self.incidents {
            if incident.is_over(now, self.options.incident_idle) {
                over.push(sequence);
            } else if incident.is_due(now, self.options.update_interval) {
                let facts =
                    host_facts(&self.options.home_net, &self.resolvers, &self.probing, incident);
                alerts.push(incident.record(State::Updated, now, facts));
            }
        }
        for sequence in over {
            self.close(sequence, None, alerts);
        }
    }

    /// The input has ended at `now`: closes everything, in order of opening.
    pub fn finish(&mut self, now: Timestamp, alerts: &mut Vec<Alert>) {
        let all: Vec<u64> = self.incidents.keys().copied().collect();
        for sequence in all {
            self.close(sequence, Some(now), alerts);
        }
    }

    /// A new connection: to an address that DNS gave this host for a pool's name?
    fn connection(&mut self, at: Moment, flow: &FlowRef, alerts: &mut Vec<Alert>) {
        if !self.names.is_pool(flow.server.ip) {
            return; // as nearly all
        }
        let told = self.names.told_to(flow.client.ip, flow.server.ip, at.time);
        let Some((name, hit)) = told.and_then(|told| Some((told.name.clone(), told.hit.clone()?)))
        else {
            return;
        };
        let contact = Contact {
            evidence: EvidenceKind::PoolAddress,
            host: Direction::ToServer,
            observed: format!("{}, which DNS gave this host for {name}", flow.server),
            hit,
        };
        self.contact(at, flow, &contact, alerts);
    }

    fn contact(&mut self, at: Moment, flow: &FlowRef, contact: &Contact, alerts: &mut Vec<Alert>) {
        let (host, far) = ends(flow, contact.host);
        let Contact { evidence, observed, hit, .. } = contact;
        let lookup = matches!(evidence, EvidenceKind::DnsQuery | EvidenceKind::DnsAnswer);
        let tunnelled = *evidence == EvidenceKind::TunnelTarget;
        let domain = match evidence {
            EvidenceKind::PoolAddress | EvidenceKind::TlsCertificate => {
                self.names.told_to(host.ip, far.ip, at.time).map(|told| told.name.to_string())
            }
            EvidenceKind::HttpUrl | EvidenceKind::TunnelTarget => {
                observed.split(['/', ':']).next().map(str::to_owned)
            }
            _ => Some(observed.clone()),
        };
        // A proxy or a resolver stands between: its address is not the pool's.
        let direct = (!lookup && !tunnelled).then_some(far);
        let mut identities = vec![Identity::Pool(hit.pool.name.clone())];
        identities.extend(direct.map(|far| Identity::Address(far.ip)));
        identities.extend(domain.as_deref().map(Identity::of_name));
        let pool = PoolUse {
            domain,
            endpoint: direct,
            transport: direct.map(|_| flow.transport),
            last_seen: at.time,
            ..PoolUse::default()
        }
        .with_hit(hit);

        let fold = self.probing.is_prober(host.ip);
        let sequence = self.incident(at, flow, contact.host, &identities, fold, alerts);
        let Some(incident) = self.incidents.get_mut(&sequence) else { return };
        let proof = Proof {
            at,
            flow,
            detail: observed.clone(),
            indicator: Some(hit.indicator.clone()),
            source: hit.pool.sources.join(", "),
        };
        let new = incident.prove(*evidence, observed, proof);
        let verdict = if incident.verdict == Verdict::Probe && fold {
            Verdict::Probe
        } else {
            Verdict::Contact
        };
        let further = incident.touch(at, flow, &identities, verdict, pool);
        self.tell(sequence, at.time, further, new, alerts);
    }

    fn mining(
        &mut self,
        at: Moment,
        flow: &FlowRef,
        session: &MiningSession,
        alerts: &mut Vec<Alert>,
    ) {
        let Some(verdict) = session.verdict() else { return };
        let direction = session.miner.unwrap_or(Direction::ToServer);
        let (miner, far) = ends(flow, direction);
        let pool = self.far_end(miner, far, session, at.time);
        let mut identities: Vec<Identity> = Identity::of_payee(session).into_iter().collect();
        identities.extend(pool.endpoint.map(|endpoint| Identity::Address(endpoint.ip)));
        identities.extend(pool.domain.as_deref().map(Identity::of_name));

        let subject = pool.endpoint.map(|endpoint| endpoint.to_string());
        let subject = subject.or_else(|| pool.domain.clone()).unwrap_or_else(|| far.to_string());
        let probes = self.probing.attempt(miner.ip, &subject, verdict, at.time);
        let fold = probes && verdict <= Verdict::Session;
        let sequence = match self.of_flow.get(&flow.id) {
            Some(&known)
                if self.incidents.contains_key(&known) && !self.outgrew(known, verdict) =>
            {
                known
            }
            _ => self.incident(at, flow, direction, &identities, fold, alerts),
        };
        self.of_flow.insert(flow.id, sequence);
        let Some(incident) = self.incidents.get_mut(&sequence) else { return };
        let folded = fold && incident.verdict == Verdict::Probe;
        let mut new = false;
        for step in &session.steps {
            let kind = if folded { EvidenceKind::Probe } else { evidence::kind_of(step.verdict) };
            let detail = format!("{} ({subject})", step.detail);
            let source = "protocol".to_owned();
            let proof = Proof { at: step.at, flow, detail, indicator: None, source };
            new |= incident.prove(kind, &subject, proof);
        }
        let transport = Some(flow.transport);
        // The last word on a conversation comes when its flow has been silent for long.
        let heard = session.last_message.unwrap_or(at);
        let last_seen = heard.time;
        let pool = PoolUse { transport, last_seen, ..pool };
        incident.sessions.update(flow.id, session);
        let verdict = if folded { Verdict::Probe } else { verdict };
        let further = incident.touch(heard, flow, &identities, verdict, pool);
        self.tell(sequence, at.time, further, new, alerts);
    }

    /// A conversation that was one of a prober's attempts and got work stands for itself.
    fn outgrew(&self, sequence: u64, verdict: Verdict) -> bool {
        verdict > Verdict::Session
            && self.incidents.get(&sequence).is_some_and(|known| known.verdict == Verdict::Probe)
    }

    /// The pool behind `far`, by name and address: the tunnel's target, or what DNS called it.
    fn far_end(
        &self,
        miner: Endpoint,
        far: Endpoint,
        session: &MiningSession,
        now: Timestamp,
    ) -> PoolUse {
        use crate::model::event::tunnel::TunnelKind;
        let (domain, endpoint, port) = match &session.tunnel {
            Some(tunnel) if tunnel.kind != TunnelKind::ProxyProtocol => match tunnel.ip {
                Some(ip) => {
                    let told = self.names.told_to_anyone(ip, now);
                    let endpoint = Endpoint { ip, port: tunnel.port };
                    (told.map(|told| told.name.to_string()), Some(endpoint), None)
                }
                None => (Some(tunnel.host.clone()), None, Some(tunnel.port)),
            },
            _ => {
                let told = self
                    .names
                    .told_to(miner.ip, far.ip, now)
                    .or_else(|| self.names.told_to_anyone(far.ip, now));
                (told.map(|told| told.name.to_string()), Some(far), None)
            }
        };
        PoolUse { domain, endpoint, port, ..PoolUse::default() }
    }

    /// The incident of this host to which `identities` belong; opened if there is none.
    /// `fold`: attempts of a prober go to its one probe incident.
    fn incident(
        &mut self,
        at: Moment,
        flow: &FlowRef,
        direction: Direction,
        identities: &[Identity],
        fold: bool,
        alerts: &mut Vec<Alert>,
    ) -> u64 {
        let host = ends(flow, direction).0.ip;
        let known = self.of_host.get(&host).map_or(&[][..], Vec::as_slice);
        let found = known.iter().copied().find(|sequence| {
            self.incidents.get(sequence).is_some_and(|incident| {
                let probe = incident.verdict == Verdict::Probe;
                if fold && probe {
                    true
                } else {
                    !probe && incident.campaign.shares_any(identities)
                }
            })
        });
        if let Some(sequence) = found {
            let idle = self.options.incident_idle;
            if self
                .incidents
                .get(&sequence)
                .is_some_and(|incident| !incident.is_over(at.time, idle))
            {
                return sequence;
            }
            self.close(sequence, None, alerts);
        }
        if self.incidents.len() >= self.options.max_incidents
            && let Some((&oldest, _)) = self.incidents.first_key_value()
        {
            self.close(oldest, Some(at.time), alerts);
        }
        self.opened += 1;
        let sequence = self.opened;
        let name = format!("{fold} {identities:?}");
        self.incidents.insert(sequence, Incident::new(at, flow, direction, &name));
        self.of_host.entry(host).or_default().push(sequence);
        sequence
    }

    /// Writes a record if the finding brought the incident `further`, or if `new` reasons of a
    /// prober fill one.
    fn tell(
        &mut self,
        sequence: u64,
        now: Timestamp,
        further: bool,
        new: bool,
        alerts: &mut Vec<Alert>,
    ) {
        let Some(incident) = self.incidents.get_mut(&sequence) else { return };
        let facts = host_facts(&self.options.home_net, &self.resolvers, &self.probing, incident);
        let probe = incident.verdict == Verdict::Probe;
        let full = probe && new && incident.evidence.listed().len() >= probing::TARGETS_PER_RECORD;
        let first = further && !probe || probe && !incident.is_told();
        if first || full || incident.is_due(now, self.options.update_interval) {
            alerts.push(incident.record(State::Updated, now, facts));
            if probe {
                incident.evidence.clear_listed();
            }
        }
    }

    /// Closes an incident: at `now`, or when its silence had lasted long enough.
    fn close(&mut self, sequence: u64, now: Option<Timestamp>, alerts: &mut Vec<Alert>) {
        let Some(mut incident) = self.incidents.remove(&sequence) else { return };
        if let Some(sequences) = self.of_host.get_mut(&incident.host) {
            sequences.retain(|&other| other != sequence);
            if sequences.is_empty() {
                self.of_host.remove(&incident.host);
            }
        }
        let facts = host_facts(&self.options.home_net, &self.resolvers, &self.probing, &incident);
        let time = now.unwrap_or_else(|| incident.last_seen.plus(self.options.incident_idle));
        alerts.push(incident.record(State::Closed, time, facts));
    }
}

fn host_facts(
    home_net: &HomeNet,
    resolvers: &HashSet<IpAddr>,
    probing: &Probing,
    incident: &Incident,
) -> HostFacts {
    HostFacts {
        inside: home_net.contains(incident.host),
        resolver: resolvers.contains(&incident.host),
        prober: probing.is_prober(incident.host),
    }
}

/// The host that sends in `direction`, and its far end.
fn ends(flow: &FlowRef, direction: Direction) -> (Endpoint, Endpoint) {
    match direction {
        Direction::ToServer => (flow.client, flow.server),
        Direction::ToClient => (flow.server, flow.client),
    }
}
