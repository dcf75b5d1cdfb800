//! What is known of hosts beyond their incidents: their names, who answers lookups, who tries pools out.

use std::net::IpAddr;

use hashbrown::HashSet;

use super::home::HomeNet;
use super::host_names::HostNames;
use super::probing::Probing;
use crate::model::alert::HostName;
use crate::model::event::NamedHost;
use crate::model::time::Timestamp;

/// Resolvers remembered; a site has a few dozen, an attacker can pretend any number.
const MAX_RESOLVERS: usize = 4096;

/// What the correlator knows of a host when a record is written.
#[derive(Clone, Debug)]
pub(super) struct HostFacts {
    pub names: Vec<HostName>,
    /// Its address is in `home_net`.
    pub inside: bool,
    /// It answers the lookups of others.
    pub resolver: bool,
    /// It tries many pools, and mines at none.
    pub prober: bool,
}

/// All hosts.
pub(super) struct Hosts {
    home_net: HomeNet,
    names: HostNames,
    resolvers: HashSet<IpAddr>,
    pub probing: Probing,
}

impl Hosts {
    pub fn new(home_net: HomeNet, probe_pools: usize) -> Self {
        Hosts {
            home_net,
            names: HostNames::default(),
            resolvers: HashSet::new(),
            probing: Probing::new(probe_pools),
        }
    }

    /// A host has told its name. Only the site's own matter.
    pub fn is_called(&mut self, named: &NamedHost, now: Timestamp) {
        if self.is_inside(named.ip) {
            self.names.learn(named, now);
        }
    }

    /// `host` has answered a lookup.
    pub fn resolves(&mut self, host: IpAddr) {
        if self.resolvers.len() < MAX_RESOLVERS {
            self.resolvers.insert(host);
        }
    }

    /// Whether it is one of the site's own.
    pub fn is_inside(&self, host: IpAddr) -> bool {
        self.home_net.contains(host)
    }

    pub fn facts(&self, host: IpAddr) -> HostFacts {
        HostFacts {
            names: self.names.of(host),
            inside: self.is_inside(host),
            resolver: self.resolvers.contains(&host),
            prober: self.probing.is_prober(host),
        }
    }
}
