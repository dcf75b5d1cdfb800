//! Intelligence: names, addresses and URLs of pools, proxies, browser miners and mining malware.
//!
//! An [`Intel`] is an immutable snapshot, made once of the intelligence in the binary
//! (`rules/`) and the files of the configuration ([`Intel::load`]) and then shared by all workers.
//! The common answer to a look-up is no; it takes tens of nanoseconds and no allocation.

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
pub use explain::{Explanation, IntelStats, Kind};

use crate::model::authority::{endpoint, without_port};
use crate::model::finding::Hit;
use addresses::{Addresses, Cover, network_text};
use groups::Meta;
use names::Names;
use urls::Urls;

/// One kind of table for every kind of indicator; values are numbers of groups.
#[derive(Default)]
struct Tables {
    names: Names,
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
    /// Asked only after a match in `watch`.
    allow: Tables,
    groups: Vec<Meta>,
}

impl Intel {
    /// The intelligence in the binary.
    pub fn builtin() -> Intel {
        load::builtin()
    }

    /// Reads the files `sources` (formats: `rules/README.md`), in their order of precedence, and
    /// the built-in intelligence after them. A folder stands for the files in it, by name.
    ///
    /// What is wrong with single lines is in the warnings, and the rest is loaded.
    ///
    /// # Errors
    /// A file that cannot be read, is too large or has a broken structure; no indicator at all.
    pub fn load(
        sources: &[PathBuf],
        with_builtin: bool,
    ) -> Result<(Intel, Vec<Warning>), IntelError> {
        load::load(sources, with_builtin)
    }

    fn new(watch: Tables, allow: Tables, groups: Vec<Meta>) -> Intel {
        Intel { watch, allow, groups }
    }

    /// The most specific entry that covers a host name, by itself or by a suffix of whole labels.
    /// `name` is in lower case; a trailing dot is tolerated.
    pub fn name(&self, name: &str) -> Option<Hit> {
        let (start, group) = self.watch.names.get(name)?;
        if self.allow.names.get(name).is_some() {
            return None;
        }
        let indicator = name.get(start..)?.trim_end_matches('.');
        // A bare entry for a host of a known pool: the pool's name, but the entry's own class.
        let mut meta = self.groups.get(group as usize)?.clone();
        for (_, outer) in self.watch.names.matches(name) {
            if let Some(outer) = self.groups.get(outer as usize) {
                meta.complete(outer);
            }
        }
        Some(Hit { pool: meta.entry(indicator), indicator: indicator.to_owned() })
    }

    /// The entry for `ip`:`port`, else for `ip`, else for the longest prefix of `ip`.
    pub fn endpoint(&self, ip: IpAddr, port: u16) -> Option<Hit> {
        let (cover, group) = self.watch.addresses.get(ip, port)?;
        if self.allow.addresses.get(ip, port).is_some() {
            return None;
        }
        let indicator = match cover {
            Cover::Endpoint => endpoint_text(ip, port),
            Cover::Address => ip.to_canonical().to_string(),
            Cover::Network(length) => network_text(ip, length),
        };
        // An entry for one port of a known pool's address, or for an address in its network.
        let wider = match cover {
            Cover::Endpoint => self.watch.addresses.get(ip, 0).map(|(_, group)| group),
            Cover::Address => self.watch.addresses.networks(ip).first().map(|&(_, group)| group),
            Cover::Network(_) => None,
        };
        let mut meta = self.groups.get(group as usize)?.clone();
        if let Some(wider) = wider.and_then(|group| self.groups.get(group as usize)) {
            meta.complete(wider);
        }
        Some(Hit { pool: meta.entry(&indicator), indicator })
    }

    /// The longest URL entry with which the host of `authority` and `target` begin. `authority` is in
    /// lower case and may have a port; `target` is the path as requested, with its slash.
    pub fn url(&self, authority: &str, target: &str) -> Option<Hit> {
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

    fn hit(&self, group: u32, indicator: String) -> Option<Hit> {
        let pool = self.groups.get(group as usize)?.entry(&indicator);
        Some(Hit { pool, indicator })
    }
}

/// Everything that is to be said about one file or folder, without loading it into a snapshot.
///
/// # Errors
/// As [`Intel::load`].
pub fn lint(path: &Path) -> Result<Vec<Warning>, IntelError> {
    load::lint(path)
}

fn endpoint_text(ip: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(ip.to_canonical(), port).to_string()
}
