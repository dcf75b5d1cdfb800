//! Proxies in front of a conversation, and proxies behind proxies.

use minewatch::model::Direction;
use minewatch::model::chunk::Interest;
use minewatch::model::event::mining::{Carrier, MiningSession};
use minewatch_generator::conversation::Speaker;
use minewatch_generator::dialect::{Dialect, Framing};
use minewatch_generator::rng::Rng;
use proptest::prelude::*;

use crate::support::tap::*;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        every_dialect_is_the_same_behind_every_proxy,
        the_innermost_proxy_names_the_pool,
        a_websocket_behind_a_proxy_keeps_both,
        a_chain_without_end_is_given_up_however_it_is_cut,
        a_client_in_a_hurry_loses_nothing,
        one_direction_of_a_proxied_conversation_is_read,
        a_loss_in_a_greeting_does_not_hide_the_mining,
        what_follows_a_refusal_does_not_matter,
        any_segmentation_tells_the_same,
        damaged_chains_never_panic,
    ]
}

/// What a miner and its pool say.
fn conversation(dialect: Dialect) -> Vec<Turn> {
    let mut plan = dialect.typical();
    plan.shares = 3;
    let conversation = dialect.converse(&plan, &mut Rng::new(5));
    let side = |from| if from == Speaker::Miner { C } else { S };
    conversation.messages.into_iter().map(|said| (side(said.from), said.bytes)).collect()
}

/// Those that can be spoken without an envelope.
fn dialects() -> Vec<Dialect> {
    let plain =
        |dialect: &Dialect| matches!(dialect.framing(), Framing::Lines | Framing::WebSocket);
    Dialect::all().iter().copied().filter(plain).collect()
}

/// One proxy of a chain.
#[derive(Clone, Copy, Debug)]
enum Proxy {
    Socks4,
    Socks5,
    Connect,
    Text,
    Binary,
}

use Proxy::*;

impl Proxy {
    const ALL: [Proxy; 5] = [Socks4, Socks5, Connect, Text, Binary];

    fn carrier(self) -> Carrier {
        match self {
            Socks4 => Carrier::Socks4,
            Socks5 => Carrier::Socks5,
            Connect => Carrier::HttpConnect,
            Text | Binary => Carrier::ProxyProtocol,
        }
    }

    /// What is said before the proxy's client is through to hop `number`.
    fn greeting(self, number: usize) -> Vec<Turn> {
        let name = format!("hop{number}.example");
        match self {
            Socks4 => vec![
                turn(C, format!("\x04\x01\x0d\x05\0\0\0\x01CGMINER\0{name}\0")),
                turn(S, b"\x00\x5a\x00\x00\x00\x00\x00\x00"),
            ],
            Socks5 => vec![
                turn(C, b"\x05\x01\x00"),
                turn(S, b"\x05\x00"),
                turn(C, format!("\x05\x01\x00\x03{}{name}\x0d\x05", name.len() as u8 as char)),
                turn(S, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
            ],
            Connect => vec![
                turn(C, format!("CONNECT {name}:3333 HTTP/1.1\r\nHost: {name}\r\n\r\n")),
                turn(S, "HTTP/1.1 200 Connection established\r\n\r\n"),
            ],
            Text => vec![turn(C, "PROXY TCP4 192.0.2.7 198.51.100.9 50210 3333\r\n")],
            Binary => {
                // Version 2, PROXY; TCP over IPv4; 12 bytes.
                let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
                header.extend([192, 0, 2, 7, 198, 51, 100, 9, 0xc4, 0x22, 0x0d, 0x05]);
                vec![turn(C, header)]
            }
        }
    }
}

/// Joins neighbouring turns of one side: everything that can share a segment does.
fn joined(turns: Vec<Turn>) -> Vec<Turn> {
    let mut out: Vec<Turn> = Vec::new();
    for (direction, bytes) in turns {
        match out.last_mut() {
            Some((last, joined)) if *last == direction => joined.extend(bytes),
            _ => out.push((direction, bytes)),
        }
    }
    out
}

fn chain(proxies: &[Proxy], inside: &[Turn]) -> Vec<Turn> {
    let mut turns: Vec<Turn> =
        proxies.iter().enumerate().flat_map(|(n, proxy)| proxy.greeting(n)).collect();
    turns.extend_from_slice(inside);
    turns
}

/// The conversation itself, without what tells how it was carried.
fn bare(session: Option<MiningSession>) -> MiningSession {
    let session = session.expect("no mining was told");
    MiningSession { carriers: Vec::new(), tunnel: None, ..session }
}

fn every_dialect_is_the_same_behind_every_proxy() {
    for dialect in dialects() {
        let inside = conversation(dialect);
        let expected = bare(told(&inside).mining);
        for proxy in Proxy::ALL {
            for turns in [chain(&[proxy], &inside), joined(chain(&[proxy], &inside))] {
                let seen = told(&turns);
                let session = seen.mining.clone().unwrap();
                assert_eq!(session.carriers, [proxy.carrier()], "{dialect:?} {proxy:?}");
                assert_eq!(bare(seen.mining), expected, "{dialect:?} {proxy:?}");
            }
        }
    }
}

fn the_innermost_proxy_names_the_pool() {
    let seen = told(&chain(&[Text, Connect, Socks5], &conversation(Dialect::Monero)));
    let session = seen.mining.unwrap();
    assert_eq!(session.carriers, [Carrier::ProxyProtocol, Carrier::HttpConnect, Carrier::Socks5]);
    let tunnel = session.tunnel.unwrap();
    assert_eq!((tunnel.target.as_str(), tunnel.port), ("hop2.example", 3333));
    let told = ["ProxyProtocol 192.0.2.7:50210 granted", "HttpConnect hop1.example:3333 granted"];
    assert!(told.iter().all(|line| seen.lines.iter().any(|seen| seen == line)), "{:?}", seen.lines);
}

fn a_websocket_behind_a_proxy_keeps_both() {
    let mut inside = handshake("").to_vec();
    for (from, text) in conversation(Dialect::Browser) {
        inside.push((from, frame(from, 0x81, &text)));
    }
    let session = told(&chain(&[Socks5], &inside)).mining.unwrap();
    assert_eq!(session.carriers, [Carrier::Socks5, Carrier::WebSocket]);
    assert_eq!(session.tunnel.unwrap().target, "hop0.example");
}

fn a_chain_without_end_is_given_up_however_it_is_cut() {
    let turns = chain(&[Connect; 40], &[]);
    let mut expected = None;
    for cuts in [&[][..], &[1], &[7]] {
        let mut tap = Tap::new();
        tap.play(&turns, cuts);
        assert_eq!(tap.interest, Interest::Settled);
        let lines = tap.end().lines;
        assert!(lines.len() < 40);
        assert_eq!(*expected.get_or_insert(lines.clone()), lines);
    }
    let text = Text.greeting(0).remove(0).1.repeat(500);
    assert_eq!(Tap::new().say(C, text).interest, Interest::Settled);
}

fn a_client_in_a_hurry_loses_nothing() {
    for proxy in [Socks5, Connect, Socks4] {
        let inside = conversation(Dialect::Bitcoin);
        let split = inside.iter().position(|(from, _)| *from == S).unwrap();
        let mut turns = proxy.greeting(0);
        // The miner's first words come before the proxy's last.
        let last = turns.pop().unwrap();
        turns.extend_from_slice(&inside[..split]);
        turns.push(last);
        turns.extend_from_slice(&inside[split..]);
        for turns in [turns.clone(), joined(turns)] {
            for cuts in [&[][..], &[1], &[13]] {
                let seen = Tap::new().play(&turns, cuts).end();
                assert_eq!(bare(seen.mining), bare(told(&inside).mining), "{proxy:?}");
            }
        }
    }
}

fn one_direction_of_a_proxied_conversation_is_read() {
    for side in [C, S] {
        let inside = conversation(Dialect::Monero);
        let heard = |turns: Vec<Turn>| -> Vec<Turn> {
            turns.into_iter().filter(|(from, _)| *from == side).collect()
        };
        let alone = Tap::one_way(side).play(&heard(inside.clone()), &[]).end().mining.unwrap();
        for proxy in [Socks4, Socks5, Connect] {
            let turns = heard(chain(&[proxy], &inside));
            let session = Tap::one_way(side).play(&turns, &[]).end().mining;
            let session = session.unwrap_or_else(|| panic!("{proxy:?} {side:?}"));
            assert_eq!(session.stage(), alone.stage(), "{proxy:?} {side:?}");
        }
    }
}

fn a_loss_in_a_greeting_does_not_hide_the_mining() {
    let inside = conversation(Dialect::Monero);
    for proxy in [Socks4, Socks5] {
        let greeting = proxy.greeting(0);
        let mut tap = Tap::new();
        tap.play(&greeting[..greeting.len() - 1], &[]).lose(S, 8).play(&inside, &[]);
        assert!(tap.end().mining.is_some(), "{proxy:?}");
    }
}

fn what_follows_a_refusal_does_not_matter() {
    let mut turns = Socks5.greeting(0);
    turns[3].1[1] = 5; // connection refused
    let mut tap = Tap::new();
    tap.play(&turns, &[]);
    assert_eq!(tap.interest, Interest::Settled);
    assert_eq!(tap.end().lines, ["Socks5 hop0.example:3333 refused"]);
}

fn proxies() -> impl Strategy<Value = Vec<Proxy>> {
    prop::collection::vec(prop::sample::select(Proxy::ALL.to_vec()), 0..5)
}

proptest! {
    fn any_segmentation_tells_the_same(
        proxies in proxies(),
        dialect in prop::sample::select(dialects()),
        cuts in prop::collection::vec(1usize..80, 1..20),
        join: bool,
    ) {
        let mut turns = chain(&proxies, &conversation(dialect));
        if join {
            turns = joined(turns);
        }
        let whole = told(&turns);
        prop_assert!(whole.mining.is_some());
        prop_assert_eq!(Tap::new().play(&turns, &cuts).end(), whole);
    }

    fn damaged_chains_never_panic(
        proxies in proxies(),
        cuts in prop::collection::vec(1usize..80, 1..20),
        edits in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..10),
        lost: Option<(bool, u16)>,
    ) {
        let mut turns = chain(&proxies, &conversation(Dialect::Monero));
        for (turn, place, byte) in edits {
            let count = turns.len();
            let bytes = &mut turns[usize::from(turn) % count].1;
            let place = usize::from(place) % bytes.len();
            bytes[place] = byte;
        }
        let mut tap = Tap::new();
        tap.play(&turns[..turns.len() / 2], &cuts);
        if let Some((client, count)) = lost {
            let direction: Direction = if client { C } else { S };
            tap.lose(direction, u64::from(count));
        }
        tap.play(&turns[turns.len() / 2..], &cuts).end();
    }
}
