//! Proxies inside a flow: the address on the wire is not the destination of the bytes.

use std::net::IpAddr;

use crate::model::chunk::Direction;

/// The protocol in which a tunnel is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // names of protocols
pub enum TunnelKind {
    Socks4,
    Socks5,
    HttpConnect,
    /// HAProxy's PROXY protocol: [`Tunnel::target`] and [`Tunnel::port`] are the *source* of the
    /// bytes.
    ProxyProtocol,
}

/// A tunnel and its far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The direction in which the request travels: from the proxy's client, which need not be the
    /// flow's initiator.
    pub direction: Direction,
    /// The protocol of the request.
    pub kind: TunnelKind,
    /// Host name or address that the client gave, in lower case.
    pub target: String,
    /// `target` as an IP address, if it is one.
    pub ip: Option<IpAddr>,
    /// Port of the far end; 0 if none was given.
    pub port: u16,
    /// The proxy granted the request (SOCKS reply 0, HTTP 2xx); true for the PROXY protocol.
    pub granted: bool,
}

impl Tunnel {
    /// Returns the tunnel that an HTTP CONNECT asks for.
    ///
    /// `authority` is `host:port` in lower case, with an IPv6 address in brackets (RFC 9110
    /// §9.3.6). The port is 0 if it is missing or invalid.
    pub fn from_authority(authority: &str, direction: Direction) -> Self {
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(0)),
            _ => (authority, 0),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let ip: Option<IpAddr> = host.parse().ok();
        let (kind, host) = (TunnelKind::HttpConnect, host.to_owned());
        Tunnel { direction, kind, target: host, ip, port, granted: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_far_end_is_a_name_or_an_address_and_a_port() {
        for (authority, host, port) in [
            ("pool.example:3333", "pool.example", 3333),
            ("198.51.100.9:443", "198.51.100.9", 443),
            ("[2001:db8::9]:3333", "2001:db8::9", 3333),
            ("[2001:db8::9]", "2001:db8::9", 0),
            ("pool.example", "pool.example", 0),
            ("pool.example:99999", "pool.example", 0),
            ("", "", 0),
        ] {
            let tunnel = Tunnel::from_authority(authority, Direction::ToServer);
            assert_eq!((tunnel.target.as_str(), tunnel.port), (host, port));
            assert_eq!(tunnel.ip, host.parse().ok());
        }
    }
}
