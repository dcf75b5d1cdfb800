//! Rules that judge a host over many flows.

mod probing;
mod registry;

use serde::Serialize;

use super::Knowledge;
use crate::model::Timestamp;
use crate::model::record::Record;
use crate::model::signal::Signal;

pub(super) use registry::rules;

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
