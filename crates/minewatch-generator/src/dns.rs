//! DNS lookups: a query and its answer.

use std::net::{IpAddr, SocketAddr};

use crate::packet;

/// Query and response packets for the address of `name`, which is `address`.
pub fn lookup(
    client: SocketAddr,
    resolver: SocketAddr,
    id: u16,
    name: &str,
    address: Option<IpAddr>,
) -> (Vec<u8>, Vec<u8>) {
    let kind: u16 = if address.is_some_and(|ip| ip.is_ipv6()) { 28 } else { 1 };
    let question = [&encode(name)[..], &kind.to_be_bytes(), &1u16.to_be_bytes()].concat();
    let query = [&id.to_be_bytes()[..], &[0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0], &question].concat();

    let answers = u16::from(address.is_some());
    let code = if address.is_some() { 0x80 } else { 0x83 }; // NXDOMAIN without an address
    let head = [&id.to_be_bytes()[..], &[0x81, code, 0, 1], &answers.to_be_bytes(), &[0; 4]];
    let mut response = [&head.concat(), &question[..]].concat();
    if let Some(address) = address {
        response.extend([0xc0, 12]); // the name of the question
        response.extend(kind.to_be_bytes());
        response.extend([0, 1, 0, 0, 1, 0x2c]); // class IN, 300 s
        match address {
            IpAddr::V4(v4) => response.extend([&[0, 4][..], &v4.octets()].concat()),
            IpAddr::V6(v6) => response.extend([&[0, 16][..], &v6.octets()].concat()),
        }
    }
    (packet::udp(client, resolver, &query), packet::udp(resolver, client, &response))
}

/// A name as length-prefixed labels (RFC 1035 §3.1).
pub fn encode(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}
