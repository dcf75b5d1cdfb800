//! Names of far ends, learnt from DNS answers and from the names that hosts use.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;

use crate::intel::{PoolAddresses, can_be_pools};
use crate::model::Timestamp;
use crate::model::flow::AddressWords;
use crate::model::indicator::IntelMatch;
use crate::model::signal::NameAnswer;

/// Time after the TTL for which an answer is remembered. Resolvers and miners keep an answer longer
/// than its TTL; a connection this much later is still the consequence of the lookup.
const GRACE: Duration = Duration::from_secs(3600);
/// Longest TTL that is believed. Longer ones are misconfigured or hostile.
const MAX_TTL: Duration = Duration::from_secs(86_400);

/// The name of an address.
#[derive(Clone, Debug)]
pub(crate) struct PeerName {
    /// The name that was looked up or used.
    pub name: Arc<str>,
    /// Match of the name in the intelligence, or of an alias on the way to the address.
    pub hit: Option<Arc<IntelMatch>>,
    expires: Timestamp,
}

/// Bounded memory of (asking host, address) → name, and of address → name for any asker.
#[derive(Debug)]
pub(crate) struct PeerNames {
    by_asker: BoundedNames<[AddressWords; 2]>,
    by_address: BoundedNames<AddressWords>,
    pools: PoolAddresses,
}

impl PeerNames {
    /// Remembers up to `capacity` names in each of the two maps; the oldest are evicted first.
    pub(crate) fn new(capacity: usize) -> Self {
        PeerNames {
            by_asker: BoundedNames::new(capacity),
            by_address: BoundedNames::new(capacity),
            pools: PoolAddresses::new(capacity),
        }
    }

    /// Learns a DNS answer that `asker` got.
    pub(crate) fn learn(&mut self, asker: IpAddr, answer: &NameAnswer, now: Timestamp) {
        let ttl = Duration::from_secs(u64::from(answer.ttl)).min(MAX_TTL);
        self.pools.learn(answer);
        let hit = answer.hit.clone().map(Arc::new);
        for &address in &answer.addresses {
            let learnt = PeerName {
                name: Arc::clone(&answer.name),
                hit: hit.clone().filter(|_| can_be_pools(address)),
                expires: now.plus(ttl + GRACE),
            };
            self.by_address.insert(address.into(), learnt.clone());
            self.by_asker.insert([asker.into(), address.into()], learnt);
        }
    }

    /// Whether DNS has ever given any address for a pool's name.
    pub(crate) fn knows_pools(&self) -> bool {
        self.pools.any()
    }

    /// Whether DNS has ever given this address for a pool's name. This is asked for every
    /// connection.
    pub(crate) fn is_pool(&self, address: IpAddr) -> bool {
        self.pools.may_be(address)
    }

    /// Learns a name that `asker` itself uses for `address` (SNI, HTTP host). A pool's name from
    /// DNS weighs more and stays.
    pub(crate) fn learn_used(
        &mut self,
        asker: IpAddr,
        address: IpAddr,
        name: &Arc<str>,
        now: Timestamp,
    ) {
        let (key, expires) = ([asker.into(), address.into()], now.plus(GRACE));
        match self.by_asker.map.get_mut(&key).filter(|learnt| now <= learnt.expires) {
            Some(learnt) if learnt.hit.is_some() => {}
            // The common case: DNS gave the same name.
            Some(learnt) if learnt.name == *name => learnt.expires = learnt.expires.max(expires),
            _ => self.by_asker.insert(key, PeerName { name: Arc::clone(name), hit: None, expires }),
        }
    }

    /// The name of `address` that `asker` itself got or used.
    pub(crate) fn lookup_by(
        &self,
        asker: IpAddr,
        address: IpAddr,
        now: Timestamp,
    ) -> Option<&PeerName> {
        self.by_asker.get(&[asker.into(), address.into()], now)
    }

    /// The name of `address` that any host got last. It is good enough to name a proven pool, but
    /// not to accuse a host, since shared addresses serve many names.
    pub(crate) fn lookup_by_anyone(&self, address: IpAddr, now: Timestamp) -> Option<&PeerName> {
        self.by_address.get(&address.into(), now)
    }
}

/// A map that forgets its oldest insertions.
#[derive(Debug)]
struct BoundedNames<K> {
    map: HashMap<K, PeerName>,
    order: VecDeque<K>,
    capacity: usize,
}

impl<K: Copy + Eq + std::hash::Hash> BoundedNames<K> {
    fn new(capacity: usize) -> Self {
        BoundedNames { map: HashMap::new(), order: VecDeque::new(), capacity: capacity.max(1) }
    }

    fn insert(&mut self, key: K, learnt: PeerName) {
        if self.map.insert(key, learnt).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.map.remove(&oldest);
        }
    }

    fn get(&self, key: &K, now: Timestamp) -> Option<&PeerName> {
        self.map.get(key).filter(|learnt| now <= learnt.expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 49));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 50));
    const POOL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(91, 121, 140, 167));

    fn answer(ttl: u32) -> NameAnswer {
        NameAnswer {
            name: "pool.supportxmr.com".into(),
            aliases: Vec::new(),
            addresses: vec![POOL],
            ttl,
            hit: None,
        }
    }

    #[test]
    fn a_name_is_known_to_its_asker_until_the_ttl_and_an_hour_have_passed() {
        let mut names = PeerNames::new(8);
        let start = Timestamp::from_parts(1_000_000, 0);
        names.learn(HOST, &answer(60), start);
        let late = start.plus(Duration::from_secs(3600 + 60));
        assert_eq!(&*names.lookup_by(HOST, POOL, late).unwrap().name, "pool.supportxmr.com");
        assert!(names.lookup_by(HOST, POOL, late.plus(Duration::from_secs(1))).is_none());
        assert!(names.lookup_by(OTHER, POOL, start).is_none());
        assert!(names.lookup_by_anyone(POOL, start).is_some());
    }

    #[test]
    fn a_firewalls_block_page_is_no_pool_but_keeps_the_name() {
        let mut names = PeerNames::new(8);
        let now = Timestamp::from_parts(1, 0);
        let (block_page, mut blocked) = (IpAddr::from([10, 0, 0, 1]), answer(60));
        blocked.hit = crate::intel::Intel::builtin().name("pool.supportxmr.com");
        blocked.addresses = vec![block_page, POOL];
        names.learn(HOST, &blocked, now);
        assert!(names.is_pool(POOL) && !names.is_pool(block_page));
        assert!(names.lookup_by(HOST, POOL, now).unwrap().hit.is_some());
        let told = names.lookup_by(HOST, block_page, now).unwrap();
        assert!(told.hit.is_none() && &*told.name == "pool.supportxmr.com");
    }

    #[test]
    fn the_oldest_names_make_room() {
        let mut names = PeerNames::new(2);
        let now = Timestamp::from_parts(1, 0);
        for last in 1..=3 {
            let mut other = answer(60);
            other.addresses = vec![IpAddr::from([192, 0, 2, last])];
            names.learn(HOST, &other, now);
        }
        assert!(names.lookup_by(HOST, IpAddr::from([192, 0, 2, 1]), now).is_none());
        assert!(names.lookup_by(HOST, IpAddr::from([192, 0, 2, 3]), now).is_some());
    }
}
