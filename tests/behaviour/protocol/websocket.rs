//! WebSocket connections, from their segments to the mining in them.

use flate2::{Compress, Compression, FlushCompress};
use minewatch::model::Direction;
use minewatch::model::chunk::Interest;
use minewatch::model::event::mining::ConversationStage;
use minewatch::model::event::mining::{Carrier, Dialect, MiningSession};
use minewatch_generator::conversation::Speaker;
use minewatch_generator::dialect::Dialect as Spoken;
use minewatch_generator::rng::Rng;
use proptest::prelude::*;

use crate::support::tap::*;
use crate::support::trial::{Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        a_page_that_mines_is_found,
        framing_makes_no_difference,
        compression_makes_no_difference,
        long_messages_are_skipped,
        a_socket_about_other_things_is_settled,
        a_late_start_needs_no_handshake,
        text_that_only_looks_like_a_frame_is_none,
        one_direction_alone_is_read,
        a_loss_costs_the_messages_it_touches,
        a_loss_in_compressed_messages_leaves_the_other_side_readable,
        any_segmentation_tells_the_same,
        damaged_connections_never_panic,
    ]
}

const TEXT: u8 = 0x81;
const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate";

/// A page that mines: who says what.
fn mining() -> Vec<(Direction, Vec<u8>)> {
    let plan = Spoken::Browser.typical();
    let conversation = Spoken::Browser.converse(&plan, &mut Rng::new(8));
    let side = |from| if from == Speaker::Miner { C } else { S };
    conversation.messages.into_iter().map(|said| (side(said.from), said.bytes)).collect()
}

/// Messages as frames, behind a handshake.
fn framed(extension: &str, mut frames: impl FnMut(Direction, &[u8]) -> Vec<u8>) -> Vec<Turn> {
    let mut turns = handshake(extension).to_vec();
    turns.extend(mining().iter().map(|(from, text)| (*from, frames(*from, text))));
    turns
}

/// What the page's mining looks like in plain frames.
fn plain() -> MiningSession {
    let seen = told(&framed("", |from, text| frame(from, TEXT, text)));
    assert_eq!(seen.lines, ["GET /proxy host=pool.example", "101"]);
    seen.mining.unwrap()
}

/// Compresses messages as a sender with these parameters does.
fn compressor(bits: u8, takeover: bool) -> impl FnMut(&[u8]) -> Vec<u8> {
    let mut deflate = Compress::new_with_window_bits(Compression::best(), false, bits);
    move |text| {
        let mut out = Vec::with_capacity(text.len() + 100);
        deflate.compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
        if !takeover {
            deflate.reset();
        }
        out.truncate(out.len() - 4);
        out
    }
}

fn deflated(extension: &str, bits: u8, takeover: bool) -> Vec<Turn> {
    let mut senders = [compressor(bits, takeover), compressor(bits, takeover)];
    framed(extension, move |from, text| frame(from, 0xc1, &senders[from.index()](text)))
}

fn a_page_that_mines_is_found() {
    let session = plain();
    assert_eq!(session.dialect, Dialect::Browser);
    assert_eq!(session.stage(), Some(ConversationStage::ShareSubmitted));
    assert_eq!(session.carriers, [Carrier::WebSocket]);
    assert_eq!(session.shares.submitted, 20);
}

fn framing_makes_no_difference() {
    let expected = plain();
    let binary = framed("", |from, text| frame(from, 0x82, text));
    let fragments = framed("", |from, text| {
        let (head, tail) = text.split_at(text.len() / 2);
        let parts = [
            frame(from, 0x01, head),
            frame(from, 0x89, b"still there?"),
            frame(from, 0x00, b""),
            frame(from, 0x80, tail),
            frame(from, 0x8a, b""),
        ];
        parts.concat()
    });
    for turns in [binary, fragments] {
        assert_eq!(told(&turns).mining.unwrap(), expected);
    }
}

fn compression_makes_no_difference() {
    let expected = plain();
    let none = format!("{DEFLATE}; server_no_context_takeover; client_no_context_takeover\r\n");
    let small = format!("{DEFLATE}; client_max_window_bits=9; server_max_window_bits=9\r\n");
    for turns in [
        deflated(&format!("{DEFLATE}\r\n"), 15, true),
        deflated(&none, 15, false),
        deflated(&small, 9, true),
    ] {
        assert_eq!(told(&turns).mining.unwrap(), expected);
    }
}

fn long_messages_are_skipped() {
    let mut turns = framed("", |from, text| frame(from, TEXT, text));
    turns.insert(3, (S, frame(S, 0x82, &vec![0; 200_000])));
    turns.insert(4, (C, frame(C, TEXT, &[b'{'; 70_000])));
    assert_eq!(told(&turns).mining.unwrap(), plain());
}

fn a_socket_about_other_things_is_settled() {
    for payload in [&b"{\"tick\":1}"[..], b"42[\"message\"]", &[0; 90_000], b"\x08\x01\x12\x00"] {
        let mut tap = Tap::new();
        tap.play(&handshake(""), &[]);
        for _ in 0..40 {
            tap.say(S, frame(S, 0x82, payload));
        }
        assert_eq!(tap.interest, Interest::Settled, "{:?}", &payload[..4]);
    }
}

fn a_late_start_needs_no_handshake() {
    let turns = framed("", |from, text| frame(from, TEXT, text));
    let mut tap = Tap::midstream();
    tap.say(S, &turns[4].1[9..]).say(S, [0x89, 0x00]).say(C, frame(C, 0x8a, b""));
    let session = tap.play(&turns[5..], &[]).end().mining.unwrap();
    assert_eq!(session.carriers, [Carrier::WebSocket]);
    assert_eq!(session.stage(), Some(ConversationStage::ShareSubmitted));
    assert_eq!(session.shares.submitted, 20);
}

fn text_that_only_looks_like_a_frame_is_none() {
    for payload in [&b"{\"a\":1}"[..], b"{\"method\":", b"hello"] {
        let mut tap = Tap::midstream();
        for _ in 0..60 {
            tap.say(S, frame(S, TEXT, payload));
        }
        assert_eq!(tap.interest, Interest::Settled);
        assert_eq!(tap.end().mining, None);
    }
}

fn one_direction_alone_is_read() {
    let none = format!("{DEFLATE}; server_no_context_takeover; client_no_context_takeover\r\n");
    for turns in [
        framed("", |from, text| frame(from, TEXT, text)),
        deflated(&format!("{DEFLATE}\r\n"), 15, true),
        deflated(&none, 15, false),
    ] {
        for (side, verdict) in
            [(C, ConversationStage::Answered), (S, ConversationStage::WorkDelivered)]
        {
            let heard: Vec<Turn> =
                turns.iter().filter(|(from, _)| *from == side).cloned().collect();
            let session = Tap::one_way(side).play(&heard, &[]).end().mining.unwrap();
            assert_eq!(session.stage(), Some(verdict));
            assert!(session.one_way);
        }
    }
}

fn a_loss_costs_the_messages_it_touches() {
    let turns = framed("", |from, text| frame(from, TEXT, text));
    let share = turns.iter().rposition(|(from, _)| *from == C).unwrap();
    // Inside of a payload; from a payload into the next frame.
    for (cut, lost) in [(20, 30), (20, 300)] {
        let mut tap = Tap::new();
        tap.play(&turns[..share], &[]);
        let bytes = &turns[share].1;
        let rest = bytes.get(cut + lost..).unwrap_or_default();
        tap.say(C, &bytes[..cut]).lose(C, lost as u64).say(C, rest);
        tap.play(&turns[share - 2..], &[]);
        let session = tap.end().mining.unwrap();
        assert!(session.shares.submitted >= 20, "{cut} {lost}");
    }
}

fn a_loss_in_compressed_messages_leaves_the_other_side_readable() {
    let turns = deflated(&format!("{DEFLATE}\r\n"), 15, true);
    let mut tap = Tap::new();
    tap.play(&turns[..5], &[]).lose(S, 700).play(&turns[5..], &[]);
    let session = tap.end().mining.unwrap();
    assert_eq!(session.shares.submitted, 20);
}

proptest! {
    fn any_segmentation_tells_the_same(
        deflate: bool,
        cuts in prop::collection::vec(1usize..200, 1..20),
    ) {
        let turns = if deflate {
            deflated(&format!("{DEFLATE}\r\n"), 15, true)
        } else {
            framed("", |from, text| frame(from, TEXT, text))
        };
        prop_assert_eq!(Tap::new().play(&turns, &cuts).end(), told(&turns));
    }

    fn damaged_connections_never_panic(
        deflate: bool,
        cuts in prop::collection::vec(1usize..200, 1..20),
        edits in prop::collection::vec((2u16..500, any::<u16>(), any::<u8>()), 0..30),
        losses in prop::collection::vec(0u64..100, 1..9),
    ) {
        let mut turns = if deflate {
            deflated(&format!("{DEFLATE}\r\n"), 15, true)
        } else {
            framed("", |from, text| frame(from, TEXT, text))
        };
        for (turn, place, byte) in edits {
            let count = turns.len();
            let bytes = &mut turns[usize::from(turn) % count].1;
            let place = usize::from(place) % bytes.len();
            bytes[place] = byte;
        }
        let mut tap = Tap::new();
        for (turn, lost) in turns.iter().zip(losses.iter().cycle()) {
            if *lost > 90 {
                tap.lose(turn.0, *lost);
            }
            tap.play(std::slice::from_ref(turn), &cuts);
        }
        tap.end();
    }
}
