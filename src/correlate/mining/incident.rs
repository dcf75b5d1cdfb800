//! One mining incident: a host and its pool, from the first contact to the last share.

use std::net::IpAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::attack;
use super::pools::{PoolUse, Pools};
use super::sentence;
use super::sessions::Sessions;
use crate::correlate::assess::{self, Grounds};
use crate::correlate::incident::{EvidenceList, Identities, Identity};
use crate::correlate::{CorrelatorOptions, Knowledge};
use crate::flow::community_id;
use crate::model::Timestamp;
use crate::model::chunk::Direction;
use crate::model::event::{MiningSession, Moment};
use crate::model::flow::{Endpoint, FlowEnds, Transport};
use crate::model::link::LinkInfo;
use crate::model::record::{
    Body, Evidence, EvidenceKind, FlowTuple, Head, Host, IncidentState, Mining, MiningIncident,
    Pool, Record, Stage, Verdict, WalletState,
};
use crate::model::signal::FlowRef;

/// The properties of a signal that select its incident.
pub(super) struct IncidentQuery<'a> {
    pub at: Moment,
    pub flow: &'a FlowRef,
    /// The direction in which the host of the incident sends.
    pub sender: Direction,
    pub identities: &'a [Identity],
    /// [`Verdict::Probe`] for an attempt of a prober. All its attempts share one incident, whatever
    /// the pool.
    pub verdict: Verdict,
}

/// An incident of one host.
#[derive(Clone, Debug)]
pub(super) struct Incident {
    id: String,
    pub host: IpAddr,
    link: LinkInfo,
    pub identities: Identities,
    /// Number of identities that the index across hosts has already.
    indexed: usize,
    pub verdict: Verdict,
    pub pools: Pools,
    pub sessions: Sessions,
    pub evidence: EvidenceList,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// The connection of the newest signal.
    flow: FlowRef,
    records: u32,
    last_record: Timestamp,
    /// Something changed since the last record.
    changed: bool,
    /// Id of the probe that this incident has become a part of.
    part_of: Option<String>,
}

impl Incident {
    /// An incident that begins with the signal of `query`.
    pub(super) fn new(query: &IncidentQuery<'_>) -> Self {
        let &IncidentQuery { at, flow, sender, identities, verdict } = query;
        let host = flow.sender(sender).ip;
        let probe = verdict == Verdict::Probe;
        let mut digest = Sha256::new();
        digest.update(host.to_string());
        digest.update(at.time.as_nanos().to_be_bytes());
        // Other incidents of the host may begin at the same moment.
        digest.update(format!("{probe} {identities:?}"));
        let id = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Incident {
            id,
            host,
            link: *flow.link_of(sender),
            identities: Identities::default(),
            indexed: 0,
            verdict,
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

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Adds a signal of time `at`. Returns whether to write a record at once: the verdict rose, for
    /// the incident or for this pool from [`Verdict::Attempt`] on, or there is no record yet.
    pub(super) fn record_progress(
        &mut self,
        at: Moment,
        flow: &FlowRef,
        identities: &[Identity],
        verdict: Verdict,
        pool: PoolUse,
    ) -> bool {
        self.identities.add(identities);
        self.last_seen = self.last_seen.max(at.time);
        self.flow = flow.clone();
        self.changed = true;
        // The first packet may have been one to the host, without its link addresses.
        for direction in Direction::BOTH {
            if self.link == LinkInfo::NONE && flow.sender(direction).ip == self.host {
                self.link = *flow.link_of(direction);
            }
        }
        let further_there = self.pools.record_use(pool, verdict) && verdict >= Verdict::Attempt;
        let further = verdict > self.verdict;
        if further {
            self.verdict = verdict;
        }
        further || further_there || self.records == 0
    }

    /// The identities that were added since the last call.
    pub(super) fn take_new_identities(&mut self) -> &[Identity] {
        let all = self.identities.as_slice();
        let from = std::mem::replace(&mut self.indexed, all.len());
        all.get(from..).unwrap_or_default()
    }

    /// Adds a reason, once for each `subject`.
    pub(super) fn add_evidence(
        &mut self,
        kind: EvidenceKind,
        subject: &str,
        proof: Reason<'_>,
    ) -> bool {
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

    /// Writes its last record, which says that it is now a part of incident `probe`.
    pub(super) fn fold_into(
        &mut self,
        probe: &str,
        now: Timestamp,
        options: &CorrelatorOptions,
        knowledge: &Knowledge,
    ) -> Record {
        self.part_of = Some(probe.to_owned());
        self.record(IncidentState::Closed, now, options, knowledge)
    }

    /// Takes over the contents of an incident that has become a part of this probe.
    pub(super) fn absorb(&mut self, part: Incident) {
        self.identities.add(part.identities.as_slice());
        self.pools.absorb(part.pools);
        self.sessions.absorb(part.sessions);
        self.evidence.absorb(part.evidence);
        self.first_seen = self.first_seen.min(part.first_seen);
        self.last_seen = self.last_seen.max(part.last_seen);
    }

    /// Whether nothing has happened for longer than `idle` and no conversation is open.
    pub(super) fn is_over(&self, now: Timestamp, idle: Duration) -> bool {
        !self.sessions.any_open() && now.since(self.last_seen) > idle
    }

    /// Whether it has changed and its last record is at least `interval` old.
    pub(super) fn is_due(&self, now: Timestamp, interval: Duration) -> bool {
        self.changed && now.since(self.last_record) >= interval
    }

    /// The time of the last record.
    pub(super) fn last_record(&self) -> Timestamp {
        self.last_record
    }

    /// Whether any record has been written.
    pub(super) fn is_reported(&self) -> bool {
        self.records > 0
    }

    /// Writes a record of the present state.
    pub(super) fn record(
        &mut self,
        state: IncidentState,
        time: Timestamp,
        options: &CorrelatorOptions,
        knowledge: &Knowledge,
    ) -> Record {
        self.records += 1;
        self.last_record = time;
        self.changed = false;
        let first = self.records == 1 && state == IncidentState::Updated;
        let state = if first { IncidentState::Opened } else { state };
        let facts = knowledge.facts(self.host);
        let incident = self.body(state);
        let evidence: Vec<Evidence> = self.evidence.listed().cloned().collect();
        let grounds = Grounds {
            verdict: incident.verdict,
            evidence: &evidence,
            class: self.pools.worst_class(),
            one_way: incident.mining.as_ref().is_some_and(|mining| mining.one_way),
            resolver: facts.resolver,
            prober: facts.prober,
        };
        let (severity, confidence) = (assess::severity(&grounds), assess::confidence(&grounds));
        let flow = self.flow_tuple();
        let peer = Endpoint { ip: flow.dest_ip, port: flow.dest_port };
        let known_as =
            incident.pool.domain.as_deref().filter(|_| incident.pool.ip == Some(peer.ip));
        let mut head = Head {
            id: format!("{}-{}", self.id, self.records),
            incident: self.id.clone(),
            time,
            state,
            severity,
            confidence,
            sensor: options.sensor.clone(),
            stage: Some(match incident.verdict {
                Verdict::Contact | Verdict::Probe => Stage::Contact,
                _ => Stage::Mining,
            }),
            campaign: None,
            peer: knowledge.peer(self.host, peer, known_as, time),
            host: Host {
                ip: self.host,
                mac: self.link.src_mac(),
                vlan: self.link.innermost_vlan(),
                names: facts.names.clone(),
                inside: facts.inside,
            },
            evidence,
            evidence_omitted: self.evidence.omitted(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            attack: attack::techniques(&incident),
            summary: String::new(),
            flow,
        };
        head.summary = sentence::summary(&head, &incident, &facts);
        if let Some(probe) = &self.part_of {
            head.summary += &format!(". This is now part of incident {probe}");
        }
        Record { head, body: Body::Mining(incident) }
    }

    fn body(&self, state: IncidentState) -> MiningIncident {
        let pool = match state {
            IncidentState::Closed => self.pools.foremost(),
            _ => self.pools.current(),
        };
        let pool = pool.cloned().unwrap_or_default();
        MiningIncident {
            verdict: if self.part_of.is_some() { Verdict::Probe } else { self.verdict },
            mining: self.mining(&pool),
            pool: Pool {
                ip: pool.endpoint.map(|endpoint| endpoint.ip),
                port: pool.port(),
                transport: pool.transport.and_then(transport_name).map(Into::into),
                class: pool.class.map(|class| class.name().into()),
                name: pool.name,
                domain: pool.domain,
            },
        }
    }

    fn mining(&self, pool: &PoolUse) -> Option<Mining> {
        let session = self.sessions.most_telling()?;
        let named = self.sessions.most_telling_login().unwrap_or(session);
        let hashrate = self.sessions.hashrate();
        // The coin that the protocol names comes first, then that of a pool that serves only one.
        let (coins, coin_reason) = coins(session, &pool.coins);
        Some(Mining {
            dialect: session.dialect.name().into(),
            coin: if let [only] = coins.as_slice() { Some(only.clone()) } else { None },
            coins,
            coin_reason: coin_reason.map(Into::into),
            algorithm: session.algorithm.clone(),
            agent: session.agent.clone(),
            wallet: named.wallet.as_ref().map(|wallet| wallet.address.clone()),
            wallet_checksum: named.wallet.as_ref().map(|wallet| wallet.checksum),
            wallet_state: named.wallet_state,
            wallet_hidden: named.wallet_state == Some(WalletState::Hidden),
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
        // The host is the source, whichever end opened the connection. If it talks to itself, its
        // client side is.
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
            proto: transport_name(self.flow.transport()).unwrap_or("ip").into(),
            community_id: community_id(&self.flow.key),
            flow_id: self.flow.id,
            vlan: self.link.vlans().collect(),
        }
    }
}

/// The coins that conversation and pool agree on, and what they were told from.
///
/// A currency that the login names is paid by pools that convert, whatever they list.
fn coins(session: &MiningSession, pool: &[String]) -> (Vec<String>, Option<&'static str>) {
    match (session.coin_reason, pool) {
        (None, [only]) => (vec![only.clone()], Some("pool")),
        (None | Some("login"), _) | (_, []) => (session.coins.clone(), session.coin_reason),
        (Some(reason), pool) => {
            let both: Vec<_> =
                session.coins.iter().filter(|coin| pool.contains(coin)).cloned().collect();
            let reason = match both.as_slice() {
                [] => CONTRADICTION,
                [_] if session.coins.len() > 1 => "pool",
                _ => reason,
            };
            (both, Some(reason))
        }
    }
}

/// `coin_reason` where conversation and pool tell of different coins.
const CONTRADICTION: &str = "contradiction";

/// The details of one reason, for the evidence.
pub(super) struct Reason<'a> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(coins_told: &[&str], reason: Option<&'static str>, pool: &[&str]) -> String {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let session = MiningSession {
            coins: owned(coins_told),
            coin_reason: reason,
            ..MiningSession::default()
        };
        let pool: Vec<String> = owned(pool);
        let (coins, reason) = coins(&session, &pool);
        format!("{} {}", coins.join(","), reason.unwrap_or("-"))
    }

    #[test]
    fn a_pool_narrows_the_coins_and_contradicts_none_silently() {
        assert_eq!(told(&[], None, &["BTC"]), "BTC pool");
        assert_eq!(told(&[], None, &["BTC", "LTC"]), " -");
        assert_eq!(told(&["XMR"], Some("wallet"), &[]), "XMR wallet");
        assert_eq!(told(&["XMR"], Some("dialect"), &["XMR", "ZEPH"]), "XMR dialect");
        assert_eq!(told(&["KMD", "VRSC"], Some("several"), &["VRSC"]), "VRSC pool");
        assert_eq!(told(&["XMR"], Some("dialect"), &["RTM"]), " contradiction");
        assert_eq!(told(&["DOGE"], Some("login"), &["XMR"]), "DOGE login");
    }
}
