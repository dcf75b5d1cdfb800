//! The registry of host rules.

use super::HostRule;
use super::probing::ProbingRule;
use crate::correlate::CorrelatorOptions;
use crate::correlate::mining::MiningRule;

/// All rules, in the order in which they get each signal. A rule can read what earlier rules have
/// marked in [`Knowledge`](crate::correlate::Knowledge).
pub(in crate::correlate) fn rules(options: &CorrelatorOptions) -> Vec<Box<dyn HostRule>> {
    vec![
        Box::new(ProbingRule::new(options.probe_pools)),
        Box::new(MiningRule::new(options.clone())),
    ]
}
