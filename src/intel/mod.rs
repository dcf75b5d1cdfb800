//! Intelligence: names, addresses and URLs of pools, proxies, browser miners and mining malware.
//!
//! An [`Intel`] is an immutable snapshot. It is built once from the intelligence in the binary
//! (`rules/`) and the files of the configuration ([`Intel::load`]), and then shared by all workers.
//! Most lookups find nothing; these take tens of nanoseconds and no allocation.

mod addresses;
mod answers;
mod builder;
mod error;
mod explain;
mod groups;
mod guard;
mod indicator;
mod load;
mod names;
mod urls;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

pub use answers::{PoolAddresses, can_be_pools};
pub use error::{IntelError, Warning};
pub use explain::{Explanation, IndicatorKind, IntelStats};

use crate::model::authority::{endpoint, without_port};
use crate::model::indicator::IntelMatch;
use addresses::{AddressMatch, Addresses, network_text};
use groups::EntryMeta;
use names::NameTable;
use urls::Urls;

/// A table for every kind of indicator; values are numbers of groups.
#[derive(Default)]
struct Tables {
    names: NameTable,
    addresses: Addresses,
    urls: Urls,
}

impl Tables {
    fn shrink(&mut self) {
        self.names.shrink();
        self.addresses.shrink();
    }

    fn bytes(&self) -> usize {
        self.names.bytes() + self.addresses.bytes() + self.urls.bytes()
    }
}

/// An immutable snapshot of the intelligence.
pub struct Intel {
    watch: Tables,
    /// Exceptions, looked up only after a match in `watch`.
    allow: Tables,
    groups: Vec<EntryMeta>,
}

impl Intel {
    /// Builds a snapshot of the intelligence in the binary.
    pub fn builtin() -> Intel {
        load::builtin()
    }

    /// Loads the files `sources` (formats: `rules/README.md`), in their order of precedence.
    ///
    /// The built-in intelligence comes after them, if `with_builtin`. A folder stands for the files
    /// in it, by name. Mistakes in single lines become warnings, and the rest is loaded.
    ///
    /// # Errors
    /// A file cannot be read, is too large or has a broken structure, or there is no indicator at
    /// all, or too many.
    pub fn load(
        sources: &[PathBuf],
        with_builtin: bool,
    ) -> Result<(Intel, Vec<Warning>), IntelError> {
        load::load(sources, with_builtin)
    }

    fn new(watch: Tables, allow: Tables, groups: Vec<EntryMeta>) -> Intel {
        Intel { watch, allow, groups }
    }

    /// Finds the most specific entry that covers a host name: the name, or a suffix of whole
    /// labels. `name` is in lower case; a trailing dot is tolerated.
    pub fn name(&self, name: &str) -> Option<IntelMatch> {
        let (start, group) = self.watch.names.get(name)?;
        if self.allow.names.get(name).is_some() {
            return None;
        }
        let indicator = name.get(start..)?.trim_end_matches('.');
        // An entry without a name, for a host of a known pool, gets the pool's name but keeps its
        // own class.
        let mut meta = self.groups.get(group as usize)?.clone();
        for (_, outer) in self.watch.names.matches(name) {
            if let Some(outer) = self.groups.get(outer as usize) {
                meta.complete(outer);
            }
        }
        Some(IntelMatch { entry: meta.entry(indicator), indicator: indicator.to_owned() })
    }

    /// Finds the entry for `ip`:`port`, else for `ip`, else for the longest prefix of `ip`.
    pub fn endpoint(&self, ip: IpAddr, port: u16) -> Option<IntelMatch> {
        let (cover, group) = self.watch.addresses.get(ip, port)?;
        if self.allow.addresses.get(ip, port).is_some() {
            return None;
        }
        let indicator = match cover {
            AddressMatch::Endpoint => endpoint_text(ip, port),
            AddressMatch::Address => ip.to_canonical().to_string(),
            AddressMatch::Network(length) => network_text(ip, length),
        };
        // An entry for a port of a known pool's address, or for an address in its network, is
        // completed from the wider entry.
        let wider = match cover {
            AddressMatch::Endpoint => self.watch.addresses.get(ip, 0).map(|(_, group)| group),
            AddressMatch::Address => {
                self.watch.addresses.networks(ip).first().map(|&(_, group)| group)
            }
            AddressMatch::Network(_) => None,
        };
        let mut meta = self.groups.get(group as usize)?.clone();
        if let Some(wider) = wider.and_then(|group| self.groups.get(group as usize)) {
            meta.complete(wider);
        }
        Some(IntelMatch { entry: meta.entry(&indicator), indicator })
    }

    /// Finds the longest URL entry that is a prefix of the host of `authority` and `target`.
    /// `authority` is in lower case and may have a port; `target` is the path as requested, with
    /// its slash.
    pub fn url(&self, authority: &str, target: &str) -> Option<IntelMatch> {
        let host = without_port(authority);
        let (path, group) = self.watch.urls.matches(host, target).next()?;
        let allowed = self.allow.urls.matches(host, target).next().is_some()
            || match endpoint(authority) {
                Some(end) => self.allow.addresses.get(end.ip, end.port).is_some(),
                None => self.allow.names.get(host).is_some(),
            };
        if allowed {
            return None;
        }
        self.hit(group, format!("{host}{path}"))
    }

    fn hit(&self, group: u32, indicator: String) -> Option<IntelMatch> {
        let entry = self.groups.get(group as usize)?.entry(&indicator);
        Some(IntelMatch { entry, indicator })
    }
}

/// Checks one file or folder and returns all warnings, without keeping a snapshot.
///
/// # Errors
/// A file cannot be read, is too large or has a broken structure, or there are too many indicators.
pub fn lint(path: &Path) -> Result<Vec<Warning>, IntelError> {
    load::lint(path)
}

fn endpoint_text(ip: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(ip.to_canonical(), port).to_string()
}
