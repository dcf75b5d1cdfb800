//! Which protocol the detector finds in the first bytes, and when it gives up.

use super::undecided::MAX_KEPT;
use super::*;
use crate::model::Timestamp;
use Direction::{ToClient as S, ToServer as C};
use proptest::prelude::*;

const NOTIFY: &[u8] = b"{\"id\":null,\"method\":\"mining.notify\",\"params\":[]}\n";

/// No known protocol, and too long for a Stratum V2 handshake, which consists of random bytes.
const NOISE: &[u8] = &[0xff; 300];

fn say(detector: &mut ProtocolDetector, direction: Direction, bytes: &[u8]) -> Detection {
    say_after(detector, direction, 0, bytes)
}

fn say_after(
    detector: &mut ProtocolDetector,
    direction: Direction,
    gap: u64,
    bytes: &[u8],
) -> Detection {
    detector.chunk(&Chunk { direction, time: Timestamp::ZERO, packet: 1, gap, bytes })
}

fn found(name: &str, start: usize) -> Detection {
    Detection::Found(StreamSlot::named(name).unwrap(), start)
}

/// Takes the kept chunks and returns the bytes of one direction.
fn kept(detector: &mut ProtocolDetector, direction: Direction) -> Vec<u8> {
    let kept = detector.take();
    let own = kept.iter().filter(|kept| kept.direction == direction);
    own.flat_map(|kept| kept.chunk().bytes.to_vec()).collect()
}

#[test]
fn both_sides_foreign_or_one_for_long_is_good_for_tls_only() {
    for strangers in [&[S, C][..], &[S, S, S]] {
        let mut detector = ProtocolDetector::new(false);
        for direction in strangers {
            assert!(!detector.clear);
            assert_eq!(say(&mut detector, *direction, NOISE), Detection::Unsure);
        }
        assert!(detector.clear);
        assert_eq!(say(&mut detector, C, NOTIFY), Detection::Unsure);
        assert!(detector.take().is_empty());
    }
}

#[test]
fn a_foreign_connection_is_given_up_after_some_chunks_or_bytes() {
    for (chunk, midstream, patience) in [
        (NOISE, false, CLEAR_CHUNKS as usize),
        (&[0xff; 1400], false, CLEAR_BYTES.div_ceil(1400)),
        (NOISE, true, MIDSTREAM_PATIENCE as usize),
    ] {
        let mut detector = ProtocolDetector::new(midstream);
        let more = (0..100).take_while(|_| say(&mut detector, S, chunk) == Detection::Unsure);
        assert_eq!(more.count() + 1, patience);
    }
}

#[test]
fn what_was_said_before_is_kept_for_the_parser() {
    let mut detector = ProtocolDetector::new(false);
    assert_eq!(say(&mut detector, S, &NOTIFY[..9]), Detection::Unsure);
    assert_eq!(say(&mut detector, C, b"{\"id\":1,"), Detection::Unsure);
    assert_eq!(say(&mut detector, S, &NOTIFY[9..]), found("stratum", 0));
    let order: Vec<_> =
        detector.undecided.as_ref().unwrap().kept.iter().map(|kept| kept.direction).collect();
    assert_eq!(order, [S, C]);
    assert_eq!(kept(&mut detector, S), &NOTIFY[..9]);
}

#[test]
fn a_late_start_is_taken_up_at_the_next_message() {
    let frame = [&[0x81, NOTIFY.len() as u8], NOTIFY].concat();
    let line = [b"5\"],\"id\":4}\n", NOTIFY].concat();
    for (chunk, name, start) in [
        (&line[..], "stratum", line.len() - NOTIFY.len()),
        (&frame, "websocket", 0),
        (b"GET / HTTP/1.1\r\n", "http", 0),
        (b"HTTP/1.1 200 OK\r\n", "http", 0),
    ] {
        let mut detector = ProtocolDetector::new(true);
        assert_eq!(say(&mut detector, S, NOISE), Detection::Unsure);
        assert_eq!(say(&mut detector, S, chunk), found(name, start));
        assert!(kept(&mut detector, S).is_empty());
    }
}

#[test]
fn a_loss_makes_it_a_late_start() {
    let mut detector = ProtocolDetector::new(false);
    assert_eq!(say(&mut detector, S, &NOTIFY[..9]), Detection::Unsure);
    assert_eq!(say_after(&mut detector, S, 100, NOISE), Detection::Unsure);
    for _ in 0..PATIENCE + 1 {
        assert_eq!(say(&mut detector, S, NOISE), Detection::Unsure);
    }
    assert_eq!(say(&mut detector, S, NOTIFY), found("stratum", 0));
}

proptest! {
    #[test]
    fn what_is_kept_is_bounded(
        starts in prop::collection::vec(
            (any::<bool>(), prop::sample::select(vec![
                "", "{\"method\":\"", "GET ", "\x05", "\r\n\r\n", "\n{\"id\":", "PROXY ", "\u{81}~",
            ])),
            1..4,
        ),
        chunks in prop::collection::vec((any::<bool>(), 0u64..20, 0usize..3000, any::<u8>()), 0..60),
    ) {
        let mut detector = ProtocolDetector::new(false);
        let side = |client| if client { C } else { S };
        let begin = starts.iter().map(|(client, text)| (side(*client), 0, text.as_bytes().to_vec()));
        let go_on = chunks
            .iter()
            .map(|(client, gap, count, byte)| (side(*client), gap.saturating_sub(18), vec![*byte; *count]));
        for (direction, gap, bytes) in begin.chain(go_on) {
            let verdict = say_after(&mut detector, direction, gap, &bytes);
            let size = detector.undecided.as_ref().map_or(0, |undecided| undecided.size);
            prop_assert!(size <= MAX_KEPT + 3000 * 2);
            if verdict != Detection::Unsure {
                break;
            }
        }
    }
}

#[test]
fn tls_may_begin_after_an_exchange_in_clear() {
    let mut hello = vec![22, 3, 1, 0x00, 0xc8, 1, 0x00, 0x00, 0xc4, 3, 3];
    hello.resize(5 + 0xc8, 0x5a);
    let exchanges: [&[(Direction, &[u8])]; 6] = [
        // SSLRequest of PostgreSQL, and the server's positive answer.
        &[(C, &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]), (S, b"S")],
        &[
            (S, b"220 mail.example ESMTP\r\n"),
            (C, b"EHLO host.example\r\n"),
            (S, b"250-mail.example\r\n250-PIPELINING\r\n"),
            (S, b"250 STARTTLS\r\n"),
            (C, b"STARTTLS\r\n"),
            (S, b"220 2.0.0 Ready to start TLS\r\n"),
        ],
        &[
            (S, b"220-Welcome\r\n"),
            (S, b"220-to the\r\n"),
            (S, b"220 archive\r\n"),
            (C, b"AUTH SSL\r\n"),
            (S, b"504 AUTH type not supported\r\n"),
            (C, b"AUTH TLS\r\n"),
            (S, b"234 Proceed\r\n"),
        ],
        &[
            (C, b"<?xml version='1.0'?><stream:stream to='chat.example'>"),
            (S, b"<?xml version='1.0'?><stream:stream id='1'>"),
            (S, b"<stream:features><starttls/></stream:features>"),
            (C, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
            (S, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        ],
        // Greeting of MySQL, and the client's SSLRequest.
        &[
            (S, b"\x4a\0\0\0\x0a8.0.30\0\x07\0\0\0abcdefgh\0\xff\xff\xff\x02\0"),
            (C, b"\x20\0\0\x01\x05\xae\0\0\0\0\0\x01\x2d\0\0\0\0\0\0\0"),
        ],
        // X.224 connection request and confirmation of RDP.
        &[
            (C, b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"),
            (S, b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\x02\0\0\0"),
        ],
    ];
    for exchange in exchanges {
        let mut detector = ProtocolDetector::new(false);
        for (direction, bytes) in exchange {
            assert_eq!(say(&mut detector, *direction, bytes), Detection::Unsure, "{bytes:?}");
        }
        assert_eq!(say(&mut detector, C, &hello), found("tls", 0));
        assert!(detector.take().is_empty(), "what came before is no TLS");
    }
}
