//! What arrives at the sensor: a load of settled flows, and beside it lookups and miners.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use minewatch_generator::dialect::{Dialect, Plan};
use minewatch_generator::link::{Link, Macs};
use minewatch_generator::load;
use minewatch_generator::packet::udp;
use minewatch_generator::recorder::Recorder;
use minewatch_generator::tcp::{Ends, Wire};

use super::{END, LOAD};

/// Frames, and when each arrives after the start.
pub type Frames = Vec<(Duration, Vec<u8>)>;

/// What arrives at the sensor.
#[derive(Clone)]
pub struct Traffic {
    /// In order of time.
    pub light: Arc<Frames>,
    /// Frames that arrive in turns, again and again, while the load lasts.
    pub bulk: Arc<Vec<Vec<u8>>>,
    /// Between two of them.
    pub gap: Duration,
}

/// Downloads over TLS and media over UDP that are opened before the load begins, lookups all the
/// time, and miners that begin while the load lasts.
pub fn traffic() -> Traffic {
    let mut pcap = Vec::new();
    load::bulk(&mut pcap, 4 << 20, 1).unwrap();
    let frames = frames_of(&pcap);
    let opening = LOAD[0] / 2 / frames.len() as u32;
    let mut light: Frames = (0u32..).map(|i| opening * i).zip(frames.clone()).collect();
    let data = frames.into_iter().filter(|frame| !(67..1000).contains(&frame.len()));
    let data = data.filter(|frame| frame[47] == 0x10); // ACK alone
    let media: Vec<Vec<u8>> = (0..32).map(media).collect();
    let bulk = data.zip(media.iter().cloned().cycle()).flat_map(|(tcp, udp)| [tcp, udp]).collect();
    light.extend((0..4).flat_map(|_| media.iter().map(|frame| (LOAD[0] / 2, frame.clone()))));

    let mut recorder = Recorder::new(Link::Ethernet, 0, 7);
    let resolver = IpAddr::from([10, 9, 0, 1]);
    for i in 0..350u32 {
        let client = Ipv4Addr::new(10, 9, 1, (i % 200) as u8).into();
        let address = Some(Ipv4Addr::new(198, 51, 100, (i % 250) as u8).into());
        let name = format!("www{i}.example.net");
        recorder.lookup(u64::from(i) * 10_000, client, resolver, &name, address);
    }
    for i in 0..8u16 {
        let dialect = if i % 2 == 0 { Dialect::Monero } else { Dialect::Bitcoin };
        let plan = Plan {
            worker: format!("rig{i}"),
            shares: 5,
            share_gap: 0.1,
            job_gap: 0.3,
            rejects: 0.0,
            ..dialect.typical()
        };
        let conversation = dialect.converse(&plan, &mut recorder.rng);
        let client: IpAddr = Ipv4Addr::new(10, 9, 2, i as u8).into();
        let pool: IpAddr = Ipv4Addr::new(203, 0, 113, i as u8).into();
        let at = 700_000 + u64::from(i) * 100_000;
        recorder.lookup(at, client, resolver, "pool.supportxmr.com", Some(pool));
        let ends = Ends { miner: (client, 40_000 + i).into(), pool: (pool, 3333).into() };
        recorder.connection(at + 50_000, ends, &conversation, &Wire::default());
    }
    light.extend(recorder.frames.into_iter().map(|f| (Duration::from_micros(f.time), f.bytes)));
    light.sort_by_key(|(at, _)| *at);
    assert!(light.last().is_some_and(|(at, _)| *at < END), "{:?}", light.last().map(|l| l.0));
    Traffic { light: Arc::new(light), bulk: Arc::new(bulk), gap: Duration::ZERO }
}

/// A datagram of one of several flows, with a short header of QUIC (RFC 9000 §17.3.1). Nothing else
/// is IPv6.
fn media(flow: u8) -> Vec<u8> {
    let client = (Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, flow.into()), 50_000).into();
    let server = (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9), 443).into();
    let payload = [&[0x4f][..], &[flow; 1199]].concat();
    Link::Ethernet.frame(Macs { src: [2; 6], dst: [4; 6] }, &udp(client, server, &payload))
}

/// The frames of a pcap file in memory.
fn frames_of(pcap: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut frames) = (&pcap[24..], Vec::new());
    while let Some((header, after)) = rest.split_first_chunk::<16>() {
        let length = u32::from_le_bytes(*header[8..].first_chunk().unwrap());
        let (frame, after) = after.split_at(length as usize);
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}
