//! Joins the signals of all flows into incidents, one per inside host and identity.
//!
//! ```text
//! Signal ─▶ Knowledge (names, hosts) ─▶ each HostRule ─▶ Record
//!                                         mining, probing
//! ```
//!
//! There is one correlator, and it gets its signals in capture order: its records depend on the
//! packets alone. Every table is bounded. A new rule is a file in `rule/`, or a folder beside it,
//! and a line in `rule/registry.rs`.

mod assess;
mod campaign;
mod host;
mod incident;
mod knowledge;
mod mining;
mod rule;

use std::net::IpAddr;
use std::time::Duration;

pub use host::HomeNet;
pub use knowledge::Knowledge;
pub use mining::human_rate;
pub use rule::{HostRule, RuleStats};

use crate::model::Timestamp;
use crate::model::record::Record;
use crate::model::signal::Signal;

/// Settings of the correlator, from the configuration.
#[derive(Clone, Debug)]
pub struct CorrelatorOptions {
    /// Name of this sensor, for records.
    pub sensor: Option<String>,
    /// The site's own networks.
    pub home_net: HomeNet,
    /// Silence after which an incident is closed.
    pub incident_idle: Duration,
    /// Least time between two records of an open incident, unless the verdict rises or another pool
    /// is used.
    pub update_interval: Duration,
    /// Pools tried in vain that make a host a prober.
    pub probe_pools: usize,
    /// Incidents open at once; beyond that the one that was opened first is closed.
    pub max_incidents: usize,
    /// Names of addresses remembered, in each of two tables.
    pub max_names: usize,
}

/// Turns signals into records.
pub struct Correlator {
    knowledge: Knowledge,
    rules: Vec<Box<dyn HostRule>>,
}

impl Correlator {
    /// A correlator with all rules of the registry.
    pub fn new(options: &CorrelatorOptions) -> Self {
        Correlator { knowledge: Knowledge::new(options), rules: rule::rules(options) }
    }

    /// Adds `rule`, which gets each signal after the other rules.
    pub fn with_rule(mut self, rule: Box<dyn HostRule>) -> Self {
        self.rules.push(rule);
        self
    }

    /// Whether any connection can be of interest, with the addresses of pools learnt so far.
    pub fn awaits_connections(&self) -> bool {
        self.knowledge.names.knows_pools()
    }

    /// Whether a connection to this address may be of interest.
    pub fn awaits_connection_to(&self, address: IpAddr) -> bool {
        self.knowledge.names.is_pool(address)
    }

    /// Takes one signal and appends the records that it causes.
    pub fn signal(&mut self, signal: &Signal, records: &mut Vec<Record>) {
        self.knowledge.learn(signal);
        for rule in &mut self.rules {
            rule.signal(signal, &mut self.knowledge, records);
        }
    }

    /// Advances packet time to `now`: appends the records that are due and closes incidents that
    /// are over.
    pub fn advance(&mut self, now: Timestamp, records: &mut Vec<Record>) {
        for rule in &mut self.rules {
            rule.advance(now, &self.knowledge, records);
        }
    }

    /// Ends the input at `now`: closes all incidents of each rule, in order of opening.
    pub fn finish(&mut self, now: Timestamp, records: &mut Vec<Record>) {
        for rule in &mut self.rules {
            rule.finish(now, &self.knowledge, records);
        }
    }

    /// The gauges of all rules, summed.
    pub fn stats(&self) -> RuleStats {
        let mut all = RuleStats::default();
        self.rules.iter().for_each(|rule| all.add(rule.stats()));
        all
    }
}
