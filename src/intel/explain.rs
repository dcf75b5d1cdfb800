//! Reports the intelligence to a person: its counts, and all entries about one value.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use super::addresses::{AddressMatch, network_text};
use super::groups::ListSource;
use super::indicator::{self, Indicator};
use super::{Intel, Tables, endpoint_text};
use crate::model::authority::without_port;
use crate::model::indicator::IntelClass;

/// The kind of an entry of the intelligence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndicatorKind {
    /// A host name, and all names below it.
    Name,
    /// An address at one port.
    Endpoint,
    /// An address at any port.
    Address,
    /// A network.
    Network,
    /// A host and the beginning of a path.
    Url,
}

/// The counts of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntelStats {
    /// Host names.
    pub names: usize,
    /// Addresses at any port.
    pub addresses: usize,
    /// Addresses at one port.
    pub endpoints: usize,
    /// Networks.
    pub networks: usize,
    /// URLs.
    pub urls: usize,
    /// Exceptions of all kinds.
    pub allowed: usize,
    /// Descriptions (pools, campaigns, lists) of each class.
    pub groups: BTreeMap<IntelClass, usize>,
    /// Lists and their dates (`YYYY-MM-DD`, or empty if unknown).
    pub sources: Vec<(String, String)>,
    /// Date of the newest list that states its date.
    pub newest: Option<String>,
    /// Memory of the tables, in bytes.
    pub bytes: usize,
}

impl IntelStats {
    /// Indicators of all kinds, without exceptions.
    pub fn indicators(&self) -> usize {
        self.names + self.addresses + self.endpoints + self.networks + self.urls
    }
}

/// One entry that covers a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What kind of indicator matched.
    pub kind: IndicatorKind,
    /// The indicator, as loaded.
    pub indicator: String,
    /// An exception: it silences all other entries listed with it.
    pub allow: bool,
    /// Name of the entry to which it belongs.
    pub name: Option<String>,
    /// Class of that entry.
    pub class: IntelClass,
    /// Ticker symbols.
    pub coins: Vec<String>,
    /// TCP ports known for it.
    pub ports: Vec<u16>,
    /// Lists that have it, as `list date`.
    pub sources: Vec<String>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = if self.allow { "allow" } else { self.class.name() };
        write!(f, "{}: {class}", self.indicator)?;
        if let Some(name) = &self.name {
            write!(f, ", {name}")?;
        }
        if !self.coins.is_empty() {
            write!(f, ", coins {}", self.coins.join(" "))?;
        }
        if !self.ports.is_empty() {
            let ports: Vec<_> = self.ports.iter().map(u16::to_string).collect();
            write!(f, ", ports {}", ports.join(" "))?;
        }
        write!(f, ", from {}", self.sources.join(", "))
    }
}

impl Intel {
    /// How many indicators there are of each kind.
    pub fn stats(&self) -> IntelStats {
        let [addresses, endpoints, networks] = self.watch.addresses.counts();
        let mut stats = IntelStats {
            names: self.watch.names.len(),
            addresses,
            endpoints,
            networks,
            urls: self.watch.urls.len(),
            allowed: self.allow.names.len()
                + self.allow.urls.len()
                + self.allow.addresses.counts().iter().sum::<usize>(),
            bytes: self.watch.bytes() + self.allow.bytes(),
            ..IntelStats::default()
        };
        for group in &self.groups {
            *stats.groups.entry(group.class()).or_default() += 1;
        }
        let mut sources: Vec<&ListSource> =
            self.groups.iter().flat_map(|group| &group.sources).collect();
        sources.sort_unstable();
        sources.dedup();
        stats.newest = sources
            .iter()
            .map(|source| &source.date)
            .max()
            .filter(|date| !date.is_empty())
            .cloned();
        stats.sources =
            sources.iter().map(|source| (source.name.clone(), source.date.clone())).collect();
        stats
    }

    /// Finds all entries that cover `value` (a name, an address, an endpoint, a network or a URL).
    ///
    /// Exceptions come first, then the most specific entries. For an address its listed endpoints
    /// are included.
    ///
    /// # Errors
    /// If `value` is none of these; the text says why.
    pub fn explain(&self, value: &str) -> Result<Vec<Explanation>, String> {
        let value = indicator::parse(value).map_err(|refusal| refusal.message)?;
        let allowed = self.covering(&self.allow, &value, true);
        let watched = self.covering(&self.watch, &value, false);
        Ok(allowed.into_iter().chain(watched).collect())
    }

    fn covering(&self, tables: &Tables, value: &Indicator<'_>, allow: bool) -> Vec<Explanation> {
        let mut found = Vec::new();
        let mut add = |kind, indicator: String, group: u32| {
            if let Some(meta) = self.groups.get(group as usize) {
                found.push(Explanation {
                    kind,
                    indicator,
                    allow,
                    name: meta.name.clone(),
                    class: meta.class(),
                    coins: meta.coins.clone(),
                    ports: meta.ports.clone(),
                    sources: meta.sources.iter().map(ListSource::to_string).collect(),
                });
            }
        };
        let host = |host: &str, add: &mut dyn FnMut(IndicatorKind, String, u32)| {
            let mut matches: Vec<_> = tables.names.matches(host).collect();
            matches.reverse();
            for (start, group) in matches {
                add(IndicatorKind::Name, host.get(start..).unwrap_or_default().to_owned(), group);
            }
        };
        match value {
            Indicator::Name(name) => host(name, &mut add),
            Indicator::Url { host: name, path } => {
                let name = without_port(name);
                for (path, group) in tables.urls.matches(name, path) {
                    add(IndicatorKind::Url, format!("{name}{path}"), group);
                }
                match name.parse() {
                    Ok(address) => covering_address(tables, address, None, &mut add),
                    Err(_) => host(name, &mut add),
                }
            }
            Indicator::Address(address) => covering_address(tables, *address, None, &mut add),
            Indicator::Endpoint(address, port) => {
                covering_address(tables, *address, Some(*port), &mut add);
            }
            Indicator::Network(network) => {
                covering_address(tables, network.network(), None, &mut add);
            }
        }
        found
    }
}

fn covering_address(
    tables: &Tables,
    address: IpAddr,
    port: Option<u16>,
    add: &mut dyn FnMut(IndicatorKind, String, u32),
) {
    for (listed, group) in tables.addresses.ports(address) {
        if port.is_none_or(|port| port == listed) {
            add(IndicatorKind::Endpoint, endpoint_text(address, listed), group);
        }
    }
    // Port 0 is never listed, so this finds the entry for the address alone.
    if let Some((AddressMatch::Address, group)) = tables.addresses.get(address, 0) {
        add(IndicatorKind::Address, address.to_canonical().to_string(), group);
    }
    for (length, group) in tables.addresses.networks(address) {
        add(IndicatorKind::Network, network_text(address, length), group);
    }
}
