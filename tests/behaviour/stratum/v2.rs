//! Stratum V2: plain frames, and Noise by the sizes of its flights.

use minewatch::model::Direction::{self, ToClient, ToServer};
use minewatch::model::chunk::Chunk;
use minewatch::model::event::Moment;
use minewatch::model::event::mining::{Carrier, Dialect, MiningSession, Shares};
use minewatch::model::flow::FlowFlags;
use minewatch::model::{Flow, Timestamp};
use minewatch::protocol::parser::{Context, Next, Parser, Probe, Scratch};
use minewatch::protocol::stratum::sv2::{Sv2Session, probe};
use proptest::prelude::*;

use crate::support::play::{Sink, flow, hex, rungs};
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        plain_frames_are_read_to_the_last_share,
        a_share_opens_the_reading_of_a_late_start,
        a_receipt_answers_no_more_than_the_open_shares,
        noise_is_told_by_its_sizes,
        a_noise_pool_may_give_one_receipt_to_many_shares,
        the_last_word_of_a_noise_client_is_no_share,
        other_random_looking_conversations_are_rejected,
        the_first_bytes_tell,
        any_segmentation_gives_the_same_session,
        random_and_mutated_bytes_never_panic,
    ]
}

/// Plays chunks to a session; the last report, if it was not rejected.
fn play(chunks: &[(Direction, Vec<u8>)]) -> (Next, Option<MiningSession>) {
    play_on(&flow(), chunks)
}

fn play_on(flow: &Flow, chunks: &[(Direction, Vec<u8>)]) -> (Next, Option<MiningSession>) {
    let (mut session, mut sink, mut scratch) =
        (Sv2Session::new(Vec::new(), None), Sink::default(), Scratch::default());
    let mut next = Next::More;
    for (direction, bytes) in chunks {
        let at = Moment { time: Timestamp::from_parts(1_700_000_000, 0), packet: 1 };
        let mut ctx = Context { flow, at, scratch: &mut scratch, sink: &mut sink };
        let chunk = Chunk { direction: *direction, time: at.time, packet: 1, gap: 0, bytes };
        next = session.chunk(&mut ctx, &chunk);
        if next != Next::More {
            return (next, sink.0.last().cloned());
        }
    }
    let at = Moment { time: Timestamp::from_parts(1_700_000_060, 0), packet: 2 };
    session.close(&mut Context { flow, at, scratch: &mut scratch, sink: &mut sink });
    (next, sink.0.last().cloned())
}

/// A frame: extension, type, payload.
fn frame(extension: u16, kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_le_bytes();
    [&extension.to_le_bytes()[..], &[kind], &length[..3], payload].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[text.len() as u8][..], text.as_bytes()].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn setup() -> Vec<u8> {
    // Mining protocol, versions 2 to 2, flags 1, host and port, then the device.
    let head = [&[0, 2, 0, 2, 0][..], &words(&[1])].concat();
    let device = [text("Acme"), text("A1"), text("fw-1.0"), text("")].concat();
    frame(0, 0, &[head, text("pool.example"), vec![0xce, 0x85], device].concat())
}

/// Little-endian 2^236 - 1: shares of 2^20 hashes.
fn target() -> Vec<u8> {
    let mut target = vec![0xff; 32];
    target[31] = 0;
    target[30] = 0;
    target[29] = 0x0f;
    target
}

fn conversation() -> Vec<(Direction, Vec<u8>)> {
    let open =
        [words(&[9]), text("acct.rig1"), 1.5e12f32.to_le_bytes().to_vec(), target()].concat();
    let opened = [words(&[9, 1]), target(), vec![4, 1, 2, 3, 4], words(&[0])].concat();
    let job = [words(&[1, 12]), vec![0], words(&[0x2000_0000]), vec![7; 32]].concat();
    let share = |sequence| words(&[1, sequence, 12, 0x214d_3e9b, 0x65f1_a2c0, 0x2000_0000]);
    let receipt = [words(&[1, 2, 2]), 131_072u64.to_le_bytes().to_vec()].concat();
    vec![
        (ToServer, setup()),
        (ToClient, frame(0, 1, &[2, 0, 0, 0, 0, 0])),
        (ToServer, frame(0, 0x10, &open)),
        (ToClient, [frame(0, 0x11, &opened), frame(0x8000, 0x15, &job)].concat()),
        (ToServer, frame(0x8000, 0x1a, &share(1))),
        (ToServer, frame(0x8000, 0x1a, &share(2))),
        (ToClient, frame(0x8000, 0x1c, &receipt)),
        (ToServer, frame(0x8000, 0x1a, &share(3))),
        (ToClient, frame(0x8000, 0x1d, &[words(&[1, 3]), text("stale-share")].concat())),
    ]
}

fn plain_frames_are_read_to_the_last_share() {
    let (_, session) = play(&conversation());
    let session = session.unwrap();
    assert_eq!(session.dialect, Dialect::StratumV2);
    assert_eq!(rungs(&session), ["attempt", "session", "mining", "active"]);
    assert_eq!(session.agent.as_deref(), Some("Acme A1 fw-1.0"));
    assert_eq!(
        (session.login.as_deref(), session.worker.as_deref()),
        (Some("acct.rig1"), Some("rig1"))
    );
    let shares = Shares { submitted: 3, accepted: 2, rejected: 1, unanswered: 0 };
    assert_eq!(session.shares, shares);
    assert_eq!(session.work.hashes, 2.0 * 1_048_576.0);
    assert_eq!(session.reported_hashrate, Some(f64::from(1.5e12f32)));
}

fn a_share_opens_the_reading_of_a_late_start() {
    let chunks = conversation().split_off(4);
    assert_eq!(probe(ToServer, &chunks[0].1), Probe::Certain);
    let mut late = flow();
    late.flags.set(FlowFlags::MIDSTREAM);
    let session = play_on(&late, &chunks).1.unwrap();
    assert_eq!(session.shares.submitted, 3);
    assert!(session.midstream);
}

fn a_receipt_answers_no_more_than_the_open_shares() {
    let mut chunks = conversation();
    // It claims 2^32 - 1 shares; two are open.
    let claim = frame(0x8000, 0x1c, &[words(&[1, 2, u32::MAX]), vec![0; 8]].concat());
    chunks[6].1 = claim.clone();
    let shares = Shares { submitted: 3, accepted: 2, rejected: 1, unanswered: 0 };
    assert_eq!(play(&chunks).1.unwrap().shares, shares);
    // Where no share is open, a receipt answers nothing else.
    let early = [(ToServer, setup()), (ToClient, claim)];
    assert_eq!(rungs(&play(&early).1.unwrap()), ["attempt"]);
}

fn random(seed: u64, length: usize) -> Vec<u8> {
    let digits = hex(seed, length * 2);
    (0..length).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect()
}

fn noise(flights: &[(Direction, usize)]) -> Vec<(Direction, Vec<u8>)> {
    flights
        .iter()
        .zip(1..)
        .map(|((direction, length), seed)| (*direction, random(seed, *length)))
        .collect()
}

fn noise_is_told_by_its_sizes() {
    let mut flights = vec![
        (ToServer, 64),
        (ToClient, 234),
        (ToServer, 84),
        (ToClient, 44),
        (ToServer, 100),
        (ToClient, 300),
    ];
    for _ in 0..4 {
        flights.extend([(ToServer, 62), (ToClient, 58), (ToClient, 83)].iter().take(2));
    }
    let session = play(&noise(&flights)).1.unwrap();
    assert_eq!(rungs(&session), ["session", "active"]);
    assert_eq!(session.carriers, [Carrier::Noise]);
    assert_eq!(session.shares, Shares { submitted: 4, accepted: 4, rejected: 0, unanswered: 0 });
}

fn a_noise_pool_may_give_one_receipt_to_many_shares() {
    let mut flights = vec![(ToServer, 64), (ToClient, 234), (ToServer, 84), (ToClient, 44)];
    flights.extend([(ToServer, 95), (ToClient, 331)]);
    // Ten at once; six and four with a job between; ten again, and three without a receipt yet.
    flights.extend([(ToServer, 750), (ToClient, 58)]);
    flights.extend([(ToServer, 450), (ToClient, 87), (ToServer, 300), (ToClient, 58)]);
    // One is refused (`difficulty-too-low`, 18 letters).
    flights.extend([(ToServer, 75), (ToClient, 65)]);
    flights.extend([(ToServer, 750), (ToClient, 58), (ToServer, 225), (ToClient, 87)]);
    let session = play(&noise(&flights)).1.unwrap();
    assert_eq!(rungs(&session), ["session", "active"]);
    assert_eq!(session.shares, Shares { submitted: 34, accepted: 30, rejected: 1, unanswered: 3 });
}

fn the_last_word_of_a_noise_client_is_no_share() {
    let mut flights = vec![(ToServer, 64), (ToClient, 234), (ToServer, 84), (ToClient, 44)];
    flights.extend([(ToServer, 95), (ToClient, 331)]);
    // CloseChannel with a reason of 23 bytes: 22 + 4 + 1 + 23 + 16.
    let close = (ToServer, 66);
    let idle: Vec<_> = flights.iter().copied().chain([close]).collect();
    assert_eq!(play(&noise(&idle)).1.unwrap().shares, Shares::default());
    flights.extend([(ToServer, 75), (ToClient, 58)].repeat(3));
    flights.push(close);
    let session = play(&noise(&flights)).1.unwrap();
    assert_eq!(session.shares, Shares { submitted: 3, accepted: 3, rejected: 0, unanswered: 0 });
}

fn other_random_looking_conversations_are_rejected() {
    for flights in [
        // BIP 324: garbage of any length follows the keys.
        vec![(ToServer, 164), (ToClient, 264), (ToServer, 100)],
        vec![(ToServer, 64), (ToClient, 170), (ToServer, 84)],
        vec![(ToServer, 64), (ToClient, 234), (ToServer, 900)],
        vec![(ToServer, 64), (ToClient, 234), (ToServer, 84), (ToClient, 60), (ToServer, 1)],
        vec![(ToClient, 234), (ToServer, 64)],
    ] {
        let (next, session) = play(&noise(&flights));
        assert_eq!((next, session), (Next::Reject, None), "{flights:?}");
    }
}

fn the_first_bytes_tell() {
    assert_eq!(probe(ToServer, &setup()), Probe::Certain);
    assert_eq!(probe(ToServer, &setup()[..5]), Probe::Unsure);
    assert_eq!(probe(ToClient, &frame(0, 1, &[2, 0, 0, 0, 0, 0])), Probe::Certain);
    assert_eq!(probe(ToServer, &random(1, 64)), Probe::Unsure);
    assert_eq!(probe(ToServer, &random(1, 65)), Probe::NotForUs);
    assert_eq!(probe(ToClient, &random(1, 234)), Probe::Certain);
    for other in [
        &b"GET / HTTP/1.1\r\nHost: x\r\n"[..],
        &[0x16, 3, 1, 2, 0],
        &[0; 64],
        b"{\"id\":1,\"method\"",
    ] {
        assert_eq!(probe(ToServer, other), Probe::NotForUs, "{other:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    fn any_segmentation_gives_the_same_session(cuts in proptest::collection::vec(1usize..50, 1..30)) {
        let mut pieces = Vec::new();
        let mut cuts = cuts.iter().cycle();
        for (direction, bytes) in conversation() {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (head, tail) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                pieces.push((direction, head.to_vec()));
                rest = tail;
            }
        }
        prop_assert_eq!(play(&pieces).1, play(&conversation()).1);
    }

    fn random_and_mutated_bytes_never_panic(
        chunks in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)), 0..10),
        edits in proptest::collection::vec((any::<u16>(), any::<u16>(), any::<u8>()), 0..10),
    ) {
        let side = |client| if client { ToServer } else { ToClient };
        let random: Vec<_> = chunks.into_iter().map(|(client, bytes)| (side(client), bytes)).collect();
        play(&random);
        let mut mutated = conversation();
        for (line, position, byte) in edits {
            let n = usize::from(line) % mutated.len();
            let bytes = &mut mutated[n].1;
            let at = usize::from(position) % bytes.len();
            bytes[at] = byte;
        }
        if let (_, Some(session)) = play(&mutated) {
            let Shares { submitted, accepted, rejected, unanswered } = session.shares;
            prop_assert_eq!(submitted, accepted + rejected + unanswered);
        }
    }
}
