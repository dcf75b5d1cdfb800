//! The site's own networks.

use std::net::IpAddr;

use ipnet::IpNet;

/// The networks of `home_net`.
#[derive(Clone, Debug)]
pub struct HomeNet {
    networks: Vec<IpNet>,
}

impl HomeNet {
    pub fn new(networks: Vec<IpNet>) -> Self {
        HomeNet { networks }
    }

    pub fn contains(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&ip))
    }
}
