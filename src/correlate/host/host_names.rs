//! Names that the site's hosts give themselves.
//!
//! With them a record names a machine and not only an address.

use std::collections::VecDeque;
use std::net::IpAddr;

use hashbrown::HashMap;

use crate::model::Timestamp;
use crate::model::event::{NameSource, NamedHost};
use crate::model::record::HostName;

/// Hosts whose names are remembered: the machines of a large campus. With four names of usual
/// length for each they take 10 MB.
const MAX_HOSTS: usize = 1 << 15;

/// Names by address: the newest name of each source, the best source first.
#[derive(Debug, Default)]
pub(super) struct HostNames {
    known: HashMap<IpAddr, Vec<(NameSource, HostName)>>,
    /// Hosts in order of their first name, which is the order of eviction.
    order: VecDeque<IpAddr>,
}

impl HostNames {
    /// Learns a name at `now`.
    pub(super) fn learn(&mut self, host: &NamedHost, now: Timestamp) {
        let &NamedHost { ip, ref name, source } = host;
        let names = self.known.entry(ip).or_insert_with(|| {
            self.order.push_back(ip);
            Vec::with_capacity(1)
        });
        let told = HostName { name: name.clone(), source: source.name().into(), seen: now };
        match names.iter_mut().find(|(known, _)| *known == source) {
            Some((_, known)) if known.name == told.name => known.seen = now,
            // The address has gone to another machine: the names of the earlier one are dropped.
            Some(_) if source == NameSource::Dhcp => *names = vec![(source, told)],
            Some((_, known)) => *known = told,
            None => {
                names.push((source, told));
                names.sort_unstable_by_key(|(source, _)| *source);
            }
        }
        if self.order.len() > MAX_HOSTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// The names of `host`.
    pub(super) fn get(&self, host: IpAddr) -> Vec<HostName> {
        let names = self.known.get(&host).map_or(&[][..], Vec::as_slice);
        names.iter().map(|(_, name)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(last: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(0x0a00_0000 + last).into()
    }

    fn learn(names: &mut HostNames, second: u64, last: u32, name: &str, source: NameSource) {
        let named = NamedHost { ip: host(last), name: name.into(), source };
        names.learn(&named, Timestamp::from_parts(second, 0));
    }

    fn told(names: &HostNames, last: u32) -> Vec<String> {
        let shown = |one: HostName| format!("{} {} {}", one.name, one.source, one.seen.as_nanos());
        names.get(host(last)).into_iter().map(shown).collect()
    }

    #[test]
    fn the_newest_name_of_each_source_is_told() {
        let mut names = HostNames::default();
        learn(&mut names, 1, 7, "lab-pc-7.local", NameSource::Mdns);
        learn(&mut names, 2, 7, "lab-pc-7", NameSource::Dhcp);
        learn(&mut names, 3, 7, "lab-pc-7.local", NameSource::Mdns);
        assert_eq!(told(&names, 7), ["lab-pc-7 dhcp 2000000000", "lab-pc-7.local mdns 3000000000"]);
        assert!(told(&names, 8).is_empty());
    }

    #[test]
    fn an_address_that_went_to_another_machine_has_lost_its_names() {
        let mut names = HostNames::default();
        learn(&mut names, 1, 7, "LAB-PC-7", NameSource::Netbios);
        learn(&mut names, 2, 7, "lab-pc-7", NameSource::Dhcp);
        learn(&mut names, 3, 7, "printer", NameSource::Dhcp);
        assert_eq!(told(&names, 7), ["printer dhcp 3000000000"]);
    }

    #[test]
    fn those_named_first_make_room() {
        let mut names = HostNames::default();
        for last in 0..=MAX_HOSTS as u32 {
            learn(&mut names, 1, last, "pc", NameSource::Dhcp);
        }
        assert_eq!((names.known.len(), names.order.len()), (MAX_HOSTS, MAX_HOSTS));
        assert!(told(&names, 0).is_empty() && !told(&names, 1).is_empty());
    }
}
