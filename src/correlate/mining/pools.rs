//! The pools that the host of one incident used, by name and address.

use crate::model::Timestamp;
use crate::model::flow::{Endpoint, Transport};
use crate::model::indicator::{IntelClass, IntelMatch};
use crate::model::record::Verdict;

/// Far ends kept for one incident. Pools have a handful of addresses.
const MAX_POOLS: usize = 64;

/// One far end: a pool as the host used it.
#[derive(Clone, Debug, Default)]
pub(super) struct PoolUse {
    /// Name in the intelligence.
    pub name: Option<String>,
    pub class: Option<IntelClass>,
    pub coins: Vec<String>,
    /// Name under which the host reached the pool.
    pub domain: Option<String>,
    pub endpoint: Option<Endpoint>,
    /// The pool's port, where a proxy hides its address.
    pub port: Option<u16>,
    pub transport: Option<Transport>,
    /// The highest verdict of the host with this pool.
    pub verdict: Option<Verdict>,
    pub last_seen: Timestamp,
}

impl PoolUse {
    pub(super) fn with_hit(mut self, hit: &IntelMatch) -> Self {
        self.name = Some(hit.entry.name.clone());
        self.class = Some(hit.entry.class);
        self.coins = hit.entry.coins.clone();
        self
    }

    /// Whether both are the same far end: they have the same address and port, or the same name
    /// while one has no address yet and their ports do not differ.
    fn is_same(&self, other: &PoolUse) -> bool {
        match (self.endpoint, other.endpoint) {
            (Some(one), Some(two)) => one == two,
            _ => {
                let ports = (self.port(), other.port());
                let other_port = matches!(ports, (Some(one), Some(two)) if one != two);
                self.domain.is_some() && self.domain == other.domain && !other_port
            }
        }
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.endpoint.map(|endpoint| endpoint.port).or(self.port)
    }

    /// Fills in what is missing here from `other`, and takes the later time.
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

/// The far ends, in order of first use.
#[derive(Clone, Debug, Default)]
pub(super) struct Pools {
    uses: Vec<PoolUse>,
    current: usize,
}

impl Pools {
    /// Makes `met` the current far end and raises its verdict. Returns whether the verdict rose.
    pub(super) fn record_use(&mut self, mut met: PoolUse, verdict: Verdict) -> bool {
        met.verdict = None;
        let position = self.uses.iter().position(|known| known.is_same(&met));
        self.current = match position {
            Some(position) => {
                self.uses[position].learn(met);
                position
            }
            None if self.uses.len() < MAX_POOLS => {
                self.uses.push(met);
                self.uses.len() - 1
            }
            // The first far end stays, as the start of the incident; the second-oldest is evicted.
            None => {
                self.uses.remove(1);
                self.uses.push(met);
                self.uses.len() - 1
            }
        };
        let current = &mut self.uses[self.current];
        let further = current.verdict.is_none_or(|known| known < verdict);
        if further {
            current.verdict = Some(verdict);
        }
        further
    }

    /// Takes over the far ends of an incident that has become part of a probe.
    pub(super) fn absorb(&mut self, other: Pools) {
        for pool in other.uses {
            self.record_use(pool, Verdict::Probe);
        }
    }

    /// The far end that the newest signal is about.
    pub(super) fn current(&self) -> Option<&PoolUse> {
        self.uses.get(self.current)
    }

    /// The far end with the highest verdict; of several, the one used last.
    pub(super) fn foremost(&self) -> Option<&PoolUse> {
        self.uses.iter().max_by_key(|pool| (pool.verdict.and_then(Verdict::rung), pool.last_seen))
    }

    pub(super) fn worst_class(&self) -> Option<IntelClass> {
        let malware = self.uses.iter().find(|pool| pool.class == Some(IntelClass::Malware));
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
        assert!(pools.record_use(named("pool.supportxmr.com"), Verdict::Contact));
        assert!(
            pools.record_use(
                at("91.121.140.167:3333", Some("pool.supportxmr.com")),
                Verdict::Attempt
            )
        );
        assert_eq!(pools.uses.len(), 1);
        assert!(!pools.record_use(at("91.121.140.167:3333", None), Verdict::Attempt));
        assert!(pools.record_use(at("91.121.140.168:3333", None), Verdict::Attempt));
        assert_eq!(pools.uses.len(), 2);
    }

    #[test]
    fn a_thousand_far_ends_stay_bounded() {
        let mut pools = Pools::default();
        for port in 1..=1000u16 {
            assert!(pools.record_use(at(&format!("192.0.2.1:{port}"), None), Verdict::Attempt));
        }
        assert_eq!(pools.uses.len(), MAX_POOLS);
        assert_eq!(pools.current().unwrap().endpoint.unwrap().port, 1000);
    }
}
