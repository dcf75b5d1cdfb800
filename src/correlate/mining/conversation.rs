//! Turns the report of a mining conversation into progress of an incident.

use super::MiningRule;
use super::far_end::{self, FarEnd};
use super::incident::{IncidentQuery, Reason};
use super::pools::PoolUse;
use crate::correlate::incident::Identity;
use crate::correlate::{Knowledge, assess};
use crate::model::event::MiningSession;
use crate::model::flow::FlowEnds;
use crate::model::record::{EvidenceKind, Record, Verdict};
use crate::model::signal::Signal;

impl MiningRule {
    pub(super) fn conversation(
        &mut self,
        signal: &Signal,
        session: &MiningSession,
        knowledge: &Knowledge,
        records: &mut Vec<Record>,
    ) {
        let Some(stage) = session.stage() else { return };
        let verdict = assess::verdict(stage);
        let Signal { at, ref flow, .. } = *signal;
        let FarEnd { sender, miner, pool, subject } = far_end::resolve(signal, session, knowledge);
        let mut identities: Vec<Identity> = Identity::from_payee(session).into_iter().collect();
        identities.extend(pool.endpoint.map(|endpoint| Identity::Address(endpoint.ip)));
        identities.extend(pool.domain.as_deref().map(Identity::from_name));
        identities.extend(Identity::from_redirect(session));

        let probe = knowledge.hosts.is_prober(miner.ip) && verdict <= Verdict::Session;
        let standing = if probe { Verdict::Probe } else { verdict };
        let query = IncidentQuery { at, flow, sender, identities: &identities, verdict: standing };
        let sequence = self.incidents.for_conversation(&query, verdict, knowledge, records);
        let Some(incident) = self.incidents.get_mut(sequence) else { return };
        let probe = probe && incident.verdict == Verdict::Probe;
        if probe {
            self.incidents.merge_into_probe(sequence, at.time, knowledge, records);
        }
        let Some(incident) = self.incidents.get_mut(sequence) else { return };
        let mut new = false;
        for step in &session.steps {
            let kind = if probe { EvidenceKind::Probe } else { step.kind };
            let detail = format!("{} ({subject})", step.detail);
            let source = "protocol".to_owned();
            let proof = Reason { at: step.at, flow, detail, indicator: None, source };
            // A share and the pool's answer to it may have the same kind but different verdicts:
            // the verdict in the subject keeps both.
            let usual = probe || step.stage.usual_evidence() == step.kind;
            let rung = if usual { "" } else { assess::verdict(step.stage).name() };
            new |= incident.add_evidence(kind, &format!("{subject}{rung}"), proof);
        }
        // The last report of a conversation comes when its flow has been silent for long, so the
        // time of the last message counts.
        let heard = session.last_message.unwrap_or(at);
        let (transport, last_seen) = (Some(flow.transport()), heard.time);
        let pool = PoolUse { transport, last_seen, ..pool };
        incident.sessions.update(flow.id, session);
        let verdict = if probe { Verdict::Probe } else { verdict };
        let further = incident.record_progress(heard, flow, &identities, verdict, pool);
        self.incidents.report_progress(sequence, at.time, further, new, knowledge, records);
    }
}
