//! DHCP (RFC 2131): a client asks for an address and says what it is called.

use std::net::Ipv4Addr;

/// The payload of a DHCPREQUEST from `mac` for `address`.
pub fn request(mac: [u8; 6], address: Ipv4Addr, name: &str) -> Vec<u8> {
    const BOOTREQUEST: u8 = 1;
    const ETHERNET: u8 = 1;
    const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];
    let mut payload = vec![BOOTREQUEST, ETHERNET, mac.len() as u8, 0];
    payload.extend([0x5a; 4]); // transaction
    payload.resize(28, 0); // no addresses yet
    payload.extend(mac);
    payload.resize(236, 0);
    payload.extend(MAGIC_COOKIE);
    payload.extend([53, 1, 3]); // message type: request
    payload.extend([50, 4]);
    payload.extend(address.octets());
    payload.extend([12, name.len() as u8]);
    payload.extend(name.bytes());
    payload.push(255);
    payload
}
