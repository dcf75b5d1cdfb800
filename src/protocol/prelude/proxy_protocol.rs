//! HAProxy's PROXY protocol, versions 1 and 2
//! (<https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>).

use std::net::{IpAddr, Ipv6Addr};

use super::{End, NotThis, Prelude};
use crate::model::chunk::Chunk;
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::protocol::parser::Probe;

/// The longest line of version 1 (§2.1).
const MAX_LINE: usize = 107;
/// Extensions of version 2 hold certificates at most; the field can announce 64 KiB.
const MAX_HEADER: usize = 4096;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const WORD: &[u8; 6] = b"PROXY ";

pub(in crate::protocol) fn probe(head: &[u8]) -> Probe {
    for mark in [&SIGNATURE[..], &WORD[..]] {
        if head.starts_with(mark) {
            return Probe::Certain;
        }
        if mark.starts_with(head) {
            return Probe::Unsure;
        }
    }
    Probe::NotForUs
}

/// The header, as it arrives.
#[derive(Debug, Default)]
pub(in crate::protocol) struct Header {
    bytes: Vec<u8>,
}

impl Prelude for Header {
    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<Option<End>, NotThis> {
        let before = self.bytes.len();
        let room = MAX_HEADER.saturating_sub(before);
        self.bytes.extend_from_slice(chunk.bytes.get(..room).unwrap_or(chunk.bytes));
        let parsed =
            if self.bytes.starts_with(SIGNATURE) { binary(&self.bytes) } else { line(&self.bytes) };
        match parsed? {
            Some((length, source)) => {
                let (ip, port) = source.map_or((None, 0), |(ip, port)| (Some(ip), port));
                let host = ip.map(|ip| ip.to_string()).unwrap_or_default();
                let kind = TunnelKind::ProxyProtocol;
                let tunnel = Tunnel { kind, host, ip, port, granted: true };
                Ok(Some(End { offset: length.saturating_sub(before), tunnel }))
            }
            None if self.bytes.len() >= MAX_HEADER => Err(NotThis),
            None => Ok(None),
        }
    }
}

/// Length of the header and the source it names, once it is complete.
type Parsed = Result<Option<(usize, Option<(IpAddr, u16)>)>, NotThis>;

/// `PROXY TCP4 192.0.2.7 198.51.100.9 50210 3333`
fn line(bytes: &[u8]) -> Parsed {
    let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() > MAX_LINE { Err(NotThis) } else { Ok(None) };
    };
    let text = bytes.get(..end).and_then(|line| std::str::from_utf8(line).ok()).ok_or(NotThis)?;
    let mut words = text.split(' ').skip(1);
    let source = match words.next() {
        Some("TCP4" | "TCP6") => {
            let ip = words.next().and_then(|word| word.parse().ok()).ok_or(NotThis)?;
            let port = words.nth(1).and_then(|word| word.parse().ok()).ok_or(NotThis)?;
            Some((ip, port))
        }
        Some("UNKNOWN") => None,
        _ => return Err(NotThis),
    };
    Ok(Some((end + 2, source)))
}

/// Signature, version and command, family and protocol, length, addresses.
fn binary(bytes: &[u8]) -> Parsed {
    let Some(head) = bytes.first_chunk::<16>() else { return Ok(None) };
    if head[12] >> 4 != 2 {
        return Err(NotThis);
    }
    let length = 16 + usize::from(u16::from_be_bytes([head[14], head[15]]));
    if length > MAX_HEADER {
        return Err(NotThis);
    }
    let Some(addresses) = bytes.get(16..length) else { return Ok(None) };
    let port = |offset: usize| {
        addresses.get(offset..)?.first_chunk::<2>().map(|port| u16::from_be_bytes(*port))
    };
    let source = match head[13] >> 4 {
        1 => addresses.first_chunk::<4>().map(|ip| IpAddr::from(*ip)).zip(port(8)),
        2 => addresses.first_chunk::<16>().map(|ip| Ipv6Addr::from(*ip).into()).zip(port(32)),
        _ => None,
    };
    Ok(Some((length, source)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chunk::Direction;
    use crate::model::time::Timestamp;

    fn run(bytes: &[u8], size: usize) -> Option<(Vec<u8>, Tunnel)> {
        let mut header = Header::default();
        let mut pieces = bytes.chunks(size);
        while let Some(piece) = pieces.next() {
            let direction = Direction::ToServer;
            let chunk = Chunk { direction, time: Timestamp::ZERO, packet: 1, gap: 0, bytes: piece };
            if let Some(end) = header.chunk(&chunk).ok()? {
                let mut rest = piece[end.offset..].to_vec();
                rest.extend(pieces.flatten());
                return Some((rest, end.tunnel));
            }
        }
        None
    }

    #[test]
    fn both_versions_name_the_source_however_they_are_cut() {
        let text = b"PROXY TCP4 192.0.2.7 198.51.100.9 50210 3333\r\n{\"id\":1}".to_vec();
        let mut binary = SIGNATURE.to_vec();
        binary.extend([0x21, 0x11, 0, 12]); // version 2, PROXY; TCP over IPv4; 12 bytes
        binary.extend([192, 0, 2, 7, 198, 51, 100, 9, 0xc4, 0x22, 0x0d, 0x05]);
        binary.extend(b"{\"id\":1}");
        for header in [text, binary] {
            for size in 1..header.len() {
                let (rest, tunnel) = run(&header, size).unwrap();
                assert_eq!(rest, b"{\"id\":1}");
                assert_eq!((tunnel.host.as_str(), tunnel.port), ("192.0.2.7", 50210));
            }
        }
    }

    #[test]
    fn an_endless_header_is_not_one() {
        assert!(run(&[b"PROXY ", &[b'x'; 5000][..]].concat(), 1000).is_none());
        let mut long = SIGNATURE.to_vec();
        long.extend([0x21, 0x11, 0xff, 0xff]);
        assert!(run(&long, 5).is_none());
    }
}
