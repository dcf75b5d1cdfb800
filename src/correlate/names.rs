//! Names learnt from DNS answers: what a host called the address that it later connects to.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;

use crate::intel::{PoolAddresses, can_be_pools};
use crate::model::finding::{Hit, NameAnswer};
use crate::model::flow::AddressWords;
use crate::model::time::Timestamp;

/// Resolvers and miners keep an answer longer than its TTL; a connection this much later is
/// still the consequence of the lookup.
const GRACE: Duration = Duration::from_secs(3600);
/// Longer TTLs are misconfigured or hostile.
const MAX_TTL: Duration = Duration::from_secs(86_400);

/// What an address was called.
#[derive(Clone, Debug)]
pub struct LearntName {
    /// The name asked for.
    pub name: Arc<str>,
    /// Match of the name, or of an alias on the way to the address.
    pub hit: Option<Arc<Hit>>,
    expires: Timestamp,
}

/// Bounded memory of (asking host, address) → name, and of address → name for any asker.
#[derive(Debug)]
pub struct Names {
    by_asker: Bounded<[AddressWords; 2]>,
    by_address: Bounded<AddressWords>,
    pools: PoolAddresses,
}

impl Names {
    /// Remembers up to `capacity` addresses for each of the two views; the oldest go first.
    pub fn new(capacity: usize) -> Self {
        Names {
            by_asker: Bounded::new(capacity),
            by_address: Bounded::new(capacity),
            pools: PoolAddresses::new(capacity),
        }
    }

    /// Learns an answer that `asker` got.
    pub fn learn(&mut self, asker: IpAddr, answer: &NameAnswer, now: Timestamp) {
        let ttl = Duration::from_secs(u64::from(answer.ttl)).min(MAX_TTL);
        self.pools.learn(answer);
        let hit = answer.hit.clone().map(Arc::new);
        for &address in &answer.addresses {
            let learnt = LearntName {
                name: Arc::clone(&answer.name),
                hit: hit.clone().filter(|_| can_be_pools(address)),
                expires: now.plus(ttl + GRACE),
            };
            self.by_address.insert(address.into(), learnt.clone());
            self.by_asker.insert([asker.into(), address.into()], learnt);
        }
    }

    /// Whether DNS has ever given this address for a pool's name: asked for every connection.
    pub fn is_pool(&self, address: IpAddr) -> bool {
        self.pools.may_be(address)
    }

    /// Learns that `asker` itself calls `address` so (SNI, HTTP host). What DNS said of a pool's
    /// name weighs more and stays.
    pub fn called(&mut self, asker: IpAddr, address: IpAddr, name: &Arc<str>, now: Timestamp) {
        let (key, expires) = ([asker.into(), address.into()], now.plus(GRACE));
        match self.by_asker.map.get_mut(&key).filter(|learnt| now <= learnt.expires) {
            Some(learnt) if learnt.hit.is_some() => {}
            // As nearly always: DNS said the same.
            Some(learnt) if learnt.name == *name => learnt.expires = learnt.expires.max(expires),
            _ => {
                self.by_asker.insert(key, LearntName { name: Arc::clone(name), hit: None, expires })
            }
        }
    }

    /// What `asker` itself was told about `address`.
    pub fn told_to(&self, asker: IpAddr, address: IpAddr, now: Timestamp) -> Option<&LearntName> {
        self.by_asker.get(&[asker.into(), address.into()], now)
    }

    /// What anybody was told about `address`: good enough to call a proven pool by name, not
    /// good enough to accuse, since shared addresses serve many names.
    pub fn told_to_anyone(&self, address: IpAddr, now: Timestamp) -> Option<&LearntName> {
        self.by_address.get(&address.into(), now)
    }
}

/// A map that forgets its oldest insertions.
#[derive(Debug)]
struct Bounded<K> {
    map: HashMap<K, LearntName>,
    order: VecDeque<K>,
    capacity: usize,
}

impl<K: Copy + Eq + std::hash::Hash> Bounded<K> {
    fn new(capacity: usize) -> Self {
        Bounded { map: HashMap::new(), order: VecDeque::new(), capacity: capacity.max(1) }
    }

    fn insert(&mut self, key: K, learnt: LearntName) {
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

    fn get(&self, key: &K, now: Timestamp) -> Option<&LearntName> {
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
        let mut names = Names::new(8);
        let start = Timestamp::from_parts(1_000_000, 0);
        names.learn(HOST, &answer(60), start);
        let late = start.plus(Duration::from_secs(3600 + 60));
        assert_eq!(&*names.told_to(HOST, POOL, late).unwrap().name, "pool.supportxmr.com");
        assert!(names.told_to(HOST, POOL, late.plus(Duration::from_secs(1))).is_none());
        assert!(names.told_to(OTHER, POOL, start).is_none());
        assert!(names.told_to_anyone(POOL, start).is_some());
    }

    #[test]
    fn a_firewalls_block_page_is_no_pool_but_keeps_the_name() {
        let mut names = Names::new(8);
        let now = Timestamp::from_parts(1, 0);
        let (block_page, mut blocked) = (IpAddr::from([10, 0, 0, 1]), answer(60));
        blocked.hit = crate::intel::Intel::builtin().name("pool.supportxmr.com");
        blocked.addresses = vec![block_page, POOL];
        names.learn(HOST, &blocked, now);
        assert!(names.is_pool(POOL) && !names.is_pool(block_page));
        assert!(names.told_to(HOST, POOL, now).unwrap().hit.is_some());
        let told = names.told_to(HOST, block_page, now).unwrap();
        assert!(told.hit.is_none() && &*told.name == "pool.supportxmr.com");
    }

    #[test]
    fn the_oldest_names_make_room() {
        let mut names = Names::new(2);
        let now = Timestamp::from_parts(1, 0);
        for last in 1..=3 {
            let mut other = answer(60);
            other.addresses = vec![IpAddr::from([192, 0, 2, last])];
            names.learn(HOST, &other, now);
        }
        assert!(names.told_to(HOST, IpAddr::from([192, 0, 2, 1]), now).is_none());
        assert!(names.told_to(HOST, IpAddr::from([192, 0, 2, 3]), now).is_some());
    }
}
