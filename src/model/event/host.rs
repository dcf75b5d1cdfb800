//! Names that hosts of the local network announce for themselves.

use std::net::IpAddr;

/// A host and the name that it announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedHost {
    /// The host's address.
    pub ip: IpAddr,
    /// The name: printable, at most 255 characters.
    pub name: String,
    /// The protocol that carried the name.
    pub source: NameSource,
}

/// The protocol that carried a host's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // names of protocols
pub enum NameSource {
    Dhcp,
    Mdns,
    Llmnr,
    Netbios,
}

impl NameSource {
    /// The protocol's name in alerts.
    pub const fn name(self) -> &'static str {
        match self {
            NameSource::Dhcp => "dhcp",
            NameSource::Mdns => "mdns",
            NameSource::Llmnr => "llmnr",
            NameSource::Netbios => "netbios",
        }
    }
}
