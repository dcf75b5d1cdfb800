//! Distinguishes hosts that try many pools from hosts that mine.

use std::net::IpAddr;
use std::time::Duration;

use hashbrown::HashMap;

use super::HostRule;
use crate::correlate::Knowledge;
use crate::correlate::mining::far_end;
use crate::model::Timestamp;
use crate::model::event::mining::ConversationStage;
use crate::model::record::Record;
use crate::model::signal::{Signal, SignalKind};

/// Time within which attempts belong to one sweep. A miner that fails over through a long list of
/// pools pauses for seconds between attempts, a catalogue of pools for less.
const WINDOW: Duration = Duration::from_secs(600);
/// Hosts watched. Beyond this the host heard of longest ago is evicted; a prober then needs one
/// more set of attempts to be recognised.
const MAX_HOSTS: usize = 4096;

/// The hosts that tried pools, and which pools they tried.
#[derive(Debug)]
pub(super) struct ProbingRule {
    threshold: usize,
    hosts: HashMap<IpAddr, ProbeHistory>,
}

#[derive(Debug, Default)]
struct ProbeHistory {
    /// Pools tried within the window, newest last; at most `threshold`.
    pools: Vec<(String, Timestamp)>,
    prober: bool,
    /// It submitted a share, so it is a miner, whatever else it does.
    miner: bool,
    last: Timestamp,
}

impl ProbingRule {
    pub(super) fn new(threshold: usize) -> Self {
        ProbingRule { threshold: threshold.max(2), hosts: HashMap::new() }
    }

    /// Adds the stage that `host` reached with `pool`. Returns whether the host is a prober now.
    fn attempt(
        &mut self,
        host: IpAddr,
        pool: &str,
        stage: ConversationStage,
        now: Timestamp,
    ) -> bool {
        let tried = self.hosts.entry(host).or_default();
        tried.last = now;
        tried.miner |= stage == ConversationStage::ShareSubmitted;
        if !tried.pools.iter().any(|(known, _)| known == pool) {
            tried.pools.push((pool.to_owned(), now));
            let threshold = self.threshold;
            tried.pools.retain(|&(_, at)| now.since(at) <= WINDOW);
            tried.prober |= tried.pools.len() >= threshold;
            if tried.pools.len() > threshold {
                tried.pools.remove(0);
            }
        }
        tried.prober && !tried.miner
    }

    /// Evicts the host that was heard of longest ago, if there is no room for `host`. Returns it.
    fn make_room(&mut self, host: IpAddr) -> Option<IpAddr> {
        if self.hosts.len() < MAX_HOSTS || self.hosts.contains_key(&host) {
            return None;
        }
        // The address breaks ties, so that the choice does not depend on the map's order.
        let (_, oldest) = self.hosts.iter().map(|(ip, tried)| (tried.last, *ip)).min()?;
        self.hosts.remove(&oldest);
        Some(oldest)
    }
}

impl HostRule for ProbingRule {
    /// Marks probers. The mining rule writes their records.
    fn signal(&mut self, signal: &Signal, knowledge: &mut Knowledge, _: &mut Vec<Record>) {
        let SignalKind::Mining(session) = &signal.kind else { return };
        let Some(stage) = session.stage() else { return };
        let far_end = far_end::resolve(signal, session, knowledge);
        let host = far_end.miner.ip;
        if let Some(forgotten) = self.make_room(host) {
            knowledge.hosts.mark_prober(forgotten, false);
        }
        let prober = self.attempt(host, &far_end.subject, stage, signal.at.time);
        knowledge.hosts.mark_prober(host, prober);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 100));

    fn at(second: u64) -> Timestamp {
        Timestamp::from_parts(second, 0)
    }

    #[test]
    fn the_eighth_pool_in_ten_minutes_makes_a_prober() {
        let mut probing = ProbingRule::new(8);
        for i in 0..7 {
            assert!(!probing.attempt(
                HOST,
                &format!("pool{i}"),
                ConversationStage::Requested,
                at(i)
            ));
            assert!(!probing.attempt(
                HOST,
                &format!("pool{i}"),
                ConversationStage::Requested,
                at(i)
            ));
        }
        assert!(probing.attempt(HOST, "pool7", ConversationStage::Answered, at(8)));
    }

    #[test]
    fn slow_failover_and_real_work_are_no_probing() {
        let mut probing = ProbingRule::new(8);
        for i in 0..20 {
            assert!(!probing.attempt(
                HOST,
                &format!("pool{i}"),
                ConversationStage::Requested,
                at(i * 100)
            ));
        }
        let mut probing = ProbingRule::new(2);
        probing.attempt(HOST, "pool1", ConversationStage::ShareSubmitted, at(0));
        assert!(!probing.attempt(HOST, "pool2", ConversationStage::Requested, at(1)));
    }
}
