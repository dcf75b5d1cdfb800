//! A table of endpoints, addresses and networks, which finds the entry that covers an endpoint.
//!
//! Most lookups find nothing; these cost one probe, plus one for each prefix length in use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hashbrown::HashTable;
use ipnet::IpNet;

/// Value of an address that is not listed itself, but has listed ports.
const PORTS_ONLY: u32 = u32::MAX;

/// Addresses of both families with a `u32` each (below `u32::MAX`).
#[derive(Default)]
pub(super) struct Addresses {
    v4: Family<u32>,
    v6: Family<[u8; 16]>,
}

/// The kind of entry that covers an address or endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressMatch {
    Endpoint,
    Address,
    Network(u8),
}

impl Addresses {
    /// Inserts `value` as new and returns `None`, or returns the present value of a known entry for
    /// the caller to change. IPv4 written as IPv6 counts as IPv4.
    pub(super) fn insert_address(&mut self, address: IpAddr, value: u32) -> Option<&mut u32> {
        match address.to_canonical() {
            IpAddr::V4(ip) => self.v4.insert_address(ip.to_bits(), value),
            IpAddr::V6(ip) => self.v6.insert_address(ip.octets(), value),
        }
    }

    pub(super) fn insert_endpoint(
        &mut self,
        address: IpAddr,
        port: u16,
        value: u32,
    ) -> Option<&mut u32> {
        match address.to_canonical() {
            IpAddr::V4(ip) => self.v4.insert_endpoint(ip.to_bits(), port, value),
            IpAddr::V6(ip) => self.v6.insert_endpoint(ip.octets(), port, value),
        }
    }

    pub(super) fn insert_network(&mut self, network: IpNet, value: u32) -> Option<&mut u32> {
        match network {
            IpNet::V4(net) => self.v4.insert_network(net.addr().to_bits(), net.prefix_len(), value),
            IpNet::V6(net) => self.v6.insert_network(net.addr().octets(), net.prefix_len(), value),
        }
    }

    /// Finds the most specific entry: the endpoint, else the address, else the longest prefix.
    pub(super) fn get(&self, address: IpAddr, port: u16) -> Option<(AddressMatch, u32)> {
        match address.to_canonical() {
            IpAddr::V4(ip) => self.v4.get(ip.to_bits(), port),
            IpAddr::V6(ip) => self.v6.get(ip.octets(), port),
        }
    }

    /// Prefix length and value of the networks that cover `address`, longest prefix first.
    pub(super) fn networks(&self, address: IpAddr) -> Vec<(u8, u32)> {
        match address.to_canonical() {
            IpAddr::V4(ip) => self.v4.networks(ip.to_bits()).collect(),
            IpAddr::V6(ip) => self.v6.networks(ip.octets()).collect(),
        }
    }

    /// Listed ports of `address`, ascending.
    pub(super) fn ports(&self, address: IpAddr) -> Vec<(u16, u32)> {
        match address.to_canonical() {
            IpAddr::V4(ip) => self.v4.ports(ip.to_bits()),
            IpAddr::V6(ip) => self.v6.ports(ip.octets()),
        }
    }

    /// Number of addresses, endpoints and networks.
    pub(super) fn counts(&self) -> [usize; 3] {
        let (v4, v6) = (self.v4.counts(), self.v6.counts());
        [v4[0] + v6[0], v4[1] + v6[1], v4[2] + v6[2]]
    }

    pub(super) fn shrink(&mut self) {
        self.v4.shrink();
        self.v6.shrink();
    }

    pub(super) fn bytes(&self) -> usize {
        self.v4.bytes() + self.v6.bytes()
    }
}

/// The network of `address` with this prefix length, as text.
pub(super) fn network_text(address: IpAddr, length: u8) -> String {
    let address = address.to_canonical();
    IpNet::new(address, length).map_or_else(|_| address.to_string(), |net| net.trunc().to_string())
}

/// Bits of an address of one family.
trait Bits: Copy + Eq {
    fn hash(self) -> u64;
    /// The address with all but its first `length` bits cleared.
    fn prefix(self, length: u8) -> Self;
}

impl Bits for u32 {
    fn hash(self) -> u64 {
        fold(u64::from(self), 0)
    }

    fn prefix(self, length: u8) -> Self {
        self & u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0)
    }
}

impl Bits for [u8; 16] {
    fn hash(self) -> u64 {
        let bits = u128::from_be_bytes(self);
        fold((bits >> 64) as u64, bits as u64)
    }

    fn prefix(self, length: u8) -> Self {
        let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
        (u128::from_be_bytes(self) & mask).to_be_bytes()
    }
}

/// Hashes two halves: their 128-bit product, each mixed with an odd constant, folded to 64 bits.
fn fold(high: u64, low: u64) -> u64 {
    let product =
        u128::from(high ^ 0x9e37_79b9_7f4a_7c15) * u128::from(low ^ 0xd1b5_4a32_d192_ed03);
    (product >> 64) as u64 ^ product as u64
}

struct Family<A> {
    addresses: HashTable<(A, u32)>,
    listed: usize,
    endpoints: HashTable<(A, u16, u32)>,
    /// By prefix length, longest first.
    networks: Vec<(u8, HashTable<(A, u32)>)>,
}

impl<A> Default for Family<A> {
    fn default() -> Self {
        let (addresses, endpoints) = (HashTable::new(), HashTable::new());
        Family { addresses, listed: 0, endpoints, networks: Vec::new() }
    }
}

impl<A: Bits> Family<A> {
    fn insert_address(&mut self, address: A, value: u32) -> Option<&mut u32> {
        let known = upsert(&mut self.addresses, address, value);
        match known {
            Some(slot) if *slot == PORTS_ONLY => {
                *slot = value;
                self.listed += 1;
                None
            }
            Some(slot) => Some(slot),
            None => {
                self.listed += 1;
                None
            }
        }
    }

    fn insert_endpoint(&mut self, address: A, port: u16, value: u32) -> Option<&mut u32> {
        upsert(&mut self.addresses, address, PORTS_ONLY);
        let hash = |slot: &(A, u16, u32)| endpoint_hash(slot.0, slot.1);
        let same = |slot: &(A, u16, u32)| (slot.0, slot.1) == (address, port);
        if let Some(index) = self.endpoints.find_bucket_index(endpoint_hash(address, port), same) {
            return self.endpoints.get_bucket_mut(index).map(|slot| &mut slot.2);
        }
        self.endpoints.insert_unique(endpoint_hash(address, port), (address, port, value), hash);
        None
    }

    fn insert_network(&mut self, address: A, length: u8, value: u32) -> Option<&mut u32> {
        let place = self.networks.partition_point(|(other, _)| *other > length);
        if self.networks.get(place).is_none_or(|(other, _)| *other != length) {
            self.networks.insert(place, (length, HashTable::new()));
        }
        let (_, table) = self.networks.get_mut(place)?;
        upsert(table, address.prefix(length), value)
    }

    fn get(&self, address: A, port: u16) -> Option<(AddressMatch, u32)> {
        if let Some((_, value)) = self.addresses.find(address.hash(), |slot| slot.0 == address) {
            let same = |slot: &&(A, u16, u32)| (slot.0, slot.1) == (address, port);
            let endpoint = endpoint_hash(address, port);
            if let Some(slot) = self.endpoints.find(endpoint, |slot| same(&slot)) {
                return Some((AddressMatch::Endpoint, slot.2));
            }
            if *value != PORTS_ONLY {
                return Some((AddressMatch::Address, *value));
            }
        }
        self.networks(address).next().map(|(length, value)| (AddressMatch::Network(length), value))
    }

    fn networks(&self, address: A) -> impl Iterator<Item = (u8, u32)> + '_ {
        self.networks.iter().filter_map(move |(length, table)| {
            let prefix = address.prefix(*length);
            table.find(prefix.hash(), |slot| slot.0 == prefix).map(|slot| (*length, slot.1))
        })
    }

    fn ports(&self, address: A) -> Vec<(u16, u32)> {
        let mut ports: Vec<_> = self
            .endpoints
            .iter()
            .filter(|slot| slot.0 == address)
            .map(|slot| (slot.1, slot.2))
            .collect();
        ports.sort_unstable();
        ports
    }

    fn counts(&self) -> [usize; 3] {
        let networks = self.networks.iter().map(|(_, table)| table.len()).sum();
        [self.listed, self.endpoints.len(), networks]
    }

    fn shrink(&mut self) {
        self.addresses.shrink_to_fit(|slot| slot.0.hash());
        self.endpoints.shrink_to_fit(|slot| endpoint_hash(slot.0, slot.1));
    }

    fn bytes(&self) -> usize {
        let networks: usize = self.networks.iter().map(|(_, table)| table.allocation_size()).sum();
        self.addresses.allocation_size() + self.endpoints.allocation_size() + networks
    }
}

fn endpoint_hash<A: Bits>(address: A, port: u16) -> u64 {
    fold(address.hash(), u64::from(port))
}

fn upsert<A: Bits>(table: &mut HashTable<(A, u32)>, key: A, value: u32) -> Option<&mut u32> {
    if let Some(index) = table.find_bucket_index(key.hash(), |slot| slot.0 == key) {
        return table.get_bucket_mut(index).map(|slot| &mut slot.1);
    }
    table.insert_unique(key.hash(), (key, value), |slot| slot.0.hash());
    None
}

/// Names the special-purpose range of an address that no public host can have (IANA registries).
/// Documentation ranges are left out, since tests and examples use them.
pub(super) fn special_purpose(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(ip) => special_v4(ip),
        IpAddr::V6(ip) => special_v6(ip),
    }
}

fn special_v4(ip: Ipv4Addr) -> Option<&'static str> {
    match ip.octets() {
        [0, ..] => Some("this network (RFC 791)"),
        [127, ..] => Some("loopback"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("private (RFC 1918)"),
        [100, 64..=127, ..] => Some("carrier-grade NAT (RFC 6598)"),
        [169, 254, ..] => Some("link-local"),
        [198, 18..=19, ..] => Some("benchmarking (RFC 2544)"),
        [224..=239, ..] => Some("multicast"),
        [240..=255, ..] => Some("reserved"),
        _ => None,
    }
}

fn special_v6(ip: Ipv6Addr) -> Option<&'static str> {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("unspecified"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("loopback"),
        [0xfc00..=0xfdff, ..] => Some("private (RFC 4193)"),
        [0xfe80..=0xfebf, ..] => Some("link-local"),
        [0xff00..=0xffff, ..] => Some("multicast"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_most_specific_entry_wins() {
        let mut table = Addresses::default();
        table.insert_network("192.0.2.0/24".parse().unwrap(), 1);
        table.insert_network("192.0.2.0/28".parse().unwrap(), 2);
        table.insert_network("0.0.0.0/0".parse().unwrap(), 3);
        table.insert_endpoint(ip("192.0.2.7"), 3333, 4);
        table.insert_address(ip("192.0.2.9"), 5);
        table.insert_endpoint(ip("192.0.2.9"), 80, 6);
        table.insert_address(ip("2001:db8::7"), 7);
        table.insert_network("2001:db8::/32".parse().unwrap(), 8);
        table.shrink();
        for (address, port, expected) in [
            ("192.0.2.7", 3333, (AddressMatch::Endpoint, 4)),
            ("::ffff:192.0.2.7", 3333, (AddressMatch::Endpoint, 4)),
            ("192.0.2.7", 80, (AddressMatch::Network(28), 2)),
            ("192.0.2.9", 443, (AddressMatch::Address, 5)),
            ("192.0.2.9", 80, (AddressMatch::Endpoint, 6)),
            ("192.0.2.200", 1, (AddressMatch::Network(24), 1)),
            ("198.51.100.1", 1, (AddressMatch::Network(0), 3)),
            ("2001:db8::7", 1, (AddressMatch::Address, 7)),
            ("2001:db8::8", 1, (AddressMatch::Network(32), 8)),
        ] {
            assert_eq!(table.get(ip(address), port), Some(expected), "{address}:{port}");
        }
        assert_eq!(table.get(ip("2001:db9::1"), 1), None);
        assert_eq!(table.counts(), [2, 2, 4]);
        assert_eq!(table.ports(ip("192.0.2.9")), [(80, 6)]);
        assert_eq!(network_text(ip("192.0.2.7"), 28), "192.0.2.0/28");
    }

    proptest! {
        #[test]
        fn agrees_with_a_search_through_all_entries(
            hosts in prop::collection::vec(0u32..64, 0..20),
            endpoints in prop::collection::vec((0u32..64, 0u16..4), 0..20),
            networks in prop::collection::vec((0u32..64, 24u8..=32), 0..10),
            questions in prop::collection::vec((0u32..64, 0u16..4), 1..40),
        ) {
            let ip = |bits: u32| IpAddr::V4(Ipv4Addr::from_bits(0xc000_0200 | bits));
            let mut table = Addresses::default();
            for &host in &hosts { table.insert_address(ip(host), 1); }
            for &(host, port) in &endpoints { table.insert_endpoint(ip(host), port, 2); }
            let networks: Vec<_> =
                networks.iter().map(|&(host, length)| IpNet::new(ip(host), length).unwrap().trunc()).collect();
            for &network in &networks { table.insert_network(network, 3); }
            for (host, port) in questions {
                let longest = networks.iter().filter(|net| net.contains(&ip(host))).map(|net| net.prefix_len()).max();
                let expected = if endpoints.contains(&(host, port)) {
                    Some((AddressMatch::Endpoint, 2))
                } else if hosts.contains(&host) {
                    Some((AddressMatch::Address, 1))
                } else {
                    longest.map(|length| (AddressMatch::Network(length), 3))
                };
                prop_assert_eq!(table.get(ip(host), port), expected);
            }
        }
    }
}
