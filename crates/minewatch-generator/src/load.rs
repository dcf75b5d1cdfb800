//! Traffic without mining, in bulk, to measure sensors with: it is written as it is made.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use crate::packet::{ACK, FIN, PSH, SYN, Tcp, tcp};
use crate::pcap::Writer;
use crate::rng::Rng;

/// 2024-01-01T00:00:00Z in microseconds.
const START: u64 = 1_704_067_200_000_000;
/// Payload of a full Ethernet segment with TCP timestamps.
const SEGMENT: usize = 1448;
/// Downloads that run at the same time in [`bulk`].
const DOWNLOADS: usize = 256;
/// Visits under way at the same time in [`web`].
const VISITS: usize = 2000;
/// Bytes of one download; then its place is taken by the next one.
const DOWNLOAD: u32 = 4 << 20;

/// A TLS ClientHello with a server name, without a real key.
fn client_hello(name: &str) -> Vec<u8> {
    let entry = [&[0][..], &(name.len() as u16).to_be_bytes(), name.as_bytes()].concat();
    let list = [&(entry.len() as u16).to_be_bytes()[..], &entry].concat();
    let sni = [&[0, 0][..], &(list.len() as u16).to_be_bytes(), &list].concat();
    let mut body = vec![3, 3];
    body.extend([0x5a; 32]); // random
    body.extend([0, 0, 4, 0x13, 1, 0x13, 2, 1, 0]); // no session, two suites, no compression
    body.extend((sni.len() as u16).to_be_bytes());
    body.extend(sni);
    let mut hello = vec![1, 0];
    hello.extend((body.len() as u16).to_be_bytes());
    hello.extend(body);
    let mut record = vec![0x16, 3, 1];
    record.extend((hello.len() as u16).to_be_bytes());
    record.extend(hello);
    record
}

/// One connection, seen from both ends.
struct Connection {
    client: SocketAddr,
    server: SocketAddr,
    sent: u32,
    received: u32,
}

impl Connection {
    fn new(number: u32) -> Self {
        let [_, a, b, c] = number.to_be_bytes();
        let client = Ipv4Addr::new(10, a, b, c);
        let server = Ipv4Addr::new(198, 18 + (number % 2) as u8, (number % 251) as u8, 7);
        let port = 20_000 + (number % 40_000) as u16;
        Connection {
            client: SocketAddr::new(client.into(), port),
            server: SocketAddr::new(server.into(), 443),
            sent: 1,
            received: 1,
        }
    }

    fn up(&mut self, flags: u8, payload: &[u8]) -> Vec<u8> {
        let header = Tcp { seq: self.sent, ack: self.received, flags };
        self.sent = self.sent.wrapping_add(payload.len() as u32);
        ethernet(&tcp(self.client, self.server, header, payload))
    }

    fn down(&mut self, flags: u8, payload: &[u8]) -> Vec<u8> {
        let header = Tcp { seq: self.received, ack: self.sent, flags };
        self.received = self.received.wrapping_add(payload.len() as u32);
        ethernet(&tcp(self.server, self.client, header, payload))
    }

    fn handshake(&mut self) -> Vec<Vec<u8>> {
        let syn = |from, to, ack, flags| ethernet(&tcp(from, to, Tcp { seq: 0, ack, flags }, &[]));
        vec![
            syn(self.client, self.server, 0, SYN),
            syn(self.server, self.client, 1, SYN | ACK),
            self.up(ACK, &[]),
        ]
    }

    /// The handshake and the greetings of TLS.
    fn open(&mut self, name: &str) -> Vec<Vec<u8>> {
        let mut frames = self.handshake();
        frames.push(self.up(ACK | PSH, &client_hello(name)));
        // A record of application data is as good as a ServerHello to a sensor in a hurry.
        frames.push(self.down(ACK | PSH, &[0x17, 3, 3, 0, 4, 1, 2, 3, 4]));
        frames
    }
}

fn ethernet(packet: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..], packet].concat()
}

/// Long downloads over TLS: `bytes` of capture, about 900 bytes a packet.
pub fn bulk(out: &mut dyn Write, bytes: u64, seed: u64) -> io::Result<()> {
    let mut rng = Rng::new(seed);
    let mut out = Writer::new(out, 1)?;
    let data = rng.bytes(2 * SEGMENT);
    let mut places: Vec<Option<Connection>> = (0..DOWNLOADS).map(|_| None).collect();
    let (mut number, mut time) = (0, START);
    while out.written() < bytes {
        time += 5;
        let place = rng.below(DOWNLOADS);
        let connection = match &mut places[place] {
            Some(connection) if connection.received < DOWNLOAD => connection,
            other => {
                let mut connection = Connection::new(number);
                let name = format!("host{}.example.net", number % 1000);
                number += 1;
                for frame in connection.open(&name) {
                    out.frame(time, &frame)?;
                }
                other.insert(connection)
            }
        };
        // Two segments and their acknowledgement, as most stacks do.
        for _ in 0..2 {
            let start = rng.below(SEGMENT);
            let frame = connection.down(ACK, &data[start..start + SEGMENT]);
            out.frame(time, &frame)?;
        }
        let frame = connection.up(ACK, &[]);
        out.frame(time + 1, &frame)?;
    }
    Ok(())
}

/// Visits to web sites, as they come to a mirror port: a lookup, a connection with TLS or HTTP, a few segments,
/// the end; `visits` of them, [`VISITS`] at the same time. Half of the packets belong to new flows, so this
/// measures what a flow costs.
pub fn web(out: &mut dyn Write, visits: u32, seed: u64) -> io::Result<()> {
    let mut rng = Rng::new(seed);
    let mut out = Writer::new(out, 1)?;
    let data = rng.bytes(2 * SEGMENT);
    let mut under_way: Vec<VecDeque<Vec<u8>>> = Vec::new();
    let (mut number, mut time) = (0, START);
    while number < visits || !under_way.is_empty() {
        if number < visits && under_way.len() < VISITS {
            under_way.push(visit(number, &data, &mut rng));
            number += 1;
            continue;
        }
        time += 20;
        let place = rng.below(under_way.len());
        match under_way[place].pop_front() {
            Some(frame) => out.frame(time, &frame)?,
            None => drop(under_way.swap_remove(place)),
        }
    }
    Ok(())
}

/// The frames of one visit, in order.
fn visit(number: u32, data: &[u8], rng: &mut Rng) -> VecDeque<Vec<u8>> {
    let tls = !number.is_multiple_of(4);
    let name = format!("www{}.site{}.example", number % 7, number % 5000);
    let mut connection = Connection::new(number);
    if !tls {
        connection.server.set_port(80);
    }
    let resolver = SocketAddr::new(Ipv4Addr::new(10, 255, 0, 53).into(), 53);
    let asker = SocketAddr::new(connection.client.ip(), 1024 + (number * 7 % 60_000) as u16);
    let address = Some(connection.server.ip());
    let (query, answer) = crate::dns::lookup(asker, resolver, number as u16, &name, address);
    let mut frames = VecDeque::from([ethernet(&query), ethernet(&answer)]);
    if tls {
        frames.extend(connection.open(&name));
    } else {
        frames.extend(connection.handshake());
        let request = format!(
            "GET /page/{number} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
             Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nCookie: id={number:032x}\r\n\r\n"
        );
        frames.push_back(connection.up(ACK | PSH, request.as_bytes()));
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5792\r\n\r\n";
        frames.push_back(connection.down(ACK, head.as_bytes()));
    }
    for _ in 0..4 {
        let start = rng.below(SEGMENT);
        frames.push_back(connection.down(ACK, &data[start..start + SEGMENT]));
        frames.push_back(connection.up(ACK, &[]));
    }
    frames.push_back(connection.up(ACK | FIN, &[]));
    frames.push_back(connection.down(ACK | FIN, &[]));
    frames
}

/// `flows` connections that stay open and send small messages in random order, `packets` in all.
pub fn flows(out: &mut dyn Write, flows: u32, packets: u64, seed: u64) -> io::Result<()> {
    let mut rng = Rng::new(seed);
    let mut out = Writer::new(out, 1)?;
    let data = rng.bytes(64);
    let mut connections: Vec<Connection> = (0..flows).map(Connection::new).collect();
    let (mut time, mut written) = (START, 0);
    for connection in &mut connections {
        for frame in connection.open("www.example.net") {
            out.frame(time, &frame)?;
            written += 1;
        }
        time += 1;
    }
    while written < packets {
        time += 1;
        let connection = &mut connections[rng.below(flows as usize)];
        let frame = match rng.chance(0.5) {
            true => connection.up(ACK | PSH, &data),
            false => connection.down(ACK | PSH, &data),
        };
        out.frame(time, &frame)?;
        written += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_as_many_as_asked_for() {
        let make = |seed| {
            let mut bytes = Vec::new();
            bulk(&mut bytes, 1 << 20, seed).unwrap();
            bytes
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        assert!(make(1).len() >= 1 << 20);
    }

    #[test]
    fn every_visit_is_written_to_its_end() {
        let mut bytes = Vec::new();
        web(&mut bytes, 4, 1).unwrap();
        let count =
            |needle: &[u8]| bytes.windows(needle.len()).filter(|part| *part == needle).count();
        assert_eq!((count(b"GET /page/"), count(b"www1.site1.example")), (1, 1));
    }

    #[test]
    fn every_flow_is_opened_before_messages_come() {
        let mut bytes = Vec::new();
        flows(&mut bytes, 10, 100, 1).unwrap();
        assert!(bytes.len() > 24 + 100 * (16 + 54));
    }
}
