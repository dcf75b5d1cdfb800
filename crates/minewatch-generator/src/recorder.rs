//! Collects the frames of a capture: hosts, their link addresses, and the clock; and the truth.

use std::net::{IpAddr, SocketAddr};

use crate::conversation::{Conversation, Speaker};
use crate::dns;
use crate::link::{Link, Macs};
use crate::network;
use crate::packet;
use crate::pcap::Frame;
use crate::rng::Rng;
use crate::tcp::{self, Ends, Wire};
use crate::truth::Stream;

/// Frames of one capture, all on the same kind of link.
pub struct Recorder {
    link: Link,
    /// Microseconds since the Unix epoch.
    start: u64,
    /// IPv4 packets are fragmented; the value numbers them.
    fragmented: Option<u16>,
    pub frames: Vec<Frame>,
    /// The TCP connections, in the order in which they were recorded.
    pub streams: Vec<Stream>,
    pub rng: Rng,
}

/// The router through which the inside reaches the outside.
const ROUTER: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];

/// Time between two fragments of a packet, in microseconds.
const FRAGMENT_GAP: u64 = 2;

impl Recorder {
    pub fn new(link: Link, start: u64, seed: u64) -> Self {
        Recorder {
            link,
            start,
            fragmented: None,
            frames: Vec::new(),
            streams: Vec::new(),
            rng: Rng::new(seed),
        }
    }

    /// Fragments the IPv4 packets from now on.
    pub fn fragment(&mut self) {
        self.fragmented = Some(1);
    }

    /// A packet from `src` to `dst`, `at` microseconds after the start.
    pub fn packet(&mut self, at: u64, src: IpAddr, dst: IpAddr, ip: &[u8]) {
        let macs = Macs { src: mac(src), dst: mac(dst) };
        let mut time = self.start + at;
        match &mut self.fragmented {
            Some(id) if src.is_ipv4() => {
                *id = id.wrapping_add(1);
                for fragment in network::fragments(ip, *id) {
                    self.frames.push(Frame { time, bytes: self.link.frame(macs, &fragment) });
                    time += FRAGMENT_GAP;
                }
            }
            _ => self.frames.push(Frame { time, bytes: self.link.frame(macs, ip) }),
        }
    }

    /// A lookup that takes 20 ms; without an address the name does not exist.
    pub fn lookup(
        &mut self,
        at: u64,
        client: IpAddr,
        resolver: IpAddr,
        name: &str,
        address: Option<IpAddr>,
    ) {
        let port = 32_768 + self.rng.below(28_000) as u16;
        let id = self.rng.next_u64() as u16;
        let (query, response) =
            dns::lookup((client, port).into(), (resolver, 53).into(), id, name, address);
        self.packet(at, client, resolver, &query);
        self.packet(at + 20_000, resolver, client, &response);
    }

    /// A connection in which `conversation` is had.
    pub fn connection(&mut self, at: u64, ends: Ends, conversation: &Conversation, wire: &Wire) {
        let packets = tcp::packets(conversation, ends, wire, &mut self.rng);
        let truth = Stream::of(&conversation.facts, wire.visible(conversation));
        let (first, last) = (packets.first().map(|p| p.at), packets.last().map(|p| p.at));
        let duration = last.unwrap_or_default() - first.unwrap_or_default();
        self.streams.push(Stream {
            stream: self.streams.len(),
            client: ends.miner.to_string(),
            server: ends.pool.to_string(),
            packets: packets.len(),
            duration_s: duration as f64 / 1e6,
            starts_with_syn: wire.sees_start() && wire.only != Some(Speaker::Pool),
            ..truth
        });
        for sent in packets {
            let (src, dst) = match sent.from {
                Speaker::Miner => (ends.miner, ends.pool),
                Speaker::Pool => (ends.pool, ends.miner),
            };
            self.packet(at + sent.at, src.ip(), dst.ip(), &sent.packet);
        }
    }

    /// A connection attempt that is refused: what a port scan mostly sees.
    pub fn refused(&mut self, at: u64, client: SocketAddr, server: SocketAddr) {
        let seq = self.rng.next_u64() as u32;
        let syn = packet::Tcp { seq, ack: 0, flags: packet::SYN };
        let reset =
            packet::Tcp { seq: 0, ack: seq.wrapping_add(1), flags: packet::RST | packet::ACK };
        self.packet(at, client.ip(), server.ip(), &packet::tcp(client, server, syn, &[]));
        self.packet(at + 300, server.ip(), client.ip(), &packet::tcp(server, client, reset, &[]));
        let (client, server) = (client.to_string(), server.to_string());
        let stream = self.streams.len();
        let stream = Stream { stream, client, server, packets: 2, ..Stream::default() };
        self.streams.push(Stream { duration_s: 300e-6, starts_with_syn: true, ..stream });
    }

    /// A datagram.
    pub fn datagram(&mut self, at: u64, from: SocketAddr, to: SocketAddr, payload: &[u8]) {
        self.packet(at, from.ip(), to.ip(), &packet::udp(from, to, payload));
    }
}

/// Inside hosts have an address of their own; everything else comes through the router.
fn mac(ip: IpAddr) -> [u8; 6] {
    match ip {
        IpAddr::V4(v4) if v4.is_private() => {
            let [a, b, c, d] = v4.octets();
            [0x02, 0x49, a, b, c, d]
        }
        IpAddr::V6(v6) if v6.is_unique_local() => {
            let octets = v6.octets();
            [0x02, 0x66, octets[12], octets[13], octets[14], octets[15]]
        }
        _ => ROUTER,
    }
}
