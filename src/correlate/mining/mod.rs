//! The rule for mining: one incident per inside host and identity of its pool or wallet.
//!
//! [`contact`](MiningRule::contact) handles matches of the intelligence, and
//! [`conversation`](MiningRule::conversation) handles reports of the parsers of mining protocols.
//! Both update [`Incidents`].

mod attack;
mod contact;
mod conversation;
pub(super) mod far_end;
mod hashrate;
mod incident;
mod incidents;
mod pools;
mod sentence;
mod sessions;

use std::time::Duration;

pub use sentence::human_rate;

use super::rule::{HostRule, RuleStats};
use super::{CorrelatorOptions, Knowledge};
use crate::model::Timestamp;
use crate::model::record::Record;
use crate::model::signal::{Signal, SignalKind};
use incidents::Incidents;

/// Packet time between two scans of all incidents: much less than any sensible `incident_idle`.
const SCAN_INTERVAL: Duration = Duration::from_secs(10);

/// The rule for mining, and for contacts with pools, proxies and mining malware.
pub(super) struct MiningRule {
    incidents: Incidents,
    next_scan: Timestamp,
}

impl MiningRule {
    pub(super) fn new(options: CorrelatorOptions) -> Self {
        MiningRule { incidents: Incidents::new(options), next_scan: Timestamp::ZERO }
    }
}

impl HostRule for MiningRule {
    fn signal(&mut self, signal: &Signal, knowledge: &mut Knowledge, records: &mut Vec<Record>) {
        match &signal.kind {
            SignalKind::Connection => self.connection(signal, knowledge, records),
            SignalKind::Contact(contact) => self.contact(signal, contact, knowledge, records),
            SignalKind::Mining(session) => self.conversation(signal, session, knowledge, records),
            SignalKind::MiningEnded => self.incidents.end_flow(signal.flow.id),
            SignalKind::DnsAnswer(_) | SignalKind::PeerName(_) | SignalKind::HostName(_) => {}
        }
    }

    fn advance(&mut self, now: Timestamp, knowledge: &Knowledge, records: &mut Vec<Record>) {
        // The clock may be set back, too.
        if now >= self.next_scan || self.next_scan.since(now) > SCAN_INTERVAL {
            self.next_scan = now.plus(SCAN_INTERVAL);
            self.incidents.scan(now, knowledge, records);
        }
    }

    fn finish(&mut self, now: Timestamp, knowledge: &Knowledge, records: &mut Vec<Record>) {
        self.incidents.close_all(now, knowledge, records);
    }

    fn stats(&self) -> RuleStats {
        self.incidents.stats()
    }
}
