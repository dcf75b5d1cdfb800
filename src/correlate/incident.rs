//! One incident: one inside host and one campaign, from the first contact to the last share.

use std::net::IpAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::assess::{self, Grounds};
use super::attack;
use super::campaign::{Campaign, Identity};
use super::community_id::community_id;
use super::evidence::EvidenceList;
use super::hosts::HostFacts;
use super::incidents::Clue;
use super::pools::{PoolUse, Pools};
use super::sentence;
use super::sessions::Sessions;
use crate::model::alert::{
    Alert, Evidence, EvidenceKind, FlowTuple, Host, Mining, Pool, SCHEMA, State, Verdict,
};
use crate::model::chunk::Direction;
use crate::model::event::Moment;
use crate::model::finding::FlowRef;
use crate::model::flow::Transport;
use crate::model::link::LinkInfo;
use crate::model::time::Timestamp;

/// One incident.
#[derive(Clone, Debug)]
pub(super) struct Incident {
    id: String,
    pub host: IpAddr,
    link: LinkInfo,
    pub campaign: Campaign,
    pub verdict: Verdict,
    pub pools: Pools,
    pub sessions: Sessions,
    pub evidence: EvidenceList,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// The connection of the newest finding.
    flow: FlowRef,
    records: u32,
    last_record: Timestamp,
    /// Something changed since the last record.
    changed: bool,
    /// The probe of which it has turned out to be a part.
    part_of: Option<String>,
}

impl Incident {
    /// An incident that begins with what `clue` is about.
    pub fn new(clue: &Clue<'_>) -> Self {
        let &Clue { at, flow, host: direction, identities, probe } = clue;
        let host = flow.sender(direction).ip;
        let mut digest = Sha256::new();
        digest.update(host.to_string());
        digest.update(at.time.as_nanos().to_be_bytes());
        // Others may begin at the same moment.
        digest.update(format!("{probe} {identities:?}"));
        let id = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Incident {
            id,
            host,
            link: *flow.link_of(direction),
            campaign: Campaign::default(),
            verdict: Verdict::Probe,
            pools: Pools::default(),
            sessions: Sessions::default(),
            evidence: EvidenceList::default(),
            first_seen: at.time,
            last_seen: at.time,
            flow: flow.clone(),
            records: 0,
            last_record: at.time,
            changed: false,
            part_of: None,
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Notes that a finding at `at` belongs here: whether it brought the host further than it was.
    pub fn touch(
        &mut self,
        at: Moment,
        flow: &FlowRef,
        identities: &[Identity],
        verdict: Verdict,
        pool: PoolUse,
    ) -> bool {
        self.campaign.add(identities);
        self.last_seen = self.last_seen.max(at.time);
        self.flow = flow.clone();
        self.changed = true;
        // What it began with may have been a packet to the host.
        for direction in Direction::BOTH {
            if self.link == LinkInfo::NONE && flow.sender(direction).ip == self.host {
                self.link = *flow.link_of(direction);
            }
        }
        let further_there = self.pools.meet(pool, verdict) && verdict >= Verdict::Attempt;
        let further = verdict > self.verdict;
        self.verdict = self.verdict.max(verdict);
        further || further_there || self.records == 0
    }

    /// Adds a reason, once for each `subject`.
    pub fn prove(&mut self, kind: EvidenceKind, subject: &str, proof: Proof<'_>) -> bool {
        let evidence = Evidence {
            kind,
            time: proof.at.time,
            detail: proof.detail,
            indicator: proof.indicator,
            source: proof.source,
            community_id: community_id(&proof.flow.key),
        };
        self.evidence.add(subject, evidence)
    }

    /// Its last record: the host is a prober, and this was a part of incident `probe`.
    pub fn fold_into(&mut self, probe: &str, now: Timestamp, facts: HostFacts) -> Alert {
        self.part_of = Some(probe.to_owned());
        self.record(State::Closed, now, facts)
    }

    /// Takes over what belongs to an incident that was a part of this probe.
    pub fn absorb(&mut self, part: Incident) {
        self.campaign.add(part.campaign.identities());
        self.pools.absorb(part.pools);
        self.sessions.absorb(part.sessions);
        self.evidence.absorb(part.evidence);
        self.first_seen = self.first_seen.min(part.first_seen);
        self.last_seen = self.last_seen.max(part.last_seen);
    }

    /// Whether nothing has happened for `idle` and no conversation is open.
    pub fn is_over(&self, now: Timestamp, idle: Duration) -> bool {
        !self.sessions.any_open() && now.since(self.last_seen) > idle
    }

    /// Whether something new waits to be told for longer than `interval`.
    pub fn is_due(&self, now: Timestamp, interval: Duration) -> bool {
        self.changed && now.since(self.last_record) >= interval
    }

    /// When the last record was due.
    pub fn last_record(&self) -> Timestamp {
        self.last_record
    }

    /// Whether any record has been written.
    pub fn is_told(&self) -> bool {
        self.records > 0
    }

    /// The record for an operator, as things stand.
    pub fn record(&mut self, state: State, time: Timestamp, facts: HostFacts) -> Alert {
        self.records += 1;
        self.last_record = time;
        self.changed = false;
        let state =
            if self.records == 1 && state == State::Updated { State::Opened } else { state };
        let pool = match state {
            State::Closed => self.pools.foremost(),
            _ => self.pools.current(),
        };
        let pool = pool.cloned().unwrap_or_default();
        let mining = self.mining(&pool);
        let evidence: Vec<Evidence> = self.evidence.listed().cloned().collect();
        let grounds = Grounds {
            verdict: if self.part_of.is_some() { Verdict::Probe } else { self.verdict },
            evidence: &evidence,
            class: self.pools.worst_class(),
            one_way: mining.as_ref().is_some_and(|mining| mining.one_way),
            resolver: facts.resolver,
            prober: facts.prober,
        };
        let (verdict, severity) = (grounds.verdict, assess::severity(&grounds));
        let confidence = assess::confidence(&grounds);
        let mut alert = Alert {
            schema: SCHEMA,
            id: format!("{}-{}", self.id, self.records),
            incident: self.id.clone(),
            time,
            state,
            verdict,
            severity,
            confidence,
            host: Host {
                ip: self.host,
                mac: self.link.src_mac(),
                vlan: self.link.innermost_vlan(),
                names: facts.names.clone(),
                inside: facts.inside,
            },
            pool: Pool {
                name: pool.name.clone(),
                domain: pool.domain.clone(),
                ip: pool.endpoint.map(|endpoint| endpoint.ip),
                port: pool.port(),
                transport: pool.transport.and_then(transport_name),
                class: pool.class.map(|class| class.name()),
            },
            mining,
            evidence,
            evidence_omitted: self.evidence.omitted(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            attack: Vec::new(),
            summary: String::new(),
            flow: self.flow_tuple(),
        };
        alert.attack = attack::techniques(&alert);
        alert.summary = sentence::summary(&alert, &facts);
        if let Some(probe) = &self.part_of {
            alert.summary += &format!(". This is now part of incident {probe}");
        }
        alert
    }

    fn mining(&self, pool: &PoolUse) -> Option<Mining> {
        let session = self.sessions.foremost()?;
        let named = self.sessions.named().unwrap_or(session);
        let hashrate = self.sessions.hashrate();
        // The protocol's own word comes first; a pool that serves one coin settles the rest.
        let (coin, coin_reason) = match (&session.coin, pool.coins.as_slice()) {
            (Some(coin), _) => (Some(coin.clone()), session.coin_reason),
            (None, [only]) => (Some(only.clone()), Some("pool")),
            _ => (None, None),
        };
        Some(Mining {
            dialect: session.dialect.name(),
            coin,
            coin_reason,
            algorithm: session.algorithm.clone(),
            agent: session.agent.clone(),
            wallet: named.wallet.as_ref().map(|wallet| wallet.address.clone()),
            wallet_checksum: named.wallet.as_ref().map(|wallet| wallet.checksum),
            wallet_hidden: named.wallet_hidden,
            worker: named.worker.clone().or_else(|| named.rig_id.clone()),
            login: named.login.clone(),
            carriers: session.carriers.clone(),
            jobs: self.sessions.jobs(),
            shares: self.sessions.shares(),
            difficulty: session.difficulty,
            hashrate_hs: hashrate.map(|rate| rate.hashes_per_second),
            hashrate_error: hashrate.map(|rate| rate.standard_error),
            hashrate_reported_hs: session.reported_hashrate,
            connections: self.sessions.connections(),
            refused: session.refused.clone(),
            donation: session.donation,
            one_way: session.one_way,
            midstream: session.midstream,
        })
    }

    fn flow_tuple(&self) -> FlowTuple {
        // The host comes first, whoever opened the connection; its client, where it talks to itself.
        let (client, server) = (self.flow.client(), self.flow.server());
        let (host, far) = if server.ip == self.host && client.ip != self.host {
            (server, client)
        } else {
            (client, server)
        };
        FlowTuple {
            src_ip: host.ip,
            src_port: host.port,
            dest_ip: far.ip,
            dest_port: far.port,
            proto: transport_name(self.flow.transport()).unwrap_or("ip"),
            community_id: community_id(&self.flow.key),
            flow_id: self.flow.id,
            vlan: self.link.vlans().collect(),
        }
    }
}

/// The particulars of one reason.
pub(super) struct Proof<'a> {
    pub at: Moment,
    pub flow: &'a FlowRef,
    pub detail: String,
    pub indicator: Option<String>,
    pub source: String,
}

fn transport_name(transport: Transport) -> Option<&'static str> {
    match transport {
        Transport::Tcp => Some("tcp"),
        Transport::Udp => Some("udp"),
        Transport::Other(_) => None,
    }
}
