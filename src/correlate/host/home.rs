//! The site's own networks.

use std::net::IpAddr;

use ipnet::IpNet;

/// The networks of `home_net`.
#[derive(Clone, Debug)]
pub struct HomeNet {
    networks: Vec<IpNet>,
}

impl HomeNet {
    /// The site's networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        HomeNet { networks }
    }

    /// Whether an address is one of the site's own.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&ip))
    }
}
