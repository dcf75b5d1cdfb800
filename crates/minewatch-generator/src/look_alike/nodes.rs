//! Nodes of coins, and the one protocol where "stratum" is an ordinary word.

use super::{Scene, finish};
use crate::capture::{Capture, START};
use crate::conversation::{Conversation, Script, Speaker};
use crate::dialect::grammar::unhex;
use crate::link::Link;
use crate::recorder::Recorder;
use crate::rng::Rng;

pub const SCENES: &[Scene] = &[
    Scene {
        name: "bitcoin-node",
        told: "A Bitcoin node talks to its peers, in the clear and with BIP 324's encryption.",
        connections: |rng| vec![(8333, bitcoin()), (8333, bip324(rng))],
    },
    Scene {
        name: "monero-node",
        told: "A Monero node talks to a peer by the Levin protocol.",
        connections: |rng| vec![(18_080, levin(rng))],
    },
    Scene {
        name: "ethereum-node",
        told: "An Ethereum node talks to a peer by RLPx: random bytes from the start.",
        connections: |rng| vec![(30_303, rlpx(rng))],
    },
];

/// Messages of Bitcoin's peers: magic, command, length, checksum, payload.
mod message {
    pub const VERSION: &str = "f9beb4d976657273696f6e00000000006600000015573581801101000904000000000000806f5b6900000000090400000000000000000000000000000000ffffc6336409208d090400000000000000000000000000000000ffff0a1e0007208d1122334455667788102f496e76656e7465643a302e312e302fd0300e0001";
    pub const VERACK: &str = "f9beb4d976657261636b000000000000000000005df6e0e2";
    pub const PING: &str = "f9beb4d970696e670000000000000000080000000958803f1111000000000000";
    pub const PONG: &str = "f9beb4d9706f6e670000000000000000080000000958803f1111000000000000";
}

fn bitcoin() -> Conversation {
    let mut script = Script::default();
    let (version, verack) = (unhex(message::VERSION), unhex(message::VERACK));
    script
        .say(Speaker::Miner, version.clone())
        .say(Speaker::Pool, version)
        .say(Speaker::Pool, verack.clone())
        .say(Speaker::Miner, verack);
    for _ in 0..10 {
        script
            .wait(120_000_000)
            .say(Speaker::Miner, unhex(message::PING))
            .say(Speaker::Pool, unhex(message::PONG));
    }
    script.finish()
}

/// 64 random bytes as in Stratum V2's Noise, but then garbage of any length.
fn bip324(rng: &mut Rng) -> Conversation {
    let mut script = Script::default();
    for from in [Speaker::Miner, Speaker::Pool] {
        script.say(from, rng.bytes(64));
        let garbage = rng.below(4096);
        script.say(from, rng.bytes(garbage + 20));
    }
    for number in 0..20 {
        let from = if number % 3 == 0 { Speaker::Miner } else { Speaker::Pool };
        let size = 30 + rng.below(500);
        script.wait(30_000_000).say(from, rng.bytes(size));
    }
    script.finish()
}

fn levin(rng: &mut Rng) -> Conversation {
    const HANDSHAKE: u32 = 1001;
    const TIMED_SYNC: u32 = 1002;
    let mut frame = |command: u32, request: bool, size: usize| {
        // Portable storage with one entry of random bytes.
        let body = [&b"\x01\x11\x01\x01\x01\x01\x02\x01\x01\x04\x04data\x0a"[..], &rng.bytes(size)]
            .concat();
        let mut bytes = b"\x01\x21\x01\x01\x01\x01\x01\x01".to_vec();
        bytes.extend((body.len() as u64).to_le_bytes());
        bytes.push(u8::from(request));
        bytes.extend(command.to_le_bytes());
        bytes.extend(u32::from(!request).to_le_bytes());
        bytes.extend(if request { 1u32 } else { 2 }.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(body);
        bytes
    };
    let mut script = Script::default();
    script
        .say(Speaker::Miner, frame(HANDSHAKE, true, 200))
        .say(Speaker::Pool, frame(HANDSHAKE, false, 900));
    for _ in 0..10 {
        script
            .wait(60_000_000)
            .say(Speaker::Miner, frame(TIMED_SYNC, true, 120))
            .say(Speaker::Pool, frame(TIMED_SYNC, false, 700));
    }
    script.finish()
}

fn rlpx(rng: &mut Rng) -> Conversation {
    let mut script = Script::default();
    for (from, size) in [(Speaker::Miner, 420usize), (Speaker::Pool, 390)] {
        let bytes = [&(size as u16).to_be_bytes()[..], &rng.bytes(size)].concat();
        script.say(from, bytes);
    }
    for number in 0..20 {
        let from = if number % 2 == 0 { Speaker::Miner } else { Speaker::Pool };
        let size = 64 + 16 * rng.below(20);
        script.wait(15_000_000).say(from, rng.bytes(size));
    }
    script.finish()
}

/// Clients set their clocks; a server's distance to the clock is called its stratum.
pub fn ntp() -> Capture {
    let mut recorder = Recorder::new(Link::Ethernet, START, 123);
    for number in 0..10u64 {
        let (client, server) = (([10, 30, 0, 123], 123).into(), ([198, 51, 100, 123], 123).into());
        let mut query = vec![0x23, 0, 6, 0xec];
        query.resize(40, 0);
        query.extend(recorder.rng.bytes(8));
        let mut answer = vec![0x24, 2, 6, 0xe8]; // stratum 2
        answer.extend([0; 8]);
        answer.extend(recorder.rng.bytes(36));
        recorder.datagram(number * 64_000_000, client, server, &query);
        recorder.datagram(number * 64_000_000 + 20_000, server, client, &answer);
    }
    finish("ntp", "A computer sets its clock by NTP.", recorder)
}
