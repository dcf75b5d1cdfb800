//! The table of open incidents: finds the incident of a signal, writes records, closes incidents.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hashbrown::HashMap;

use super::incident::{Incident, IncidentQuery};
use crate::correlate::campaign::IdentityIndex;
use crate::correlate::rule::RuleStats;
use crate::correlate::{CorrelatorOptions, Knowledge};
use crate::model::Timestamp;
use crate::model::flow::FlowEnds;
use crate::model::indicator::IntelClass;
use crate::model::record::{IncidentState, Record, Verdict};

/// Pools that one record of a probe names. Each takes up to 300 bytes, in a record of 8,000.
const TARGETS_PER_RECORD: usize = 20;

/// All open incidents.
pub(super) struct Incidents {
    options: CorrelatorOptions,
    /// By sequence number, which is the order of opening.
    open: BTreeMap<u64, Incident>,
    opened: u64,
    by_host: HashMap<IpAddr, Vec<u64>>,
    /// The incident of each open conversation.
    by_flow: HashMap<u64, u64>,
    identities: IdentityIndex,
}

impl Incidents {
    pub(super) fn new(options: CorrelatorOptions) -> Self {
        Incidents {
            options,
            open: BTreeMap::new(),
            opened: 0,
            by_host: HashMap::new(),
            by_flow: HashMap::new(),
            identities: IdentityIndex::default(),
        }
    }

    pub(super) fn stats(&self) -> RuleStats {
        RuleStats {
            open_incidents: self.open.len() as u64,
            shared_identities: self.identities.shared(),
        }
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut Incident> {
        self.open.get_mut(&sequence)
    }

    /// The sequence number of the incident that `query` selects; opens one if there is none.
    pub(super) fn find_or_open(
        &mut self,
        query: &IncidentQuery<'_>,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) -> u64 {
        let now = query.at.time;
        let host = query.flow.sender(query.sender).ip;
        let probe = query.verdict == Verdict::Probe;
        let known = self.by_host.get(&host).map_or(&[][..], Vec::as_slice);
        let find = |fits: &dyn Fn(&Incident) -> bool| {
            known.iter().copied().find(|sequence| self.open.get(sequence).is_some_and(fits))
        };
        let found = find(&|incident| {
            let apart = if probe { Verdict::Mining } else { Verdict::Contact };
            incident.verdict >= apart && incident.identities.shares_any(query.identities)
        });
        let found = found.or_else(|| find(&|one| probe && one.verdict == Verdict::Probe));
        if let Some(sequence) = found {
            let incident = self.open.get(&sequence);
            if incident.is_some_and(|one| !one.is_over(now, self.options.incident_idle)) {
                return sequence;
            }
            self.close(sequence, None, knowledge, records);
        }
        if self.open.len() >= self.options.max_incidents
            && let Some((&oldest, _)) = self.open.first_key_value()
        {
            self.close(oldest, Some(now), knowledge, records);
        }
        self.opened += 1;
        self.open.insert(self.opened, Incident::new(query));
        self.by_host.entry(host).or_default().push(self.opened);
        self.opened
    }

    /// The incident of a conversation with this `verdict`. A conversation stays in its incident,
    /// unless it got work and that incident is a probe.
    pub(super) fn for_conversation(
        &mut self,
        query: &IncidentQuery<'_>,
        verdict: Verdict,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) -> u64 {
        let flow = query.flow.id;
        if let Some(&known) = self.by_flow.get(&flow)
            && let Some(incident) = self.open.get_mut(&known)
        {
            // An attempt of a prober that got work leaves the probe and has an incident of its own.
            let outgrown = incident.verdict == Verdict::Probe && verdict > Verdict::Session;
            if !outgrown {
                return known;
            }
            incident.sessions.release(flow);
        }
        let sequence = self.find_or_open(query, knowledge, records);
        self.by_flow.insert(flow, sequence);
        sequence
    }

    /// Ends the conversation of a flow that is over.
    pub(super) fn end_flow(&mut self, flow: u64) {
        if let Some(sequence) = self.by_flow.remove(&flow)
            && let Some(incident) = self.open.get_mut(&sequence)
        {
            incident.sessions.end(flow);
        }
    }

    /// Merges the earlier incidents of a host that has turned out to be a prober, in which it got
    /// no work, into its probe, incident number `probe`. Contacts with malware stay separate.
    pub(super) fn merge_into_probe(
        &mut self,
        probe: u64,
        now: Timestamp,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) {
        let Some(incident) = self.open.get(&probe) else { return };
        let (host, id) = (incident.host, incident.id().to_owned());
        let known = self.by_host.get(&host).map_or(&[][..], Vec::as_slice);
        let tried = |sequence: &u64| {
            self.open.get(sequence).is_some_and(|incident| {
                let malware = incident.pools.worst_class() == Some(IntelClass::Malware);
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
                self.by_flow.insert(flow, probe);
            }
            records.push(part.fold_into(&id, now, &self.options, knowledge));
            if let Some(incident) = self.open.get_mut(&probe) {
                incident.absorb(part);
            }
        }
    }

    /// Writes a record if one is due after a signal: the signal brought the incident `further`,
    /// `new` reasons of a prober fill a record, or the update interval is over.
    pub(super) fn report_progress(
        &mut self,
        sequence: u64,
        now: Timestamp,
        further: bool,
        new: bool,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) {
        let Some(incident) = self.open.get_mut(&sequence) else { return };
        let host = incident.host;
        self.identities.add(sequence, host, incident.take_new_identities());
        let probe = incident.verdict == Verdict::Probe;
        let full = probe && new && incident.evidence.len() >= TARGETS_PER_RECORD;
        let first = further && !probe || probe && !incident.is_reported();
        // The last report of a conversation that fell silent long ago is left for the closing
        // record.
        let silent = now.since(incident.last_seen) > self.options.incident_idle;
        if first || full || !silent && incident.is_due(now, self.options.update_interval) {
            records.push(incident.record(IncidentState::Updated, now, &self.options, knowledge));
            if probe {
                incident.evidence.clear_listed();
            }
        }
    }

    /// Writes the records that are due at `now` and closes the incidents that are over.
    pub(super) fn scan(
        &mut self,
        now: Timestamp,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) {
        let mut over = Vec::new();
        for (&sequence, incident) in &mut self.open {
            if incident.is_over(now, self.options.incident_idle) {
                over.push(sequence);
            } else if incident.is_due(now, self.options.update_interval) {
                records.push(incident.record(
                    IncidentState::Updated,
                    now,
                    &self.options,
                    knowledge,
                ));
            }
        }
        for sequence in over {
            self.close(sequence, None, knowledge, records);
        }
    }

    /// Closes all incidents at `now`, in order of opening.
    pub(super) fn close_all(
        &mut self,
        now: Timestamp,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) {
        let all: Vec<u64> = self.open.keys().copied().collect();
        for sequence in all {
            self.close(sequence, Some(now), knowledge, records);
        }
    }

    /// Closes an incident at `now`, or, without `now`, at the time when `incident_idle` was over.
    fn close(
        &mut self,
        sequence: u64,
        now: Option<Timestamp>,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) {
        let Some(mut incident) = self.remove(sequence) else { return };
        let due = incident.last_seen.plus(self.options.incident_idle);
        let time = now.unwrap_or(due).max(incident.last_record());
        records.push(incident.record(IncidentState::Closed, time, &self.options, knowledge));
    }

    fn remove(&mut self, sequence: u64) -> Option<Incident> {
        let incident = self.open.remove(&sequence)?;
        self.identities.remove(sequence, incident.identities.as_slice());
        if let Some(sequences) = self.by_host.get_mut(&incident.host) {
            sequences.retain(|&other| other != sequence);
            if sequences.is_empty() {
                self.by_host.remove(&incident.host);
            }
        }
        Some(incident)
    }
}
