//! SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): what a miner says to its proxy names the true pool.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{End, NotThis, Prelude};
use crate::model::chunk::{Chunk, Direction};
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::protocol::parser::Probe;

/// Greeting, credentials of two times 255 bytes and a request with a name of 255.
const MAX_HEAD: usize = 1100;
/// A user id or name in SOCKS 4 has no length; implementations stop at 256.
const MAX_TEXT: usize = 256;
const CONNECT: u8 = 1;

/// Whether a client begins so: version 5 with a count of methods that fits, or version 4 with
/// CONNECT.
pub(in crate::protocol) fn probe(head: &[u8]) -> Probe {
    match head {
        [] | [4 | 5] => Probe::Unsure,
        // The methods that exist: none, GSSAPI, password, and up to 8 assigned ones.
        [5, count @ 1..=8, methods @ ..] if methods.iter().all(|method| *method <= 9) => {
            match methods.len().cmp(&usize::from(*count)) {
                std::cmp::Ordering::Less => Probe::Unsure,
                std::cmp::Ordering::Equal => Probe::Certain,
                std::cmp::Ordering::Greater => Probe::NotForUs,
            }
        }
        [4, CONNECT, rest @ ..] if rest.len() < 7 => Probe::Unsure,
        [4, CONNECT, ..] if head.len() < MAX_HEAD => match head.last() {
            Some(0) => Probe::Certain,
            _ => Probe::Unsure,
        },
        _ => Probe::NotForUs,
    }
}

/// A negotiation between a client and its proxy.
#[derive(Debug, Default)]
pub(in crate::protocol) struct Negotiation {
    client: Vec<u8>,
    server: Vec<u8>,
}

impl Prelude for Negotiation {
    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<Option<End>, NotThis> {
        if chunk.gap > 0 {
            return Err(NotThis);
        }
        let client = chunk.direction == Direction::ToServer;
        let side = if client { &mut self.client } else { &mut self.server };
        let before = side.len();
        if before + chunk.bytes.len() > MAX_HEAD && client {
            return Err(NotThis);
        }
        let room = MAX_HEAD.saturating_sub(before);
        side.extend_from_slice(chunk.bytes.get(..room).unwrap_or(chunk.bytes));
        let parsed = match self.client.first() {
            Some(5) => version5(&self.client, &self.server)?,
            Some(4) => version4(&self.client, &self.server)?,
            _ => return Err(NotThis),
        };
        let Some(Parsed { answer, tunnel }) = parsed else { return Ok(None) };
        // The proxy's answer ends the prelude; what it sends behind that is the pool's.
        let offset = if client { chunk.bytes.len() } else { answer.saturating_sub(before) };
        Ok(Some(End { offset, tunnel }))
    }
}

/// A complete negotiation; `answer` is the length of all that the proxy said.
struct Parsed {
    answer: usize,
    tunnel: Tunnel,
}

fn version5(client: &[u8], server: &[u8]) -> Result<Option<Parsed>, NotThis> {
    const PASSWORD: u8 = 2;
    const REFUSED: u8 = 0xff;
    let Some([version, method]) = server.first_chunk::<2>() else { return Ok(None) };
    if *version != 5 || *method == REFUSED {
        return Err(NotThis);
    }
    let [_, count, ..] = client else { return Ok(None) };
    let mut request = client.get(2 + usize::from(*count)..).unwrap_or_default();
    let mut answer = 2;
    if *method == PASSWORD {
        // RFC 1929: version, user, password; the proxy says yes with a zero.
        let Some(user) = request.get(1) else { return Ok(None) };
        let Some(password) = request.get(2 + usize::from(*user)) else { return Ok(None) };
        let length = 3 + usize::from(*user) + usize::from(*password);
        request = request.get(length..).unwrap_or_default();
        answer += 2;
    }
    let Some((host, ip, port, _)) = destination(request)? else { return Ok(None) };
    let reply = server.get(answer..).unwrap_or_default();
    let Some((_, _, _, length)) = destination(reply)? else {
        // A refusal can be shorter than its address.
        return match reply {
            [5, code, ..] if *code != 0 => Ok(Some(Parsed {
                answer: server.len(),
                tunnel: Tunnel { kind: TunnelKind::Socks5, host, ip, port, granted: false },
            })),
            _ => Ok(None),
        };
    };
    let granted = reply.get(1) == Some(&0);
    let tunnel = Tunnel { kind: TunnelKind::Socks5, host, ip, port, granted };
    Ok(Some(Parsed { answer: answer + length, tunnel }))
}

/// Version, command or reply, reserved, address type, address, port: host, address, port, length.
type Destination = (String, Option<IpAddr>, u16, usize);

fn destination(bytes: &[u8]) -> Result<Option<Destination>, NotThis> {
    let Some([version, _, _, kind]) = bytes.first_chunk::<4>() else { return Ok(None) };
    if *version != 5 {
        return Err(NotThis);
    }
    let after = bytes.get(4..).unwrap_or_default();
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
            let Some(length) = after.first().map(|&length| usize::from(length)) else {
                return Ok(None);
            };
            let Some(name) = after.get(1..1 + length) else { return Ok(None) };
            let host = text(name)?;
            let ip = host.parse().ok();
            (host, ip, 1 + length)
        }
        _ => return Err(NotThis),
    };
    let Some(port) = after.get(length..).and_then(|rest| rest.first_chunk::<2>()) else {
        return Ok(None);
    };
    Ok(Some((host, ip, u16::from_be_bytes(*port), 4 + length + 2)))
}

/// Version, command, port, address, user id; for 4a an address 0.0.0.x and the name behind.
fn version4(client: &[u8], server: &[u8]) -> Result<Option<Parsed>, NotThis> {
    /// The proxy's answer: 0, code, port, address.
    const ANSWER: usize = 8;
    const GRANTED: u8 = 90;
    let Some(head) = client.first_chunk::<8>() else { return Ok(None) };
    let port = u16::from_be_bytes([head[2], head[3]]);
    let mut texts = client.get(8..).unwrap_or_default().split(|&byte| byte == 0);
    let _user = texts.next();
    let (host, ip) = match [head[4], head[5], head[6], head[7]] {
        [0, 0, 0, last] if last != 0 => {
            let name = texts.next().unwrap_or_default();
            if name.len() > MAX_TEXT {
                return Err(NotThis);
            }
            let host = text(name)?;
            let ip = host.parse().ok();
            (host, ip)
        }
        octets => {
            let ip = IpAddr::from(octets);
            (ip.to_string(), Some(ip))
        }
    };
    match server {
        [0, code, ..] if server.len() >= ANSWER => {
            let granted = *code == GRANTED;
            let tunnel = Tunnel { kind: TunnelKind::Socks4, host, ip, port, granted };
            Ok(Some(Parsed { answer: ANSWER, tunnel }))
        }
        [] | [0, ..] => Ok(None),
        _ => Err(NotThis),
    }
}

/// A host name: printable ASCII, lower-cased.
fn text(bytes: &[u8]) -> Result<String, NotThis> {
    let printable = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(bytes).ok().filter(|_| printable).ok_or(NotThis)?;
    Ok(text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;
    use proptest::prelude::*;

    const POOL5: &[u8] = b"\x05\x01\x00\x03\x0cpool.example\x0d\x05";

    /// Runs what both say in turn, cut into pieces of `size`; the pool's first bytes come with the
    /// proxy's answer.
    fn run(turns: &[(Direction, &[u8])], size: usize) -> Option<(Tunnel, Vec<u8>)> {
        let mut negotiation = Negotiation::default();
        for (direction, bytes) in turns {
            let mut offset = 0;
            for piece in bytes.chunks(size) {
                let (direction, time) = (*direction, Timestamp::ZERO);
                let chunk = Chunk { direction, time, packet: 1, gap: 0, bytes: piece };
                if let Some(end) = negotiation.chunk(&chunk).ok()? {
                    return Some((end.tunnel, bytes[offset + end.offset..].to_vec()));
                }
                offset += piece.len();
            }
        }
        None
    }

    #[test]
    fn every_version_names_the_pool_however_it_is_cut() {
        use Direction::{ToClient as S, ToServer as C};
        let plain: &[(Direction, &[u8])] = &[
            (C, b"\x05\x01\x00"),
            (S, b"\x05\x00"),
            (C, POOL5),
            (S, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00{}"),
        ];
        let password: &[(Direction, &[u8])] = &[
            (C, b"\x05\x02\x00\x02"),
            (S, b"\x05\x02"),
            (C, b"\x01\x03bob\x02pw"),
            (S, b"\x01\x00"),
            (C, POOL5),
            (S, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00{}"),
        ];
        let four_a: &[(Direction, &[u8])] = &[
            (C, b"\x04\x01\x0d\x05\x00\x00\x00\x01CGMINER\0Pool.example\0"),
            (S, b"\x00\x5a\x00\x00\x00\x00\x00\x00{}"),
        ];
        for turns in [plain, password, four_a] {
            for size in 1..30 {
                let (tunnel, rest) = run(turns, size).unwrap_or_else(|| panic!("{turns:?} {size}"));
                assert_eq!((tunnel.host.as_str(), tunnel.port), ("pool.example", 3333));
                assert!(tunnel.granted);
                assert_eq!(rest, b"{}");
            }
        }
    }

    #[test]
    fn a_refusal_is_told() {
        use Direction::{ToClient as S, ToServer as C};
        let turns: &[(Direction, &[u8])] = &[
            (C, b"\x05\x01\x00"),
            (S, b"\x05\x00"),
            (C, POOL5),
            (S, b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"),
        ];
        assert!(!run(turns, 100).unwrap().0.granted);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_negotiation_panic(
            pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..20),
            version in 4u8..=5,
        ) {
            let mut negotiation = Negotiation { client: vec![version], server: Vec::new() };
            for (client, bytes) in &pieces {
                let direction = if *client { Direction::ToServer } else { Direction::ToClient };
                let chunk = Chunk { direction, time: Timestamp::ZERO, packet: 1, gap: 0, bytes };
                if negotiation.chunk(&chunk).is_err() { break; }
                probe(bytes);
            }
        }
    }
}
