//! SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): a miner's request to its proxy names the true pool.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{HandshakeEnd, HandshakeParser, NotThisHandshake, ProxyHandshake, keep};
use crate::model::chunk::{Chunk, Direction};
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::model::flow::Flow;
use crate::protocol::description::{FirstBytes, StreamProtocol};
use crate::protocol::parser::Probe;

/// Longest user id or host name in SOCKS 4, in bytes. They have no length field; implementations
/// stop at 256.
const MAX_TEXT: usize = 256;
const CONNECT: u8 = 1;
/// Highest authentication method that exists (IANA): none, GSSAPI, password, and others up to 9.
const MAX_METHOD: u8 = 9;
const MAX_METHODS: u8 = 8;

pub(in crate::protocol) const STREAM: StreamProtocol = StreamProtocol {
    first_bytes: FirstBytes::Among(&[4..=5]),
    ..StreamProtocol::new(
        "socks",
        |_, head| probe(head),
        |_| Box::new(HandshakeParser(SocksNegotiation::default())),
    )
};

/// Decides whether `head` is the beginning of a SOCKS client.
///
/// It must have version 5 with a matching count of methods, or version 4 with CONNECT.
fn probe(head: &[u8]) -> Probe {
    match head {
        [] | [4 | 5] => Probe::Unsure,
        [5, count @ 1..=MAX_METHODS, rest @ ..] => {
            let (methods, next) = rest.split_at(rest.len().min(usize::from(*count)));
            let known = methods.iter().all(|method| *method <= MAX_METHOD);
            match next.first() {
                // Some clients send the password or the request without waiting.
                None | Some(1 | 5) if known && methods.len() == usize::from(*count) => {
                    Probe::Certain
                }
                None if known => Probe::Unsure,
                _ => Probe::NotForUs,
            }
        }
        [4, CONNECT, ..] => match request4(head) {
            Ok(Some(_)) => Probe::Certain,
            Ok(None) => Probe::Unsure,
            Err(NotThisHandshake) => Probe::NotForUs,
        },
        _ => Probe::NotForUs,
    }
}

/// A negotiation between a client and its proxy.
#[derive(Debug, Default)]
struct SocksNegotiation {
    /// Direction of the client: that of the first chunk.
    client: Option<Direction>,
    asked: Vec<u8>,
    answered: Vec<u8>,
}

impl ProxyHandshake for SocksNegotiation {
    fn held(&self) -> usize {
        self.asked.capacity() + self.answered.capacity()
    }

    fn chunk(
        &mut self,
        flow: &Flow,
        chunk: &Chunk<'_>,
    ) -> Result<Option<HandshakeEnd>, NotThisHandshake> {
        if chunk.gap > 0 {
            return Err(NotThisHandshake);
        }
        let client = *self.client.get_or_insert(chunk.direction);
        let from_client = chunk.direction == client;
        keep(if from_client { &mut self.asked } else { &mut self.answered }, chunk.bytes)?;
        let request = match self.asked.first() {
            Some(5) => request5(&self.asked)?,
            Some(4) => request4(&self.asked)?,
            _ => return Err(NotThisHandshake),
        };
        let Some(request) = request else { return Ok(None) };
        let unseen = flow.packets.get(client.reverse().index()) == Some(&0);
        let reply = match request.tunnel.kind {
            // The proxy is not visible, but the client continues, so its request was granted.
            _ if unseen && self.asked.len() > request.length => Reply { length: 0, granted: true },
            TunnelKind::Socks5 => match reply5(&self.answered)? {
                Some(reply) => reply,
                None => return Ok(None),
            },
            _ => match reply4(&self.answered)? {
                Some(reply) => reply,
                None => return Ok(None),
            },
        };
        let tunnel = Tunnel { direction: client, granted: reply.granted, ..request.tunnel };
        let ahead = self.asked.get(request.length..).unwrap_or_default();
        let behind = self.answered.get(reply.length..).unwrap_or_default();
        let (own, early) = if from_client { (ahead, behind) } else { (behind, ahead) };
        let offset = chunk.bytes.len().saturating_sub(own.len());
        Ok(Some(HandshakeEnd { offset, early: early.to_vec(), tunnel }))
    }
}

/// The complete messages of the client.
struct Request {
    length: usize,
    /// The requested tunnel; the caller sets `direction` and `granted`.
    tunnel: Tunnel,
}

impl Request {
    fn new(length: usize, kind: TunnelKind, host: String, ip: Option<IpAddr>, port: u16) -> Self {
        let direction = Direction::default();
        Request {
            length,
            tunnel: Tunnel { direction, kind, target: host, ip, port, granted: false },
        }
    }
}

/// The complete messages of the proxy.
struct Reply {
    length: usize,
    granted: bool,
}

/// Parses the client's messages in SOCKS 5.
///
/// They are the methods, an optional user and password (RFC 1929), and the request.
fn request5(bytes: &[u8]) -> Result<Option<Request>, NotThisHandshake> {
    let [_, count, rest @ ..] = bytes else { return Ok(None) };
    let Some(mut rest) = rest.get(usize::from(*count)..) else { return Ok(None) };
    if rest.first() == Some(&1) {
        let Some(user) = rest.get(1) else { return Ok(None) };
        let Some(password) = rest.get(2 + usize::from(*user)) else { return Ok(None) };
        let length = 3 + usize::from(*user) + usize::from(*password);
        let Some(after) = rest.get(length..) else { return Ok(None) };
        rest = after;
    }
    let Some(SocksAddress { host, ip, port, length }) = place(rest)? else { return Ok(None) };
    let length = bytes.len() - rest.len() + length;
    Ok(Some(Request::new(length, TunnelKind::Socks5, host, ip, port)))
}

/// Parses the proxy's messages in SOCKS 5.
///
/// They are the method, an optional answer to the password, and the reply.
fn reply5(bytes: &[u8]) -> Result<Option<Reply>, NotThisHandshake> {
    const PASSWORD: u8 = 2;
    const REFUSED: u8 = 0xff;
    let Some([version, method]) = bytes.first_chunk::<2>() else { return Ok(None) };
    if *version != 5 {
        return Err(NotThisHandshake);
    }
    if *method == REFUSED {
        return Ok(Some(Reply { length: 2, granted: false }));
    }
    let start = if *method == PASSWORD { 4 } else { 2 };
    let reply = bytes.get(start..).unwrap_or_default();
    // A refusal may be shorter than its address type requires.
    if let [5, code @ 1..=8, ..] = reply {
        let whole = place(reply).ok().flatten().map(|place| start + place.length);
        let length = whole.unwrap_or(bytes.len());
        return Ok(Some(Reply { length, granted: *code == 0 }));
    }
    let place = place(reply)?;
    Ok(place.map(|place| Reply { length: start + place.length, granted: reply.get(1) == Some(&0) }))
}

/// A destination or bound address, and the length of the message that holds it.
struct SocksAddress {
    host: String,
    ip: Option<IpAddr>,
    port: u16,
    length: usize,
}

/// Parses version, command or reply, reserved byte, address type, address and port (RFC 1928 §4,
/// §6).
fn place(bytes: &[u8]) -> Result<Option<SocksAddress>, NotThisHandshake> {
    if bytes.first().is_some_and(|version| *version != 5) {
        return Err(NotThisHandshake);
    }
    let Some((&[_, _, _, kind], after)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let (host, ip, length) = match kind {
        1 => {
            let Some(octets) = after.first_chunk::<4>() else { return Ok(None) };
            let ip = IpAddr::from(Ipv4Addr::from(*octets));
            (ip.to_string(), Some(ip), 4)
        }
        4 => {
            let Some(octets) = after.first_chunk::<16>() else { return Ok(None) };
            let ip = IpAddr::from(Ipv6Addr::from(*octets));
            (ip.to_string(), Some(ip), 16)
        }
        3 => {
            let Some((&length, name)) = after.split_first() else { return Ok(None) };
            let Some(name) = name.get(..usize::from(length)) else { return Ok(None) };
            let (host, ip) = host(name)?;
            (host, ip, 1 + usize::from(length))
        }
        _ => return Err(NotThisHandshake),
    };
    let Some(port) = after.get(length..).and_then(|rest| rest.first_chunk::<2>()) else {
        return Ok(None);
    };
    Ok(Some(SocksAddress { host, ip, port: u16::from_be_bytes(*port), length: 4 + length + 2 }))
}

/// Parses a SOCKS 4 request: version, command, port, address, user id.
///
/// In SOCKS 4a the address is 0.0.0.x and the host name follows the user id.
fn request4(bytes: &[u8]) -> Result<Option<Request>, NotThisHandshake> {
    let Some((head, texts)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
    let [_, _, high, low, octets @ ..] = *head;
    let Some(user) = text(texts)? else { return Ok(None) };
    if !user.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        return Err(NotThisHandshake);
    }
    let mut length = head.len() + user.len() + 1;
    let (host, ip) = match octets {
        [0, 0, 0, last] if last != 0 => {
            let Some(name) = text(bytes.get(length..).unwrap_or_default())? else {
                return Ok(None);
            };
            length += name.len() + 1;
            host(name)?
        }
        _ => {
            let ip = IpAddr::from(octets);
            (ip.to_string(), Some(ip))
        }
    };
    let port = u16::from_be_bytes([high, low]);
    Ok(Some(Request::new(length, TunnelKind::Socks4, host, ip, port)))
}

/// Returns the text before the first NUL. Fails if it is longer than [`MAX_TEXT`].
fn text(bytes: &[u8]) -> Result<Option<&[u8]>, NotThisHandshake> {
    match bytes.iter().take(MAX_TEXT + 1).position(|&byte| byte == 0) {
        Some(end) => Ok(bytes.get(..end)),
        None if bytes.len() > MAX_TEXT => Err(NotThisHandshake),
        None => Ok(None),
    }
}

/// Parses a SOCKS 4 reply: 0, code, port, address.
fn reply4(bytes: &[u8]) -> Result<Option<Reply>, NotThisHandshake> {
    const LENGTH: usize = 8;
    const GRANTED: u8 = 90;
    match bytes {
        [0, code, ..] if bytes.len() >= LENGTH => {
            Ok(Some(Reply { length: LENGTH, granted: *code == GRANTED }))
        }
        [] | [0, ..] => Ok(None),
        _ => Err(NotThisHandshake),
    }
}

/// Converts a host name to lower case, and parses it if it is an address.
///
/// Fails if the name is empty or not printable.
fn host(bytes: &[u8]) -> Result<(String, Option<IpAddr>), NotThisHandshake> {
    let printable = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(bytes).ok().filter(|_| printable).ok_or(NotThisHandshake)?;
    let host = text.to_ascii_lowercase();
    let ip = host.parse().ok();
    Ok((host, ip))
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;
    use Direction::{ToClient as S, ToServer as C};
    use proptest::prelude::*;

    type Turns<'a> = &'a [(Direction, &'a [u8])];

    /// Version 5 with the method "none"; then CONNECT to the name pool.example, port 3333.
    const HELLO: &[u8] = b"\x05\x01\x00";
    const REQUEST: &[u8] = b"\x05\x01\x00\x03\x0cPool.example\x0d\x05";
    /// A reply that grants the request, bound to 0.0.0.0:0.
    const GRANTED: &[u8] = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";

    #[test]
    fn every_version_names_the_pool_however_it_is_cut() {
        let granted = [GRANTED, b"[]"].concat();
        let hurried = [HELLO, REQUEST, b"{}"].concat();
        let plain: Turns<'_> =
            &[(C, HELLO), (S, b"\x05\x00"), (C, REQUEST), (S, &granted), (C, b"{}")];
        let optimistic: Turns<'_> = &[(C, &hurried), (S, b"\x05\x00"), (S, &granted)];
        let password: Turns<'_> = &[
            (C, b"\x05\x02\x00\x02"),
            (S, b"\x05\x02"),
            (C, b"\x01\x03bob\x02pw"), // RFC 1929
            (S, b"\x01\x00"),
            (C, REQUEST),
            (S, &granted),
            (C, b"{}"),
        ];
        let four_a: Turns<'_> = &[
            (C, b"\x04\x01\x0d\x05\x00\x00\x00\x01CGMINER\0Pool.example\0"),
            (S, b"\x00\x5a\x00\x00\x00\x00\x00\x00[]"),
            (C, b"{}"),
        ];
        // The mirror port delivers the proxy's bytes first.
        let swapped: Turns<'_> =
            &[(C, HELLO), (S, b"\x05\x00"), (S, &granted), (C, REQUEST), (C, b"{}")];
        for turns in [plain, optimistic, password, four_a, swapped] {
            for size in 1..40 {
                let (tunnel, inside) = run(&mut SocksNegotiation::default(), [9, 9], turns, size)
                    .unwrap_or_else(|| panic!("{turns:?} {size}"));
                assert_eq!((tunnel.target.as_str(), tunnel.port), ("pool.example", 3333));
                assert!(tunnel.granted);
                assert_eq!(inside, [b"{}", b"[]"], "{turns:?} {size}");
            }
        }
    }

    #[test]
    fn addresses_are_understood() {
        let v4 = b"\x05\x01\x00\x01\xc6\x33\x64\x09\x0d\x05";
        let v6 = b"\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09\x0d\x05";
        for (request, ip) in [(&v4[..], "198.51.100.9"), (v6, "2001:db8::9")] {
            let turns = [(C, HELLO), (S, b"\x05\x00"), (C, request), (S, GRANTED)];
            let (tunnel, _) = run(&mut SocksNegotiation::default(), [9, 9], &turns, 99).unwrap();
            assert_eq!((tunnel.target.as_str(), tunnel.ip), (ip, ip.parse().ok()));
        }
        let four: Turns<'_> =
            &[(C, b"\x04\x01\x0d\x05\xc6\x33\x64\x09\0"), (S, b"\x00\x5a\x00\x00\x00\x00\x00\x00")];
        let (tunnel, _) = run(&mut SocksNegotiation::default(), [9, 9], four, 99).unwrap();
        assert_eq!((tunnel.target.as_str(), tunnel.port), ("198.51.100.9", 3333));
    }

    #[test]
    fn a_refusal_is_told() {
        for reply in [&b"\x05\x05\x00\x01\0\0\0\0\0\0"[..], b"\x05\x05\x00"] {
            let turns = [(C, HELLO), (S, b"\x05\x00"), (C, REQUEST), (S, reply)];
            assert!(!run(&mut SocksNegotiation::default(), [9, 9], &turns, 99).unwrap().0.granted);
        }
        let four: Turns<'_> =
            &[(C, b"\x04\x01\x0d\x05\x01\x02\x03\x04\0"), (S, b"\x00\x5b\x00\x00\x00\x00\x00\x00")];
        assert!(!run(&mut SocksNegotiation::default(), [9, 9], four, 1).unwrap().0.granted);
    }

    #[test]
    fn a_client_that_goes_on_has_been_granted_its_wish_where_the_proxy_is_not_heard() {
        let password = b"\x05\x02\x00\x02\x01\x03bob\x02pw";
        for greeting in [HELLO, password] {
            for size in 1..20 {
                let turns = [(C, greeting), (C, REQUEST), (C, b"{}")];
                let (tunnel, inside) =
                    run(&mut SocksNegotiation::default(), [9, 0], &turns, size).unwrap();
                assert!(tunnel.granted);
                assert_eq!((tunnel.target.as_str(), &inside[0][..]), ("pool.example", &b"{}"[..]));
            }
        }
    }

    #[test]
    fn only_greetings_that_exist_are_socks() {
        for (head, expected) in [
            (&b""[..], Probe::Unsure),
            (b"\x05", Probe::Unsure),
            (b"\x05\x02\x00", Probe::Unsure),
            (b"\x05\x01\x00", Probe::Certain),
            (b"\x05\x01\x00\x05\x01\x00\x03", Probe::Certain),
            (b"\x05\x01\x00\x07", Probe::NotForUs),
            (b"\x05\x01\x80", Probe::NotForUs),
            (b"\x05\x00", Probe::NotForUs), // a proxy's answer
            (b"\x04\x01\x0d\x05\x01\x02\x03", Probe::Unsure),
            (b"\x04\x01\x0d\x05\x01\x02\x03\x04me\0{}", Probe::Certain),
            (b"\x04\x01\x0d\x05\x00\x00\x00\x01me\0", Probe::Unsure),
            (b"\x04\x01\x0d\x05\x01\x02\x03\x04\x80\0", Probe::NotForUs),
            (b"\x04\x03\x0d\x05", Probe::NotForUs),
        ] {
            assert_eq!(probe(head), expected, "{head:?}");
        }
        assert_eq!(
            probe(&[&b"\x04\x01\0\0\x01\x02\x03\x04"[..], &[b'x'; 300]].concat()),
            Probe::NotForUs
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_negotiation_panic(
            pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..20),
            version in 4u8..=5,
        ) {
            let turns: Vec<_> = pieces
                .iter()
                .map(|(client, bytes)| (if *client { C } else { S }, bytes.as_slice()))
                .collect();
            let first: Turns<'_> = &[(C, &[version])];
            let mut negotiation = SocksNegotiation::default();
            run(&mut negotiation, [9, 9], &[first, &turns].concat(), 7);
            prop_assert!(negotiation.asked.len() <= super::super::MAX_KEPT);
            pieces.iter().for_each(|(_, bytes)| { probe(bytes); });
        }
    }
}
