//! Refuses indicators that would match ordinary traffic.
//!
//! These are public suffixes, popular sites, public resolvers, addresses of content networks and
//! special-purpose ranges.

use std::net::IpAddr;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use ipnet::IpNet;

use super::addresses::special_purpose;
use super::indicator::{self, Indicator, Refusal};

/// Names and addresses that no list may watch; see `rules/README.md`.
const NEVER: &str = include_str!("../../rules/never.txt");

/// Shortest prefixes that a list may name, for IPv4 and IPv6: a /8 is 1/256 of the Internet, and a
/// /24 of IPv6 is as much as a large provider has.
const SHORTEST_PREFIX: (u8, u8) = (8, 24);

pub(super) struct Guard {
    names: HashSet<String, FixedState>,
    addresses: HashSet<IpAddr, FixedState>,
    /// Networks whose addresses serve many sites each: these are accepted only with a port.
    shared: Vec<IpNet>,
}

impl Default for Guard {
    fn default() -> Self {
        let mut guard =
            Guard { names: HashSet::default(), addresses: HashSet::default(), shared: Vec::new() };
        let lines = NEVER.lines().filter(|line| !line.starts_with('#'));
        for indicator in lines.filter_map(|line| indicator::parse(line).ok()) {
            match indicator {
                Indicator::Name(name) => drop(guard.names.insert(name.into_owned())),
                Indicator::Address(address) => drop(guard.addresses.insert(address)),
                Indicator::Network(network) => guard.shared.push(network),
                Indicator::Endpoint(..) | Indicator::Url { .. } => {}
            }
        }
        guard
    }
}

impl Guard {
    pub(super) fn check(&self, indicator: &Indicator<'_>) -> Result<(), Refusal> {
        match indicator {
            Indicator::Name(name) => self.name(name),
            Indicator::Address(address) => {
                self.address(*address)?;
                match self.shared.iter().find(|network| network.contains(address)) {
                    Some(network) => Err(Refusal::new(
                        format!("lies in {network}, where a content network serves many sites"),
                        "give the port, too, or the name",
                    )),
                    None => Ok(()),
                }
            }
            Indicator::Endpoint(address, _) => self.address(*address),
            Indicator::Network(network) => self.network(network),
            Indicator::Url { host, .. } => match host.parse() {
                Ok(address) => self.address(address),
                Err(_) => Ok(()),
            },
        }
    }

    fn name(&self, name: &str) -> Result<(), Refusal> {
        if psl::domain(name.as_bytes()).is_none() {
            return Err(Refusal::new(
                "is a public suffix, under which anybody has a name",
                "write the whole name",
            ));
        }
        if self.names.contains(name) {
            return Err(Refusal::new(
                "is a popular site, not a pool",
                "name the host or the URL that is meant",
            ));
        }
        Ok(())
    }

    fn address(&self, address: IpAddr) -> Result<(), Refusal> {
        if let Some(what) = special_purpose(address) {
            return Err(Refusal::new(
                format!("is no public address: {what}"),
                "name inside hosts in the configuration, not here",
            ));
        }
        if self.addresses.contains(&address.to_canonical()) {
            return Err(Refusal::new("is a public resolver", "remove it"));
        }
        Ok(())
    }

    fn network(&self, network: &IpNet) -> Result<(), Refusal> {
        let shortest = match network {
            IpNet::V4(_) => SHORTEST_PREFIX.0,
            IpNet::V6(_) => SHORTEST_PREFIX.1,
        };
        if network.prefix_len() < shortest {
            return Err(Refusal::new("covers too much of the Internet", "name smaller networks"));
        }
        self.address(network.network())?;
        self.address(network.broadcast())?;
        if self.addresses.iter().any(|address| network.contains(address))
            || self.shared.iter().any(|shared| shared.contains(network) || network.contains(shared))
        {
            return Err(Refusal::new(
                "contains public resolvers or a content network",
                "name smaller networks",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_uses_is_refused() {
        let guard = Guard::default();
        for (text, part) in [
            ("co.uk", "public suffix"),
            ("duckdns.org", "public suffix"),
            ("github.io", "public suffix"),
            ("google.com", "popular"),
            ("pastebin.com", "popular"),
            ("10.1.2.3", "RFC 1918"),
            ("192.168.1.1:3333", "RFC 1918"),
            ("0.0.0.0", "this network"),
            ("239.255.255.250", "multicast"),
            ("::1", "loopback"),
            ("::ffff:10.0.0.1", "RFC 1918"),
            ("8.8.8.8", "resolver"),
            ("1.1.1.1:443", "resolver"),
            ("0.0.0.0/0", "too much"),
            ("10.0.0.0/8", "RFC 1918"),
            ("8.0.0.0/8", "resolvers"),
            ("104.16.1.1", "content network"),
            ("http://127.0.0.1/x", "loopback"),
        ] {
            let refusal = guard.check(&indicator::parse(text).unwrap()).unwrap_err();
            assert!(refusal.message.contains(part), "{text}: {refusal:?}");
        }
    }

    #[test]
    fn what_is_specific_enough_is_taken() {
        let guard = Guard::default();
        for text in [
            "miner.duckdns.org",
            "supportxmr.com",
            "pastebin.com/raw/sByq0rym",
            "172.65.200.133:3333",
            "91.121.140.167",
            "163.172.204.0/24",
            "2001:db8::/32",
        ] {
            assert_eq!(guard.check(&indicator::parse(text).unwrap()), Ok(()), "{text}");
        }
    }
}
