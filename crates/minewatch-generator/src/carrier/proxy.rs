//! Proxies in front of the pool: SOCKS, HTTP CONNECT and the PROXY protocol.

use std::net::{IpAddr, SocketAddr};

use super::POOL_NAME;
use crate::conversation::{Conversation, Message, ONE_WAY, Speaker, Tag};

/// What a client exchanges with a proxy before the conversation.
struct Prelude {
    carrier: &'static str,
    exchanges: Vec<(Speaker, Vec<u8>)>,
}

fn precede(conversation: &mut Conversation, prelude: Prelude, pool: Option<String>) {
    let Prelude { carrier, exchanges } = prelude;
    conversation.delay(exchanges.len() as u64 * ONE_WAY);
    let messages: Vec<Message> = exchanges
        .into_iter()
        .zip(1..)
        .map(|((from, bytes), n)| Message { at: n * ONE_WAY, from, bytes, tag: Tag::Other })
        .collect();
    conversation.messages.splice(0..0, messages);
    let facts = &mut conversation.facts;
    facts.carriers.insert(0, carrier);
    if let Some(pool) = pool {
        // The innermost proxy's answer counts, and that one was there first.
        facts.tunnel.get_or_insert(pool);
    }
}

/// SOCKS 4: the pool by its IPv4 address.
pub fn socks4(conversation: &mut Conversation, pool: SocketAddr) {
    let address = match pool.ip() {
        IpAddr::V4(v4) => v4.octets(),
        IpAddr::V6(_) => [198, 51, 100, 9], // the protocol has no other
    };
    let port = pool.port().to_be_bytes();
    let request = [&[4, 1][..], &port, &address, b"miner\0"].concat();
    let granted = [&[0, 0x5a][..], &port, &address].concat();
    let exchanges = vec![(Speaker::Miner, request), (Speaker::Pool, granted)];
    let target = format!("{}:{}", IpAddr::from(address), pool.port());
    precede(conversation, Prelude { carrier: "socks4", exchanges }, Some(target));
}

/// SOCKS 4a: the pool by its name.
pub fn socks4a(conversation: &mut Conversation, port: u16) {
    let number = port.to_be_bytes();
    let name = POOL_NAME.as_bytes();
    let request = [&[4, 1][..], &number, &[0, 0, 0, 1], b"miner\0", name, b"\0"].concat();
    let granted = [&[0, 0x5a][..], &number, &[0, 0, 0, 0]].concat();
    let exchanges = vec![(Speaker::Miner, request), (Speaker::Pool, granted)];
    let target = format!("{POOL_NAME}:{port}");
    precede(conversation, Prelude { carrier: "socks4", exchanges }, Some(target));
}

/// SOCKS 5 without authentication (RFC 1928), the pool by its name.
pub fn socks5(conversation: &mut Conversation, port: u16) {
    let name = POOL_NAME.as_bytes();
    let length = [name.len() as u8];
    let request = [&[5, 1, 0, 3][..], &length, name, &port.to_be_bytes()].concat();
    let exchanges = vec![
        (Speaker::Miner, vec![5, 1, 0]),
        (Speaker::Pool, vec![5, 0]),
        (Speaker::Miner, request),
        (Speaker::Pool, vec![5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ];
    let target = format!("{POOL_NAME}:{port}");
    precede(conversation, Prelude { carrier: "socks5", exchanges }, Some(target));
}

/// HTTP CONNECT (RFC 9110 §9.3.6).
pub fn connect(conversation: &mut Conversation, port: u16) {
    let target = format!("{POOL_NAME}:{port}");
    let request = format!(
        "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Connection: Keep-Alive\r\n\r\n"
    );
    let exchanges = vec![
        (Speaker::Miner, request.into_bytes()),
        (Speaker::Pool, b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec()),
    ];
    precede(conversation, Prelude { carrier: "http-connect", exchanges }, Some(target));
}

/// The real client that a load balancer speaks for.
fn real_client(like: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match like.ip() {
        IpAddr::V4(_) => [192, 0, 2, 7].into(),
        IpAddr::V6(_) => [0x2001, 0xdb8, 0, 7, 0, 0, 0, 7].into(),
    };
    (ip, 50_210).into()
}

/// PROXY protocol, version 1: a line in front of everything.
pub fn proxy_v1(conversation: &mut Conversation, pool: SocketAddr) {
    let client = real_client(pool);
    let family = if pool.is_ipv4() { "TCP4" } else { "TCP6" };
    let (from, to) = (client.ip(), pool.ip());
    let header = format!("PROXY {family} {from} {to} {} {}\r\n", client.port(), pool.port());
    proxied(conversation, client, header.into_bytes());
}

/// PROXY protocol, version 2: binary.
pub fn proxy_v2(conversation: &mut Conversation, pool: SocketAddr) {
    let client = real_client(pool);
    let mut addresses = Vec::new();
    for ip in [client.ip(), pool.ip()] {
        match ip {
            IpAddr::V4(v4) => addresses.extend(v4.octets()),
            IpAddr::V6(v6) => addresses.extend(v6.octets()),
        }
    }
    addresses.extend(client.port().to_be_bytes());
    addresses.extend(pool.port().to_be_bytes());
    let mut header = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
    header.push(0x21); // version 2, PROXY
    header.push(if pool.is_ipv4() { 0x11 } else { 0x21 }); // family, TCP
    header.extend((addresses.len() as u16).to_be_bytes());
    header.extend(addresses);
    proxied(conversation, client, header);
}

/// The header shares a segment with the first message if that is the client's, too.
fn proxied(conversation: &mut Conversation, client: SocketAddr, header: Vec<u8>) {
    match conversation.messages.first_mut() {
        Some(first) if first.from == Speaker::Miner => {
            first.bytes.splice(0..0, header);
            conversation.facts.carriers.insert(0, "proxy-protocol");
        }
        _ => {
            let exchanges = vec![(Speaker::Miner, header)];
            precede(conversation, Prelude { carrier: "proxy-protocol", exchanges }, None);
        }
    }
    conversation.facts.proxied_for = Some(client.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Script;

    fn first_bytes(wrap: impl Fn(&mut Conversation)) -> Vec<u8> {
        let mut script = Script::default();
        script.line(Speaker::Miner, "{}");
        let mut conversation = script.finish();
        wrap(&mut conversation);
        assert!(conversation.messages.is_sorted_by_key(|message| message.at));
        let mine = conversation.messages.iter().filter(|m| m.from == Speaker::Miner);
        mine.flat_map(|message| message.bytes.clone()).collect()
    }

    #[test]
    fn each_proxy_is_asked_in_its_own_way() {
        let pool: SocketAddr = "198.51.100.9:3333".parse().unwrap();
        assert_eq!(
            first_bytes(|conversation| socks5(conversation, 3333)),
            b"\x05\x01\x00\x05\x01\x00\x03\x0cpool.example\x0d\x05{}\n"
        );
        assert_eq!(
            first_bytes(|conversation| socks4(conversation, pool)),
            b"\x04\x01\x0d\x05\xc6\x33\x64\x09miner\0{}\n"
        );
        assert_eq!(
            first_bytes(|conversation| proxy_v1(conversation, pool)),
            b"PROXY TCP4 192.0.2.7 198.51.100.9 50210 3333\r\n{}\n"
        );
        let header = first_bytes(|conversation| proxy_v2(conversation, pool));
        assert_eq!(header[..16], *b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c");
        assert_eq!(header.len(), 16 + 12 + 3);
    }
}
