//! The far ends of one incident: names and addresses of the pools that a host used.

use crate::model::alert::Verdict;
use crate::model::finding::{Hit, PoolClass};
use crate::model::flow::{Endpoint, Transport};
use crate::model::time::Timestamp;

/// Far ends kept for one incident; pools have a handful of addresses.
const MAX_POOLS: usize = 64;

/// One far end.
#[derive(Clone, Debug, Default)]
pub(super) struct PoolUse {
    /// Name in the intelligence.
    pub name: Option<String>,
    pub class: Option<PoolClass>,
    pub coins: Vec<String>,
    /// Name under which the host reached it.
    pub domain: Option<String>,
    pub endpoint: Option<Endpoint>,
    /// Its port, where a proxy keeps the address to itself.
    pub port: Option<u16>,
    pub transport: Option<Transport>,
    /// How far the host went with this one.
    pub verdict: Option<Verdict>,
    pub last_seen: Timestamp,
}

impl PoolUse {
    pub fn with_hit(mut self, hit: &Hit) -> Self {
        self.name = Some(hit.pool.name.clone());
        self.class = Some(hit.pool.class);
        self.coins = hit.pool.coins.clone();
        self
    }

    /// Whether both are the same far end: the same address and port, or the same name while one
    /// of them has no address yet.
    fn is(&self, other: &PoolUse) -> bool {
        match (self.endpoint, other.endpoint) {
            (Some(one), Some(two)) => one == two,
            _ => {
                let ports = (self.port(), other.port());
                let other_port = matches!(ports, (Some(one), Some(two)) if one != two);
                self.domain.is_some() && self.domain == other.domain && !other_port
            }
        }
    }

    pub fn port(&self) -> Option<u16> {
        self.endpoint.map(|endpoint| endpoint.port).or(self.port)
    }

    /// Fills in what `other` knows better.
    fn learn(&mut self, other: PoolUse) {
        self.name = self.name.take().or(other.name);
        self.class = self.class.or(other.class);
        if self.coins.is_empty() {
            self.coins = other.coins;
        }
        self.domain = self.domain.take().or(other.domain);
        self.endpoint = self.endpoint.or(other.endpoint);
        self.port = self.port.or(other.port);
        self.transport = self.transport.or(other.transport);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}

/// The far ends, in the order in which they were met.
#[derive(Clone, Debug, Default)]
pub(super) struct Pools {
    uses: Vec<PoolUse>,
    current: usize,
}

impl Pools {
    /// Makes `met` the current one and notes how far the host went with it: whether that is
    /// further than before.
    pub fn meet(&mut self, mut met: PoolUse, verdict: Verdict) -> bool {
        met.verdict = None;
        let position = self.uses.iter().position(|known| known.is(&met));
        self.current = match position {
            Some(position) => {
                self.uses[position].learn(met);
                position
            }
            None if self.uses.len() < MAX_POOLS => {
                self.uses.push(met);
                self.uses.len() - 1
            }
            // The first is where it began; the others make room.
            None => {
                self.uses.remove(1);
                self.uses.push(met);
                self.uses.len() - 1
            }
        };
        let current = &mut self.uses[self.current];
        let further = current.verdict < Some(verdict);
        current.verdict = current.verdict.max(Some(verdict));
        further
    }

    /// Takes over the far ends of an incident that has become part of a probe.
    pub fn absorb(&mut self, other: Pools) {
        for pool in other.uses {
            self.meet(pool, Verdict::Probe);
        }
    }

    /// The one that the newest finding is about.
    pub fn current(&self) -> Option<&PoolUse> {
        self.uses.get(self.current)
    }

    /// The one with which the host went furthest; the latest of several.
    pub fn foremost(&self) -> Option<&PoolUse> {
        self.uses.iter().max_by_key(|pool| (pool.verdict, pool.last_seen))
    }

    pub fn worst_class(&self) -> Option<PoolClass> {
        let malware = self.uses.iter().find(|pool| pool.class == Some(PoolClass::Malware));
        malware.or(self.uses.first()).and_then(|pool| pool.class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(domain: &str) -> PoolUse {
        PoolUse { domain: Some(domain.into()), ..PoolUse::default() }
    }

    fn at(address: &str, domain: Option<&str>) -> PoolUse {
        let address: std::net::SocketAddr = address.parse().unwrap();
        PoolUse {
            endpoint: Some(Endpoint { ip: address.ip(), port: address.port() }),
            domain: domain.map(str::to_owned),
            ..PoolUse::default()
        }
    }

    #[test]
    fn a_lookup_and_the_connection_that_follows_are_one_far_end() {
        let mut pools = Pools::default();
        assert!(pools.meet(named("pool.supportxmr.com"), Verdict::Contact));
        assert!(
            pools.meet(at("91.121.140.167:3333", Some("pool.supportxmr.com")), Verdict::Attempt)
        );
        assert_eq!(pools.uses.len(), 1);
        assert!(!pools.meet(at("91.121.140.167:3333", None), Verdict::Attempt));
        assert!(pools.meet(at("91.121.140.168:3333", None), Verdict::Attempt));
        assert_eq!(pools.uses.len(), 2);
    }

    #[test]
    fn a_thousand_far_ends_stay_bounded() {
        let mut pools = Pools::default();
        for port in 1..=1000u16 {
            assert!(pools.meet(at(&format!("192.0.2.1:{port}"), None), Verdict::Attempt));
        }
        assert_eq!(pools.uses.len(), MAX_POOLS);
        assert_eq!(pools.current().unwrap().endpoint.unwrap().port, 1000);
    }
}
