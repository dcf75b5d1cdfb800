//! Proxies inside a flow: the address on the wire is not where the bytes go.

use std::net::IpAddr;

use crate::model::chunk::Direction;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TunnelKind {
    Socks4,
    Socks5,
    HttpConnect,
    /// HAProxy's PROXY protocol: here `host` and `port` are the *source* of the bytes.
    ProxyProtocol,
}

/// A tunnel and its far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// In which the request for it travels: the client's, whichever end the flow's initiator is.
    pub direction: Direction,
    pub kind: TunnelKind,
    /// Name or address as the client gave it; lower case.
    pub host: String,
    /// `host` as an address, if it is one.
    pub ip: Option<IpAddr>,
    pub port: u16,
    /// The proxy agreed (SOCKS reply 0, HTTP 2xx); true for the PROXY protocol.
    pub granted: bool,
}
