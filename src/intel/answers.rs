//! Addresses that DNS answers give for pools' names: intelligence learnt from the traffic.

use std::net::IpAddr;

use hashbrown::HashSet;

use super::addresses::special_purpose;
use crate::model::signal::NameAnswer;

/// Addresses that any host got for a pool's name: a first filter for every connection.
#[derive(Debug)]
pub struct PoolAddresses {
    addresses: HashSet<IpAddr>,
    capacity: usize,
}

impl PoolAddresses {
    /// A set of up to `capacity` addresses.
    pub fn new(capacity: usize) -> Self {
        PoolAddresses { addresses: HashSet::new(), capacity: capacity.max(1) }
    }

    /// Learns the addresses of an answer, if it is about a pool.
    pub fn learn(&mut self, answer: &NameAnswer) {
        if answer.hit.is_some() {
            let room = self.capacity - self.addresses.len();
            let pools = answer.addresses.iter().filter(|address| can_be_pools(**address));
            self.addresses.extend(pools.take(room));
        }
    }

    /// Whether any address is known.
    pub fn any(&self) -> bool {
        !self.addresses.is_empty()
    }

    /// Whether `address` may be one of them. Once the set is full, this is true of every address.
    #[inline]
    pub fn may_be(&self, address: IpAddr) -> bool {
        let full = self.addresses.len() >= self.capacity;
        full || !self.addresses.is_empty() && self.addresses.contains(&address)
    }
}

/// Whether a pool can have this address. DNS firewalls answer lookups of pools with an address of
/// their own, which is private, or with an address that no host has.
pub fn can_be_pools(address: IpAddr) -> bool {
    special_purpose(address).is_none()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::indicator::{IntelClass, IntelEntry, IntelMatch};

    fn answer(last: u8, pool: bool) -> NameAnswer {
        let pool = pool.then(|| IntelMatch {
            entry: Arc::new(IntelEntry {
                name: "Example".into(),
                class: IntelClass::Pool,
                coins: Vec::new(),
                sources: Vec::new(),
            }),
            indicator: "pool.example".into(),
        });
        NameAnswer {
            name: "pool.example".into(),
            aliases: Vec::new(),
            addresses: vec![IpAddr::from([192, 0, 2, last])],
            ttl: 60,
            hit: pool,
        }
    }

    #[test]
    fn only_addresses_of_pools_are_remembered_and_all_are_suspect_beyond_the_capacity() {
        let mut pools = PoolAddresses::new(2);
        pools.learn(&answer(1, true));
        pools.learn(&answer(2, false));
        let suspects = |pools: &PoolAddresses| {
            (1..=4).filter(|&last| pools.may_be(IpAddr::from([192, 0, 2, last]))).count()
        };
        assert_eq!(suspects(&pools), 1);
        pools.learn(&answer(3, true));
        pools.learn(&answer(3, true));
        assert_eq!(suspects(&pools), 4);
    }
}
