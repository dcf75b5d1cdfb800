//! Splits connections into bursts of each side, and delivers them as a network may.
//!
//! Packets may come in any pieces, in any order, more than once, or of one side only.

use std::net::{IpAddr, SocketAddr};

use minewatch::model::Direction;
use minewatch_generator::packet::{self, Tcp};
use minewatch_generator::pcap::Frame;
use minewatch_generator::rng::Rng;

/// Bytes of an Ethernet header, of one of IPv4 and of one of TCP as the generator writes them.
const ETHERNET: usize = 14;
const IPV4: usize = 20;
const HEADERS: usize = ETHERNET + IPV4 + 20;
/// Longest burst, in microseconds from its first segment. A burst is the segments that one side
/// sends without payload of the other between them.
const BURST: u64 = 20_000;
/// Pieces that may be reordered. The sensor buffers 128; repeated pieces take places, too.
const WINDOW: usize = 60;

/// The changes that the network makes to the packets.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Bytes of a segment.
    pub size: usize,
    /// Segments may be shorter.
    pub ragged: bool,
    pub shuffle: bool,
    /// Probability that a piece is repeated, with other boundaries.
    pub repeat: f64,
    /// The only direction that is seen, if any.
    pub only: Option<Direction>,
    pub seed: u64,
}

/// A frame without payload, or all bytes that one side sends in a burst.
struct Burst {
    time: u64,
    link: Vec<u8>,
    ends: (SocketAddr, SocketAddr),
    header: Tcp,
    said: Vec<u8>,
}

impl Burst {
    /// A TCP segment over IPv4 and Ethernet.
    fn of(frame: &Frame) -> Burst {
        let bytes = &frame.bytes;
        let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let long = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let address = |at: usize, port: usize| {
            let ip: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
            SocketAddr::new(IpAddr::from(ip), word(port))
        };
        let (ip, tcp) = (ETHERNET, ETHERNET + IPV4);
        assert_eq!((bytes[ip], bytes[ip + 9], bytes[tcp + 12] >> 4), (0x45, 6, 5), "plain TCP");
        Burst {
            time: frame.time,
            link: bytes[..ETHERNET].to_vec(),
            ends: (address(ip + 12, tcp), address(ip + 16, tcp + 2)),
            header: Tcp { seq: long(tcp + 4), ack: long(tcp + 8), flags: bytes[tcp + 13] },
            said: bytes[HEADERS..].to_vec(),
        }
    }

    /// A frame with the bytes `from..to` of the burst.
    fn segment(&self, from: usize, to: usize) -> Frame {
        let header = Tcp { seq: self.header.seq.wrapping_add(from as u32), ..self.header };
        let (src, dst) = self.ends;
        let ip = packet::tcp(src, dst, header, &self.said[from..to]);
        Frame { time: self.time, bytes: [&self.link[..], &ip].concat() }
    }
}

/// Splits `frames` into bursts; each has the time of its first segment.
fn bursts(frames: &[Frame]) -> Vec<Burst> {
    let mut bursts: Vec<Burst> = Vec::new();
    for burst in frames.iter().map(Burst::of) {
        let talking = bursts.iter_mut().rev().find(|before| {
            let (src, dst) = before.ends;
            !before.said.is_empty() && (burst.ends == (src, dst) || burst.ends == (dst, src))
        });
        match talking {
            Some(before)
                if !burst.said.is_empty()
                    && before.ends == burst.ends
                    && burst.time - before.time <= BURST =>
            {
                before.said.extend(burst.said);
            }
            _ => bursts.push(burst),
        }
    }
    bursts
}

/// Delivers the conversation in `frames` with the changes of `course`. Times stay those of the
/// bursts.
pub fn deliver(frames: &[Frame], client: IpAddr, course: &Course) -> Vec<Frame> {
    let mut rng = Rng::new(course.seed);
    let mut delivered = Vec::new();
    for burst in bursts(frames) {
        let direction =
            if burst.ends.0.ip() == client { Direction::ToServer } else { Direction::ToClient };
        if course.only.is_some_and(|only| only != direction) {
            continue;
        }
        let mut pieces = vec![(0, 0)];
        let mut done = 0;
        while done < burst.said.len() {
            let limit = course.size.clamp(1, burst.said.len() - done);
            let length = if course.ragged { 1 + rng.below(limit) } else { limit };
            let mut last = vec![(done, done + length)];
            if done == 0 {
                pieces.clear();
            }
            done += length;
            if rng.chance(course.repeat) {
                // A repetition with other boundaries: some earlier bytes, and all new ones.
                let again = done - (1 + rng.below(done.min(2 * course.size)));
                last.push((again, done - rng.below(done - again)));
            }
            pieces.append(&mut last);
        }
        if course.shuffle {
            for window in pieces.chunks_mut(WINDOW) {
                for place in (1..window.len()).rev() {
                    window.swap(place, rng.below(place + 1));
                }
            }
        }
        delivered.extend(pieces.into_iter().map(|(from, to)| burst.segment(from, to)));
    }
    delivered
}
