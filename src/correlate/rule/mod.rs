//! Rules that judge a host over many flows.

mod probing;

use serde::Serialize;

use super::mining::MiningRule;
use super::{CorrelatorOptions, Knowledge};
use crate::model::Timestamp;
use crate::model::record::Record;
use crate::model::signal::Signal;
use probing::ProbingRule;

pub(super) use probing::TARGETS_PER_RECORD;

/// A rule that judges hosts over many flows.
///
/// It gets every signal in capture order, after [`Knowledge`] has learnt from it. Its state must be
/// bounded, and it appends records as soon as they are due.
pub trait HostRule: Send {
    /// Takes one signal.
    fn signal(&mut self, signal: &Signal, knowledge: &mut Knowledge, records: &mut Vec<Record>);

    /// Advances packet time to `now`.
    fn advance(&mut self, now: Timestamp, knowledge: &Knowledge, records: &mut Vec<Record>) {
        let _ = (now, knowledge, records);
    }

    /// Ends the input at `now`; no call follows.
    fn finish(&mut self, now: Timestamp, knowledge: &Knowledge, records: &mut Vec<Record>) {
        let _ = (now, knowledge, records);
    }

    /// Its gauges.
    fn stats(&self) -> RuleStats {
        RuleStats::default()
    }
}

/// All rules, in the order in which they get each signal. A rule can read what earlier rules have
/// marked in [`Knowledge`].
pub(super) fn registry(options: &CorrelatorOptions) -> Vec<Box<dyn HostRule>> {
    vec![
        Box::new(ProbingRule::new(options.probe_pools)),
        Box::new(MiningRule::new(options.clone())),
    ]
}

/// The gauges of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleStats {
    /// Gauge: incidents that are open.
    pub open_incidents: u64,
    /// Gauge: identities (wallets, pools, addresses) that open incidents of several hosts share.
    pub shared_identities: u64,
}

impl RuleStats {
    /// Adds the gauges of another rule.
    pub fn add(&mut self, other: RuleStats) {
        self.open_incidents += other.open_incidents;
        self.shared_identities += other.shared_identities;
    }
}
