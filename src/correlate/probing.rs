//! Tells a host that tries many pools from one that mines.

use std::net::IpAddr;
use std::time::Duration;

use hashbrown::HashMap;

use crate::model::alert::Verdict;
use crate::model::time::Timestamp;

/// Attempts further apart than this are not one sweep: a miner that fails over through a long list
/// of pools pauses for seconds between them, a catalogue for less.
const WINDOW: Duration = Duration::from_secs(600);
/// Hosts watched; the oldest make room, which costs a prober one more set of attempts to be known.
const MAX_HOSTS: usize = 4096;
/// Pools that one record of a probe names: each in up to 300 bytes, in a record of 8,000.
pub(super) const TARGETS_PER_RECORD: usize = 20;

/// Hosts and the pools that they tried in vain.
#[derive(Debug)]
pub(super) struct Probing {
    threshold: usize,
    hosts: HashMap<IpAddr, Tried>,
}

#[derive(Debug, Default)]
struct Tried {
    /// Newest last; at most `threshold`.
    pools: Vec<(String, Timestamp)>,
    prober: bool,
    /// It submitted work: a miner, whatever else it does.
    miner: bool,
    last: Timestamp,
}

impl Probing {
    pub fn new(threshold: usize) -> Self {
        Probing { threshold: threshold.max(2), hosts: HashMap::new() }
    }

    pub fn is_prober(&self, host: IpAddr) -> bool {
        self.hosts.get(&host).is_some_and(|tried| tried.prober && !tried.miner)
    }

    /// Notes how far `host` came with `pool`: whether the host counts as a prober now.
    pub fn attempt(&mut self, host: IpAddr, pool: &str, verdict: Verdict, now: Timestamp) -> bool {
        self.make_room(host);
        let tried = self.hosts.entry(host).or_default();
        tried.last = now;
        tried.miner |= verdict == Verdict::Active;
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

    fn make_room(&mut self, host: IpAddr) {
        if self.hosts.len() < MAX_HOSTS || self.hosts.contains_key(&host) {
            return;
        }
        // The address breaks ties, so that the choice does not depend on the map's order.
        if let Some(oldest) = self.hosts.iter().map(|(ip, tried)| (tried.last, *ip)).min() {
            self.hosts.remove(&oldest.1);
        }
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
        let mut probing = Probing::new(8);
        for i in 0..7 {
            assert!(!probing.attempt(HOST, &format!("pool{i}"), Verdict::Attempt, at(i)));
            assert!(!probing.attempt(HOST, &format!("pool{i}"), Verdict::Attempt, at(i)));
        }
        assert!(probing.attempt(HOST, "pool7", Verdict::Session, at(8)));
        assert!(probing.is_prober(HOST));
    }

    #[test]
    fn slow_failover_and_real_work_are_no_probing() {
        let mut probing = Probing::new(8);
        for i in 0..20 {
            assert!(!probing.attempt(HOST, &format!("pool{i}"), Verdict::Attempt, at(i * 100)));
        }
        let mut probing = Probing::new(2);
        probing.attempt(HOST, "pool1", Verdict::Active, at(0));
        assert!(!probing.attempt(HOST, "pool2", Verdict::Attempt, at(1)));
    }
}
