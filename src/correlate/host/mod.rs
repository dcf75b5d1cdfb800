//! Facts about hosts: their names, and which are inside, resolvers or probers.

mod home;
mod host_names;
mod peer_names;

use std::net::IpAddr;

use hashbrown::HashSet;

pub use home::HomeNet;
pub(super) use peer_names::PeerNames;

use crate::model::Timestamp;
use crate::model::event::NamedHost;
use crate::model::record::HostName;
use host_names::HostNames;

/// Resolvers remembered. A site has a few dozen; an attacker can fake any number.
const MAX_RESOLVERS: usize = 4096;

/// The facts about a host for a record.
#[derive(Clone, Debug)]
pub(in crate::correlate) struct HostFacts {
    pub names: Vec<HostName>,
    /// Its address is in `home_net`.
    pub inside: bool,
    /// It is a resolver: it answers the lookups of others.
    pub resolver: bool,
    /// It is a prober: it tries many pools and mines at none.
    pub prober: bool,
}

/// The facts about all hosts.
pub(in crate::correlate) struct Hosts {
    home_net: HomeNet,
    names: HostNames,
    resolvers: HashSet<IpAddr>,
    /// At most as many as the probing rule remembers.
    probers: HashSet<IpAddr>,
}

impl Hosts {
    pub(super) fn new(home_net: HomeNet) -> Self {
        Hosts {
            home_net,
            names: HostNames::default(),
            resolvers: HashSet::new(),
            probers: HashSet::new(),
        }
    }

    /// Learns a name that a host gives itself. Only hosts of the site matter.
    pub(super) fn learn_name(&mut self, named: &NamedHost, now: Timestamp) {
        if self.is_inside(named.ip) {
            self.names.learn(named, now);
        }
    }

    /// Marks `host`, which has answered a lookup, as a resolver.
    pub(super) fn mark_resolver(&mut self, host: IpAddr) {
        if self.resolvers.len() < MAX_RESOLVERS {
            self.resolvers.insert(host);
        }
    }

    /// Whether `host` is a prober: it tries many pools and mines at none.
    pub(super) fn is_prober(&self, host: IpAddr) -> bool {
        self.probers.contains(&host)
    }

    /// Marks `host` as a prober or not; only the probing rule calls this.
    pub(super) fn mark_prober(&mut self, host: IpAddr, prober: bool) {
        if prober {
            self.probers.insert(host);
        } else {
            self.probers.remove(&host);
        }
    }

    /// The names that `host` gives itself.
    pub(super) fn names(&self, host: IpAddr) -> Vec<HostName> {
        self.names.get(host)
    }

    /// Whether `host` is one of the site's own.
    pub(super) fn is_inside(&self, host: IpAddr) -> bool {
        self.home_net.contains(host)
    }

    pub(super) fn facts(&self, host: IpAddr) -> HostFacts {
        HostFacts {
            names: self.names(host),
            inside: self.is_inside(host),
            resolver: self.resolvers.contains(&host),
            prober: self.is_prober(host),
        }
    }
}
