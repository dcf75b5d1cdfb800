//! The incidents that are open: which one a finding belongs to, when it is told of, when it is over.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hashbrown::HashMap;

use super::Options;
use super::campaign::Identity;
use super::hosts::Hosts;
use super::incident::Incident;
use super::probing;
use crate::model::alert::{Alert, State, Verdict};
use crate::model::chunk::Direction;
use crate::model::event::Moment;
use crate::model::finding::{FlowRef, PoolClass};
use crate::model::time::Timestamp;

/// What decides where a finding belongs.
pub(super) struct Clue<'a> {
    pub at: Moment,
    pub flow: &'a FlowRef,
    /// The direction in which the host sends that the finding is about.
    pub host: Direction,
    pub identities: &'a [Identity],
    /// It is one of a prober's attempts: they have one incident, whatever the pool.
    pub probe: bool,
}

/// All open incidents.
pub(super) struct Incidents {
    options: Options,
    /// By order of opening.
    open: BTreeMap<u64, Incident>,
    opened: u64,
    of_host: HashMap<IpAddr, Vec<u64>>,
    /// Which incident an open conversation belongs to.
    of_flow: HashMap<u64, u64>,
}

impl Incidents {
    pub fn new(options: Options) -> Self {
        Incidents {
            options,
            open: BTreeMap::new(),
            opened: 0,
            of_host: HashMap::new(),
            of_flow: HashMap::new(),
        }
    }

    pub fn get_mut(&mut self, sequence: u64) -> Option<&mut Incident> {
        self.open.get_mut(&sequence)
    }

    /// The incident to which `clue` leads; opened if there is none.
    pub fn of(&mut self, clue: &Clue<'_>, hosts: &Hosts, alerts: &mut Vec<Alert>) -> u64 {
        let now = clue.at.time;
        let host = clue.flow.sender(clue.host).ip;
        let known = self.of_host.get(&host).map_or(&[][..], Vec::as_slice);
        let find = |fits: &dyn Fn(&Incident) -> bool| {
            known.iter().copied().find(|sequence| self.open.get(sequence).is_some_and(fits))
        };
        let found = find(&|incident| {
            let apart = if clue.probe { Verdict::Mining } else { Verdict::Contact };
            incident.verdict >= apart && incident.campaign.shares_any(clue.identities)
        });
        let found = found.or_else(|| find(&|one| clue.probe && one.verdict == Verdict::Probe));
        if let Some(sequence) = found {
            let incident = self.open.get(&sequence);
            if incident.is_some_and(|one| !one.is_over(now, self.options.incident_idle)) {
                return sequence;
            }
            self.close(sequence, None, hosts, alerts);
        }
        if self.open.len() >= self.options.max_incidents
            && let Some((&oldest, _)) = self.open.first_key_value()
        {
            self.close(oldest, Some(now), hosts, alerts);
        }
        self.opened += 1;
        self.open.insert(self.opened, Incident::new(clue));
        self.of_host.entry(host).or_default().push(self.opened);
        self.opened
    }

    /// Likewise, for a conversation that has got as far as `verdict`: it stays where it is.
    pub fn of_conversation(
        &mut self,
        clue: &Clue<'_>,
        verdict: Verdict,
        hosts: &Hosts,
        alerts: &mut Vec<Alert>,
    ) -> u64 {
        let flow = clue.flow.id;
        if let Some(&known) = self.of_flow.get(&flow)
            && let Some(incident) = self.open.get_mut(&known)
        {
            // What was one of a prober's attempts and got work stands for itself.
            let outgrown = incident.verdict == Verdict::Probe && verdict > Verdict::Session;
            if !outgrown {
                return known;
            }
            incident.sessions.release(flow);
        }
        let sequence = self.of(clue, hosts, alerts);
        self.of_flow.insert(flow, sequence);
        sequence
    }

    /// The flow is over, and with it its conversation.
    pub fn end_flow(&mut self, flow: u64) {
        if let Some(sequence) = self.of_flow.remove(&flow)
            && let Some(incident) = self.open.get_mut(&sequence)
        {
            incident.sessions.end(flow);
        }
    }

    /// The host has turned out to be a prober: what it had tried until then, without getting work,
    /// becomes part of its probe, incident number `probe`. Contacts with malware stay by themselves.
    pub fn fold(&mut self, probe: u64, now: Timestamp, hosts: &Hosts, alerts: &mut Vec<Alert>) {
        let Some(incident) = self.open.get(&probe) else { return };
        let (host, id) = (incident.host, incident.id().to_owned());
        let known = self.of_host.get(&host).map_or(&[][..], Vec::as_slice);
        let tried = |sequence: &u64| {
            self.open.get(sequence).is_some_and(|incident| {
                let malware = incident.pools.worst_class() == Some(PoolClass::Malware);
                match incident.verdict {
                    Verdict::Contact => !malware,
                    Verdict::Attempt | Verdict::Session => true,
                    Verdict::Probe | Verdict::Mining | Verdict::Active => false,
                }
            })
        };
        let tried: Vec<u64> = known.iter().copied().filter(tried).collect();
        for sequence in tried {
            let Some(mut part) = self.remove(sequence) else { continue };
            for flow in part.sessions.flows() {
                self.of_flow.insert(flow, probe);
            }
            alerts.push(part.fold_into(&id, now, hosts.facts(host)));
            if let Some(incident) = self.open.get_mut(&probe) {
                incident.absorb(part);
            }
        }
    }

    /// Writes a record if a finding brought the incident `further`, or if `new` reasons of a
    /// prober fill one.
    pub fn tell(
        &mut self,
        sequence: u64,
        now: Timestamp,
        further: bool,
        new: bool,
        hosts: &Hosts,
        alerts: &mut Vec<Alert>,
    ) {
        let Some(incident) = self.open.get_mut(&sequence) else { return };
        let probe = incident.verdict == Verdict::Probe;
        let full = probe && new && incident.evidence.len() >= probing::TARGETS_PER_RECORD;
        let first = further && !probe || probe && !incident.is_told();
        // The last word on a conversation that fell silent long ago is for the closing record.
        let silent = now.since(incident.last_seen) > self.options.incident_idle;
        if first || full || !silent && incident.is_due(now, self.options.update_interval) {
            alerts.push(incident.record(State::Updated, now, hosts.facts(incident.host)));
            if probe {
                incident.evidence.clear_listed();
            }
        }
    }

    /// Tells what is due at `now` and closes what is over.
    pub fn scan(&mut self, now: Timestamp, hosts: &Hosts, alerts: &mut Vec<Alert>) {
        let mut over = Vec::new();
        for (&sequence, incident) in &mut self.open {
            if incident.is_over(now, self.options.incident_idle) {
                over.push(sequence);
            } else if incident.is_due(now, self.options.update_interval) {
                alerts.push(incident.record(State::Updated, now, hosts.facts(incident.host)));
            }
        }
        for sequence in over {
            self.close(sequence, None, hosts, alerts);
        }
    }

    /// Closes everything at `now`, in order of opening.
    pub fn close_all(&mut self, now: Timestamp, hosts: &Hosts, alerts: &mut Vec<Alert>) {
        let all: Vec<u64> = self.open.keys().copied().collect();
        for sequence in all {
            self.close(sequence, Some(now), hosts, alerts);
        }
    }

    /// Closes an incident: at `now`, or when its silence had lasted long enough.
    fn close(
        &mut self,
        sequence: u64,
        now: Option<Timestamp>,
        hosts: &Hosts,
        alerts: &mut Vec<Alert>,
    ) {
        let Some(mut incident) = self.remove(sequence) else { return };
        let due = incident.last_seen.plus(self.options.incident_idle);
        let time = now.unwrap_or(due).max(incident.last_record());
        alerts.push(incident.record(State::Closed, time, hosts.facts(incident.host)));
    }

    fn remove(&mut self, sequence: u64) -> Option<Incident> {
        let incident = self.open.remove(&sequence)?;
        if let Some(sequences) = self.of_host.get_mut(&incident.host) {
            sequences.retain(|&other| other != sequence);
            if sequences.is_empty() {
                self.of_host.remove(&incident.host);
            }
        }
        Some(incident)
    }
}
