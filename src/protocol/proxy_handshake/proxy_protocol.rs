//! HAProxy's PROXY protocol, versions 1 and 2
//! (<https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>).

use std::net::{IpAddr, Ipv6Addr};

use super::{HandshakeEnd, HandshakeParser, NotThisHandshake, ProxyHandshake, keep};
use crate::model::chunk::{Chunk, Direction};
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::model::flow::Flow;
use crate::protocol::description::{FirstBytes, StreamProtocol};
use crate::protocol::parser::Probe;

/// Longest line of version 1, in bytes (§2.1).
const MAX_LINE: usize = 107;
/// Longest header of version 2, in bytes. Its length field allows 64 KiB, but no extension is
/// larger than a certificate.
const MAX_HEADER: usize = 4096;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const WORD: &[u8; 6] = b"PROXY ";

pub(in crate::protocol) const STREAM: StreamProtocol = StreamProtocol {
    first_bytes: FirstBytes::Among(&[b'P'..=b'P', b'\r'..=b'\r']),
    ..StreamProtocol::new(
        "proxy_protocol",
        |_, head| probe(head),
        |_| Box::new(HandshakeParser(ProxyProtocolHeader::default())),
    )
};

fn probe(head: &[u8]) -> Probe {
    match probe_mark(head, SIGNATURE) {
        Probe::NotForUs => probe_mark(head, WORD),
        probe => probe,
    }
}

fn probe_mark(head: &[u8], mark: &[u8]) -> Probe {
    if head.starts_with(mark) {
        Probe::Certain
    } else if mark.starts_with(head) {
        Probe::Unsure
    } else {
        Probe::NotForUs
    }
}

/// A header as it arrives.
#[derive(Debug, Default)]
struct ProxyProtocolHeader {
    /// Direction of the header: that of the first chunk.
    writer: Option<Direction>,
    bytes: Vec<u8>,
    /// Early bytes of the other side: a pool may send before the header is complete.
    early: Vec<u8>,
}

impl ProxyHandshake for ProxyProtocolHeader {
    fn held(&self) -> usize {
        self.bytes.capacity() + self.early.capacity()
    }

    fn chunk(
        &mut self,
        _: &Flow,
        chunk: &Chunk<'_>,
    ) -> Result<Option<HandshakeEnd>, NotThisHandshake> {
        if chunk.gap > 0 {
            return Err(NotThisHandshake);
        }
        if *self.writer.get_or_insert(chunk.direction) != chunk.direction {
            keep(&mut self.early, chunk.bytes)?;
            return Ok(None);
        }
        let before = self.bytes.len();
        let room = MAX_HEADER.saturating_sub(before);
        self.bytes.extend_from_slice(chunk.bytes.get(..room).unwrap_or(chunk.bytes));
        let parsed = if probe_mark(&self.bytes, SIGNATURE) != Probe::NotForUs {
            binary(&self.bytes)
        } else {
            line(&self.bytes)
        };
        match parsed? {
            Some((length, source)) => {
                let (ip, port) = source.map_or((None, 0), |(ip, port)| (Some(ip), port));
                let host = ip.map(|ip| ip.to_string()).unwrap_or_default();
                let kind = TunnelKind::ProxyProtocol;
                let direction = chunk.direction;
                let tunnel = Tunnel { direction, kind, target: host, ip, port, granted: true };
                let early = std::mem::take(&mut self.early);
                Ok(Some(HandshakeEnd { offset: length.saturating_sub(before), early, tunnel }))
            }
            None if self.bytes.len() >= MAX_HEADER => Err(NotThisHandshake),
            None => Ok(None),
        }
    }
}

/// Length of a complete header, and its source if it names one; `None` while it is incomplete.
type Parsed = Result<Option<(usize, Option<(IpAddr, u16)>)>, NotThisHandshake>;

/// Parses a header of version 1: `PROXY TCP4 192.0.2.7 198.51.100.9 50210 3333`.
fn line(bytes: &[u8]) -> Parsed {
    let head = bytes.get(..MAX_LINE).unwrap_or(bytes);
    let Some(end) = head.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() >= MAX_LINE { Err(NotThisHandshake) } else { Ok(None) };
    };
    let text =
        bytes.get(..end).and_then(|line| std::str::from_utf8(line).ok()).ok_or(NotThisHandshake)?;
    let mut words = text.split(' ').skip(1);
    let source = match words.next() {
        Some("TCP4" | "TCP6") => {
            let ip = words.next().and_then(|word| word.parse().ok()).ok_or(NotThisHandshake)?;
            let port = words.nth(1).and_then(|word| word.parse().ok()).ok_or(NotThisHandshake)?;
            Some((ip, port))
        }
        Some("UNKNOWN") => None,
        _ => return Err(NotThisHandshake),
    };
    Ok(Some((end + 2, source)))
}

/// Parses a header of version 2.
///
/// It has a signature, version and command, family and protocol, length, addresses.
fn binary(bytes: &[u8]) -> Parsed {
    let Some(head) = bytes.first_chunk::<16>() else { return Ok(None) };
    if head[12] >> 4 != 2 {
        return Err(NotThisHandshake);
    }
    let length = 16 + usize::from(u16::from_be_bytes([head[14], head[15]]));
    if length > MAX_HEADER {
        return Err(NotThisHandshake);
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
    use super::super::tests::run;
    use super::*;
    use Direction::{ToClient as S, ToServer as C};
    use proptest::prelude::*;

    /// Returns a header of version 2: PROXY, TCP over IPv4, 12 bytes of addresses, `extensions`.
    fn binary(extensions: &[u8]) -> Vec<u8> {
        let length = (12 + extensions.len() as u16).to_be_bytes();
        let mut header = [SIGNATURE, &[0x21, 0x11][..], &length].concat();
        header.extend([192, 0, 2, 7, 198, 51, 100, 9, 0xc4, 0x22, 0x0d, 0x05]);
        header.extend(extensions);
        header
    }

    #[test]
    fn both_versions_name_the_source_however_they_are_cut() {
        let text = b"PROXY TCP4 192.0.2.7 198.51.100.9 50210 3333\r\n".to_vec();
        for header in [text, binary(&[]), binary(&[0x04, 0, 1, 0])] {
            let (head, tail) = header.split_at(20);
            let tail = [tail, b"{}"].concat();
            let whole = [head, &tail].concat();
            // A pool that speaks first may interrupt the header.
            let split: &[(Direction, &[u8])] = &[(C, head), (S, b"[]"), (C, &tail)];
            let straight: &[(Direction, &[u8])] = &[(C, &whole), (S, b"[]")];
            for size in 1..whole.len() {
                for turns in [split, straight] {
                    let (tunnel, inside) =
                        run(&mut ProxyProtocolHeader::default(), [9, 9], turns, size).unwrap();
                    assert_eq!(inside, [b"{}", b"[]"]);
                    assert_eq!((tunnel.target.as_str(), tunnel.port), ("192.0.2.7", 50210));
                }
            }
        }
    }

    #[test]
    fn a_header_may_name_nobody() {
        let local = [SIGNATURE, &[0x20, 0x00, 0, 0][..]].concat();
        for header in [&b"PROXY UNKNOWN\r\n"[..], &local] {
            let (tunnel, _) =
                run(&mut ProxyProtocolHeader::default(), [9, 9], &[(C, header)], 99).unwrap();
            assert_eq!((tunnel.target.as_str(), tunnel.ip, tunnel.port), ("", None, 0));
        }
    }

    #[test]
    fn an_endless_header_is_not_one() {
        for size in [1, 50, 9000] {
            let long = [b"PROXY TCP4 ", &[b'x'; 5000][..], b"\r\n"].concat();
            assert!(
                run(&mut ProxyProtocolHeader::default(), [9, 9], &[(C, &long)], size).is_none()
            );
            let huge = [SIGNATURE, &[0x21, 0x11, 0xff, 0xff][..], &[0; 5000]].concat();
            assert!(
                run(&mut ProxyProtocolHeader::default(), [9, 9], &[(C, &huge)], size).is_none()
            );
        }
    }

    proptest! {
        #[test]
        fn random_headers_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            text: bool,
            size in 1usize..20,
        ) {
            let start: &[u8] = if text { WORD } else { SIGNATURE };
            let bytes = [start, &bytes].concat();
            let whole = run(&mut ProxyProtocolHeader::default(), [9, 9], &[(C, &bytes)], 500);
            prop_assert_eq!(run(&mut ProxyProtocolHeader::default(), [9, 9], &[(C, &bytes)], size), whole);
        }
    }
}
