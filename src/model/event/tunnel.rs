//! Proxies inside a flow: the address on the wire is not where the bytes go.

use std::net::IpAddr;

use crate::model::chunk::Direction;

/// How a tunnel is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // names of protocols
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
    /// How the tunnel is asked for.
    pub kind: TunnelKind,
    /// Name or address as the client gave it; lower case.
    pub target: String,
    /// `host` as an address, if it is one.
    pub ip: Option<IpAddr>,
    /// Port of the far end; 0 if none was given.
    pub port: u16,
    /// The proxy agreed (SOCKS reply 0, HTTP 2xx); true for the PROXY protocol.
    pub granted: bool,
}

impl Tunnel {
    /// The one that a CONNECT asks for: `host:port` in lower case, with an IPv6 address in brackets
    /// (RFC 9110 §9.3.6).
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
