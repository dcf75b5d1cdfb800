//! Floods that want to fill the memory: the program stays within its budget, and says what it gave
//! up. Each is replayed through the whole program from standard input.

use std::fs;
use std::io::{BufWriter, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use minewatch_generator::packet::{ACK, PSH, SYN, Tcp, tcp, udp};
use minewatch_generator::rng::Rng;
use minewatch_generator::{dns, network, pcap};
use serde_json::Value;

use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        a_flood_of_syn,
        a_flood_of_connections_with_the_same_ends,
        a_flood_of_datagrams,
        a_flood_of_fragments_that_never_complete,
        a_flood_of_segments_behind_holes,
        a_flood_of_tiny_segments_behind_holes,
        a_flood_of_names,
        a_flood_of_names_of_a_listed_pool,
        a_flood_of_miners,
        a_flood_of_heads_that_never_end,
        a_flood_of_hellos_that_never_end,
        a_flood_of_lines_that_never_end,
        a_flood_of_jobs_and_requests,
    ]
}

/// `[limits] memory`.
const BUDGET: usize = 32 << 20;
/// What the program takes beside the budget when it has something to do: packets and messages on their
/// way, the incidents that the summary lists, and what the allocator has not given back.
const FIXED: usize = 32 << 20;

type Out<'a> = pcap::Writer<'a>;

/// Microseconds after the start of the flood, as pcap counts.
fn at(micros: u64) -> u64 {
    1_700_000_000_000_000 + micros
}

fn ethernet(packet: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..], packet].concat()
}

fn client(number: u32) -> SocketAddr {
    let port = 1024 + (number / 0x10_0000) as u16;
    (Ipv4Addr::from_bits(0x0a00_0000 | number & 0xf_ffff), port).into()
}

fn server(port: u16) -> SocketAddr {
    (Ipv4Addr::new(198, 51, 100, 9), port).into()
}

/// A segment from client `number` to the server, or back.
fn segment(number: u32, port: u16, back: bool, flags: u8, seq: u32, payload: &[u8]) -> Vec<u8> {
    let (client, server) = (client(number), server(port));
    let (src, dst) = if back { (server, client) } else { (client, server) };
    ethernet(&tcp(src, dst, Tcp { seq, ack: 1, flags }, payload))
}

/// Opens `flows` connections and lets each send what `says` gives for its turn, in as many turns.
fn conversations(
    out: &mut Out<'_>,
    flows: u32,
    turns: u32,
    port: u16,
    mut says: impl FnMut(u32, u32) -> (bool, Vec<u8>),
) {
    let mut next = vec![[1u32; 2]; flows as usize];
    let mut time = 0;
    for number in 0..flows {
        out.frame(at(time), &segment(number, port, false, SYN, 0, &[])).unwrap();
        out.frame(at(time), &segment(number, port, true, SYN | ACK, 0, &[])).unwrap();
        time += 10;
    }
    for turn in 0..turns {
        for number in 0..flows {
            let (back, payload) = says(number, turn);
            let next = &mut next[number as usize][usize::from(back)];
            let frame = segment(number, port, back, ACK | PSH, *next, &payload);
            *next += payload.len() as u32;
            out.frame(at(time), &frame).unwrap();
            time += 10;
        }
    }
}

/// Peak of resident memory in bytes, and the summary.
fn replay(threads: &str, flood: impl FnOnce(&mut Out<'_>) + Send) -> (usize, Value) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    fs::write(&config, format!("[limits]\nmemory = \"{}MB\"\n", BUDGET >> 20)).unwrap();
    let mut sensor = Command::new(env!("CARGO_BIN_EXE_minewatch"))
        .args(["replay", "--summary", "json", "--threads", threads, "-c"])
        .arg(config)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", sensor.id());
    let mut told = sensor.stderr.take().unwrap();
    let input = sensor.stdin.take().unwrap();
    thread::scope(|scope| {
        let summary = scope.spawn(move || {
            let mut text = String::new();
            told.read_to_string(&mut text).unwrap();
            text
        });
        scope.spawn(move || {
            let mut input = BufWriter::with_capacity(1 << 20, input);
            flood(&mut Out::new(&mut input, 1).unwrap());
            input.flush().unwrap();
        });
        let mut peak = 0;
        while sensor.try_wait().unwrap().is_none() {
            // The kernel keeps the highest value itself: only the last milliseconds are missed.
            peak = high_water(&status).unwrap_or(peak).max(peak);
            thread::sleep(Duration::from_millis(2));
        }
        let text = summary.join().unwrap();
        (peak, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    })
}

fn high_water(status: &str) -> Option<usize> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<usize>().ok().map(|kilobytes| kilobytes << 10)
}

/// Replays a flood with one worker and with two, and gives the summary.
#[track_caller]
fn stays_within_the_budget(name: &str, flood: impl Fn(&mut Out<'_>) + Send + Sync) -> Value {
    let (base, _) =
        replay("1", |out| out.frame(at(0), &segment(0, 443, false, SYN, 0, &[])).unwrap());
    let mut last = Value::Null;
    for threads in ["1", "2"] {
        let (peak, summary) = replay(threads, &flood);
        let (used, all) = ((peak - base) >> 20, summary["capture"]["packets"].clone());
        let told = format!("{used} MiB, {all} packets, {}", summary["flow"]);
        assert!(peak <= base + BUDGET + FIXED, "{name}, {threads} threads: {told}");
        last = summary;
    }
    last
}

fn evicted(summary: &Value) -> u64 {
    summary["flow"]["evicted"].as_u64().unwrap()
}

fn a_flood_of_syn() {
    let summary = stays_within_the_budget("SYN", |out| {
        let mut rng = Rng::new(1);
        for i in 0..600_000 {
            let number = rng.next_u64() as u32;
            out.frame(at(i * 50), &segment(number, 443, false, SYN, 0, &[])).unwrap();
        }
    });
    assert!(evicted(&summary) > 0);
}

fn a_flood_of_connections_with_the_same_ends() {
    stays_within_the_budget("reused", |out| {
        for i in 0..600_000u32 {
            out.frame(at(0), &segment(1, 443, false, SYN, i * 1000, &[])).unwrap();
        }
    });
}

fn a_flood_of_datagrams() {
    let summary = stays_within_the_budget("UDP", |out| {
        let mut rng = Rng::new(2);
        for i in 0..500_000 {
            let from = client(rng.next_u64() as u32);
            let to = server(rng.next_u64() as u16 | 1024);
            let packet = udp(from, to, &rng.bytes(40));
            out.frame(at(i * 20), &ethernet(&packet)).unwrap();
        }
    });
    assert!(evicted(&summary) > 0);
}

fn a_flood_of_fragments_that_never_complete() {
    let summary = stays_within_the_budget("fragments", |out| {
        for i in 0..200_000u32 {
            let packet = udp(client(i), server(9), &[0; 1000]);
            for fragment in
                network::fragments(&packet, i as u16).iter().take(4).skip(i as usize % 2)
            {
                out.frame(at(u64::from(i) * 20), &ethernet(fragment)).unwrap();
            }
        }
    });
    assert!(summary["decode"]["fragments_dropped"].as_u64() > Some(100_000));
}

fn a_flood_of_segments_behind_holes() {
    let summary = stays_within_the_budget("holes", |out| {
        for turn in 1..60u32 {
            for number in 0..5000 {
                let seq = 1 + turn * 2000;
                let frame = segment(number, 443, false, ACK, seq, &[b'x'; 1000]);
                out.frame(at(u64::from(turn) * 20), &frame).unwrap();
            }
        }
    });
    assert!(summary["flow"]["lost_bytes"].as_u64() > Some(0) || evicted(&summary) > 0);
}

fn a_flood_of_tiny_segments_behind_holes() {
    stays_within_the_budget("tiny holes", |out| {
        for turn in 1..100u32 {
            for number in 0..5000 {
                let frame = segment(number, 443, false, ACK, 1 + turn * 2, b"x");
                out.frame(at(u64::from(turn) * 20), &frame).unwrap();
            }
        }
    });
}

fn a_flood_of_names() {
    stays_within_the_budget("names", |out| {
        for i in 0..250_000u32 {
            let address = Ipv4Addr::from_bits(0x2000_0000 + i * 7).into();
            let name = format!("{}.{i}.example.net", "x".repeat(50));
            let (query, answer) =
                dns::lookup(client(i), server(53), i as u16, &name, Some(address));
            out.frame(at(u64::from(i) * 100), &ethernet(&query)).unwrap();
            out.frame(at(u64::from(i) * 100 + 50), &ethernet(&answer)).unwrap();
        }
    });
}

fn a_flood_of_names_of_a_listed_pool() {
    stays_within_the_budget("a pool's names", |out| {
        // Nearly as many hosts as may have incidents at once, and of each more names than are remembered.
        let (hosts, names) = (500, 450);
        for name in 0..names {
            for host in 0..hosts {
                let i = name * hosts + host;
                let (query, _) = dns::lookup(
                    client(host),
                    server(53),
                    i as u16,
                    &format!("{i}.supportxmr.com"),
                    None,
                );
                out.frame(at(u64::from(i) * 20), &ethernet(&query)).unwrap();
            }
        }
    });
}

fn a_flood_of_miners() {
    stays_within_the_budget("miners", |out| {
        conversations(out, 60_000, 1, 3333, |number, _| {
            let login = format!(
                "{{\"id\":1,\"method\":\"mining.authorize\",\"params\":[\"{number:034}.rig{number}\",\"x\"]}}\n"
            );
            (false, login.into_bytes())
        });
    });
}

fn a_flood_of_heads_that_never_end() {
    let summary = stays_within_the_budget("HTTP", |out| {
        conversations(out, 4000, 40, 80, |_, turn| match turn {
            0 => (false, b"GET / HTTP/1.1\r\nHost: example.net\r\nCookie: ".to_vec()),
            _ => (false, vec![b'x'; 1400]),
        });
    });
    assert!(evicted(&summary) > 0);
}

fn a_flood_of_hellos_that_never_end() {
    let summary = stays_within_the_budget("TLS", |out| {
        conversations(out, 6000, 12, 443, |_, turn| match turn {
            0 => (false, vec![0x16, 3, 1, 0x3f, 0, 1, 0, 0x3e, 0xfc, 3, 3]),
            _ => (false, vec![0x5a; 1300]),
        });
    });
    assert!(evicted(&summary) > 0);
}

fn a_flood_of_lines_that_never_end() {
    let summary = stays_within_the_budget("lines", |out| {
        conversations(out, 4000, 40, 3333, |_, turn| match turn {
            0 => (false, b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n{".to_vec()),
            _ => (false, vec![b'x'; 1400]),
        });
    });
    assert!(evicted(&summary) > 0);
}

fn a_flood_of_jobs_and_requests() {
    stays_within_the_budget("jobs", |out| {
        conversations(out, 3000, 120, 3333, |number, turn| match turn {
            0 => (
                false,
                b"{\"id\":0,\"method\":\"mining.subscribe\",\"params\":[\"cpuminer/2.5\"]}\n"
                    .to_vec(),
            ),
            turn if turn % 2 == 0 => {
                let request = |i| {
                    format!(
                        "{{\"id\":{i},\"method\":\"mining.submit\",\"params\":[\"rig\",\"{i}\",\"00\",\"00\",\"00\"]}}\n"
                    )
                };
                (false, (0..10).map(|i| request(turn * 10 + i + number)).collect::<String>().into())
            }
            turn => {
                let job = |i| {
                    format!(
                        "{{\"id\":null,\"method\":\"mining.notify\",\"params\":[\"{i}\",\"00\",\"00\",\"00\",[],\"00\",\"00\",\"00\",true]}}\n"
                    )
                };
                (true, (0..10).map(|i| job(turn * 10 + i)).collect::<String>().into())
            }
        });
    });
}
