//! Collects the frames of a capture: hosts, their link addresses, and the clock.

use std::net::{IpAddr, SocketAddr};

use crate::conversation::{Conversation, Speaker};
use crate::dns;
use crate::link::{Link, Macs};
use crate::packet;
use crate::pcap::Frame;
use crate::rng::Rng;
use crate::tcp::{self, Ends, Wire};

/// Frames of one capture, all on the same kind of link.
pub struct Recorder {
    link: Link,
    /// Microseconds since the Unix epoch.
    start: u64,
    pub frames: Vec<Frame>,
    pub rng: Rng,
}

/// The router through which the inside reaches the outside.
const ROUTER: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];

impl Recorder {
    pub fn new(link: Link, start: u64, seed: u64) -> Self {
        Recorder { link, start, frames: Vec::new(), rng: Rng::new(seed) }
    }

    /// A packet from `src` to `dst`, `at` microseconds after the start.
    pub fn packet(&mut self, at: u64, src: IpAddr, dst: IpAddr, ip: &[u8]) {
        let macs = Macs { src: mac(src), dst: mac(dst) };
        self.frames.push(Frame { time: self.start + at, bytes: self.link.frame(macs, ip) });
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
        for sent in tcp::packets(conversation, ends, wire, &mut self.rng) {
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
