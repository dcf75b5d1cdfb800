//! Names that hosts of the local network give themselves.

use std::net::IpAddr;

/// A host has told its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedHost {
    /// The host's address.
    pub ip: IpAddr,
    /// Printable, at most 255 characters.
    pub name: String,
    /// The protocol in which it was told.
    pub source: NameSource,
}

/// Where the name was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // names of protocols
pub enum NameSource {
    Dhcp,
    Mdns,
    Llmnr,
    Netbios,
}

impl NameSource {
    /// As in alerts.
    pub const fn name(self) -> &'static str {
        match self {
            NameSource::Dhcp => "dhcp",
            NameSource::Mdns => "mdns",
            NameSource::Llmnr => "llmnr",
            NameSource::Netbios => "netbios",
        }
    }
}
