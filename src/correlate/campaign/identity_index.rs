//! Indexes open incidents by identity, to find those of several hosts that share one.

use std::hash::BuildHasher;
use std::net::IpAddr;

use foldhash::quality::FixedState;
use hashbrown::HashMap;

use crate::correlate::incident::Identity;

/// Incidents listed for one identity; more are left out. A pool that a whole campus uses links
/// nobody any more.
const MAX_LISTED: usize = 256;

/// Open incidents by identity. Identities are kept as hashes: a name can have 255 bytes.
#[derive(Debug, Default)]
pub(in crate::correlate) struct IdentityIndex {
    incidents: HashMap<u64, Vec<IdentityHolder>>,
    /// Identities that several hosts have.
    shared: u64,
}

/// An incident that has an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct IdentityHolder {
    incident: u64,
    host: IpAddr,
}

impl IdentityIndex {
    /// Notes that an incident of `host` has these identities.
    pub(crate) fn add(&mut self, incident: u64, host: IpAddr, identities: &[Identity]) {
        let holder = IdentityHolder { incident, host };
        for identity in identities {
            let holders = self.incidents.entry(key(identity)).or_default();
            if holders.len() < MAX_LISTED && !holders.contains(&holder) {
                let before = is_shared(holders);
                holders.push(holder);
                self.shared += u64::from(!before && is_shared(holders));
            }
        }
    }

    /// Forgets an incident with these identities.
    pub(crate) fn remove(&mut self, incident: u64, identities: &[Identity]) {
        for identity in identities {
            let key = key(identity);
            let Some(holders) = self.incidents.get_mut(&key) else { continue };
            let before = is_shared(holders);
            holders.retain(|holder| holder.incident != incident);
            self.shared -= u64::from(before && !is_shared(holders));
            if holders.is_empty() {
                self.incidents.remove(&key);
            }
        }
    }

    /// Identities that incidents of several hosts share.
    pub(crate) fn shared(&self) -> u64 {
        self.shared
    }
}

fn key(identity: &Identity) -> u64 {
    FixedState::default().hash_one(identity)
}

fn is_shared(holders: &[IdentityHolder]) -> bool {
    holders.first().is_some_and(|first| holders.iter().any(|other| other.host != first.host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn an_identity_is_shared_while_two_hosts_have_it() {
        let mut index = IdentityIndex::default();
        let wallet = [Identity::Wallet("4abc".into())];
        index.add(1, host(1), &wallet);
        index.add(2, host(1), &wallet);
        assert_eq!(index.shared(), 0);
        index.add(3, host(2), &[Identity::from_name("pool.example"), wallet[0].clone()]);
        assert_eq!(index.shared(), 1);
        index.remove(1, &wallet);
        assert_eq!(index.shared(), 1);
        index.remove(3, &wallet);
        assert_eq!(index.shared(), 0);
    }

    #[test]
    fn the_index_stays_bounded_and_forgets_what_is_closed() {
        let mut index = IdentityIndex::default();
        let pool = [Identity::Pool("pool".into())];
        for incident in 0..10_000 {
            index.add(incident, host(incident as u8), &pool);
        }
        assert_eq!(index.incidents.values().map(Vec::len).sum::<usize>(), MAX_LISTED);
        (0..10_000).for_each(|incident| index.remove(incident, &pool));
        assert!(index.incidents.is_empty() && index.shared() == 0);
    }
}
