//! DNS over TCP: a two-byte length precedes each message (RFC 1035 §4.2.2, RFC 7766).

use super::Rigour;
use super::header::DnsHeader;
use super::message;
use super::name::{self, WalkEnd};
use crate::model::chunk::{Chunk, Direction};
use crate::model::event::Event;
use crate::protocol::parser::{Context, Next, Parser, Probe};

/// Most bytes kept of a message.
///
/// All entries that are read fit, with names of usual length. Zone transfers have messages of
/// 64 KiB, and a slow sender must not make us hold them.
const MAX_KEPT: usize = 8 * 1024;
/// Bytes of a header and the shortest question: root, TYPE and CLASS.
const SHORTEST_MESSAGE: usize = DnsHeader::LEN + 1 + 4;
/// Bytes of a header and the longest question.
const LONGEST_BEGINNING: usize = DnsHeader::LEN + 255 + 4;

/// Whether a direction that begins with `head` is DNS over TCP.
///
/// It must begin with a length, a usual header whose entries fit into that length, and a question.
pub fn probe_stream(head: &[u8]) -> Probe {
    let Some((&prefix, message)) = head.split_first_chunk() else { return Probe::Unsure };
    let length = usize::from(u16::from_be_bytes(prefix));
    if length < SHORTEST_MESSAGE {
        return Probe::NotForUs;
    }
    let Some(header) = DnsHeader::read(message) else {
        /// Offset and expected value of QDCOUNT. It rules out text and most binary protocols.
        const COUNT: (usize, [u8; 2]) = (4, [0, 1]);
        let count = message.get(COUNT.0..).unwrap_or_default();
        let fits = count.iter().zip(COUNT.1).all(|(&byte, expected)| byte == expected);
        return if fits { Probe::Unsure } else { Probe::NotForUs };
    };
    if !header.is_usual() || !header.fits(length) {
        return Probe::NotForUs;
    }
    let short = || {
        let more = message.len() < length.min(LONGEST_BEGINNING);
        if more { Probe::Unsure } else { Probe::NotForUs }
    };
    let end = match name::skip(message, DnsHeader::LEN) {
        Ok(end) => end,
        Err(WalkEnd::Short) => return short(),
        Err(_) => return Probe::NotForUs,
    };
    match message.get(end..).and_then(|fields| fields.first_chunk()) {
        Some(&[_, _, c0, c1]) => {
            let left = length.checked_sub(end + 4);
            let is_filled = left.is_some_and(|left| header.records_fill(left));
            let is_class = message::is_class(u16::from_be_bytes([c0, c1]));
            if is_filled && is_class { Probe::Certain } else { Probe::NotForUs }
        }
        None => short(),
    }
}

/// Parses the messages of a TCP connection.
#[derive(Debug, Default)]
pub struct DnsStream {
    sides: [LengthFraming; 2],
}

impl Parser for DnsStream {
    fn held(&self) -> usize {
        self.sides.iter().map(|framing| framing.kept.capacity()).sum()
    }

    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        if Rigour::of(context.flow.key.ports()).is_none() {
            return Next::Done;
        }
        let direction = chunk.direction;
        let framing = &mut self.sides[direction.index()];
        if chunk.gap > 0 {
            framing.lose(chunk.gap, &mut |bytes, length| emit(context, direction, bytes, length));
        }
        framing.push(chunk.bytes, &mut |bytes, length| emit(context, direction, bytes, length));
        Next::More
    }

    fn close(&mut self, context: &mut Context<'_>) {
        for direction in Direction::BOTH {
            let framing = &mut self.sides[direction.index()];
            framing.cut(&mut |bytes, length| emit(context, direction, bytes, length));
        }
    }
}

/// Receives the kept beginning of a message and the whole message's length. Returns false if it is
/// not DNS.
type OnMessage<'a> = dyn FnMut(&[u8], usize) -> bool + 'a;

fn emit(context: &mut Context<'_>, direction: Direction, bytes: &[u8], length: usize) -> bool {
    let scratch = &mut *context.scratch;
    let Some(header) = DnsHeader::read(bytes) else { return false };
    if !message::is_plausible(&header, bytes) {
        return false;
    }
    message::read(&header, bytes, scratch.brief, &mut scratch.dns, &mut scratch.dns_spare);
    scratch.dns.direction = direction;
    let anomalies = &mut scratch.dns.anomalies;
    if anomalies.short_sections && length > MAX_KEPT && bytes.len() == MAX_KEPT {
        // The message is complete: its rest was not kept.
        anomalies.short_sections = false;
    }
    context.sink.event(context.flow, context.at, Event::Dns(&scratch.dns));
    true
}

/// Splits one direction into messages.
#[derive(Debug, Default)]
struct LengthFraming {
    state: FramingState,
    /// The beginning of the current message, if it arrives in pieces; at most [`MAX_KEPT`] bytes.
    kept: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum FramingState {
    /// Before a message.
    #[default]
    Start,
    /// After the first byte of a length, which this is.
    Length(u8),
    /// In a message of `length` bytes; `left` of them are still to come.
    Message { length: usize, left: usize },
    /// In a message that lost bytes: the `left` bytes still to come are skipped.
    Damaged { left: usize },
    /// Out of sync after lost bytes or a message that is not DNS, until a message is recognised.
    Lost,
}

impl LengthFraming {
    fn push(&mut self, mut bytes: &[u8], on_message: &mut OnMessage<'_>) {
        while let Some((&first, rest)) = bytes.split_first() {
            (self.state, bytes) = match self.state {
                FramingState::Start => (FramingState::Length(first), rest),
                FramingState::Length(high) => {
                    match usize::from(u16::from_be_bytes([high, first])) {
                        0 => (FramingState::Start, rest),
                        length => (FramingState::Message { length, left: length }, rest),
                    }
                }
                FramingState::Message { length, left } => {
                    let (part, rest) = bytes.split_at(left.min(bytes.len()));
                    (self.message(part, length, left - part.len(), on_message), rest)
                }
                FramingState::Damaged { left } => {
                    let (part, rest) = bytes.split_at(left.min(bytes.len()));
                    (FramingState::damaged(left - part.len()), rest)
                }
                FramingState::Lost if probe_stream(bytes) == Probe::Certain => {
                    (FramingState::Start, bytes)
                }
                FramingState::Lost => return,
            };
        }
    }

    /// Reads `part` of a message of `length` bytes; `left` bytes follow it. Returns the next state.
    fn message(
        &mut self,
        part: &[u8],
        length: usize,
        left: usize,
        on_message: &mut OnMessage<'_>,
    ) -> FramingState {
        let is_dns = if left == 0 && self.kept.is_empty() {
            on_message(part.get(..MAX_KEPT).unwrap_or(part), length)
        } else {
            let room = MAX_KEPT.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(part.get(..room).unwrap_or(part));
            if left > 0 {
                return FramingState::Message { length, left };
            }
            let is_dns = on_message(&self.kept, length);
            self.kept.clear();
            is_dns
        };
        if is_dns { FramingState::Start } else { FramingState::Lost }
    }

    /// Passes on the current message's beginning and skips `gap` lost bytes.
    fn lose(&mut self, gap: u64, on_message: &mut OnMessage<'_>) {
        self.cut(on_message);
        self.state = match self.state {
            FramingState::Message { left, .. } | FramingState::Damaged { left }
                if gap <= left as u64 =>
            {
                FramingState::damaged(left - gap as usize)
            }
            _ => FramingState::Lost,
        };
    }

    /// Passes on the kept beginning of the current message: the rest is missing.
    fn cut(&mut self, on_message: &mut OnMessage<'_>) {
        if let FramingState::Message { length, .. } = self.state
            && !self.kept.is_empty()
        {
            on_message(&self.kept, length);
            self.kept.clear();
        }
    }
}

impl FramingState {
    fn damaged(left: usize) -> FramingState {
        if left == 0 { FramingState::Start } else { FramingState::Damaged { left } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A query for `name`, after its two-byte length.
    fn query(id: u8, name: &str) -> Vec<u8> {
        let mut message = vec![0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(label.len() as u8);
            message.extend(label.bytes());
        }
        message.extend([0, 0, 1, 0, 1]);
        [&(message.len() as u16).to_be_bytes()[..], &message].concat()
    }

    /// Messages passed on: the kept beginning and the whole length of each.
    #[derive(Debug, Default, PartialEq)]
    struct Heard(Vec<(Vec<u8>, usize)>);

    impl Heard {
        fn listen(&mut self) -> impl FnMut(&[u8], usize) -> bool + '_ {
            |bytes, length| {
                let is_dns = DnsHeader::read(bytes).is_some_and(|header| header.is_plausible());
                if is_dns {
                    self.0.push((bytes.to_vec(), length));
                }
                is_dns
            }
        }

        fn lengths(&self) -> Vec<(usize, usize)> {
            self.0.iter().map(|(bytes, length)| (bytes.len(), *length)).collect()
        }
    }

    #[test]
    fn the_beginning_of_a_query_is_recognised_when_its_question_is_there() {
        let bytes = query(7, "pool.example");
        for length in 0..bytes.len() {
            let known = if length < bytes.len() { Probe::Unsure } else { Probe::Certain };
            assert_eq!(probe_stream(&bytes[..length]), known, "{length} bytes");
        }
        assert_eq!(probe_stream(&bytes.repeat(2)), Probe::Certain);
    }

    #[test]
    fn other_protocols_do_not_begin_like_dns() {
        for head in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"{\"id\":1,\"method\":\"mining.subscribe\"}\n",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\xa7\x1e\x55", // TLS ClientHello
            b"SSH-2.0-x\r\n",
            b"\0\0\0\x85\xffSMBr\0\0\0\0\0\0\0\0", // NetBIOS session
            b"HS\0\0\x01\0RS\0\0\0\0\0\0\0\0",     // HiSLIP, synchronous
            b"HS\x11\0\0\0\0\x01\0\0\0\0\0\0\0\0HS\x0f\0", // and asynchronous
            &[0; 64],
            &[0xff; 64],
        ] {
            assert_eq!(probe_stream(head), Probe::NotForUs, "{head:?}");
        }
    }

    #[test]
    fn a_lost_part_costs_its_message_and_no_other() {
        let (first, second, third) =
            (query(1, "a.example"), query(2, "b.example"), query(3, "c.example"));
        let (mut framing, mut heard) = (LengthFraming::default(), Heard::default());
        framing.push(&first, &mut heard.listen());
        framing.push(&second[..20], &mut heard.listen());
        framing.lose(4, &mut heard.listen());
        framing.push(&[&second[24..], &third[..]].concat(), &mut heard.listen());
        let whole = first.len() - 2;
        // The second is cut where the loss begins.
        assert_eq!(heard.lengths(), [(whole, whole), (18, whole), (whole, whole)]);
    }

    #[test]
    fn behind_a_loss_of_unknown_extent_messages_are_recognised() {
        let (first, second) = (query(1, "a.example"), query(2, "b.example"));
        let (mut framing, mut heard) = (LengthFraming::default(), Heard::default());
        framing.push(&first[..1], &mut heard.listen());
        framing.lose(5000, &mut heard.listen());
        framing.push(&first[10..], &mut heard.listen());
        assert_eq!(heard.lengths(), []);
        framing.push(&second, &mut heard.listen());
        assert_eq!(heard.lengths(), [(second.len() - 2, second.len() - 2)]);
    }

    #[test]
    fn a_huge_message_is_not_kept_whole() {
        let mut huge = query(1, "zone.example");
        huge.resize(60_002, 0);
        huge[..2].copy_from_slice(&60_000u16.to_be_bytes());
        let (mut framing, mut heard) = (LengthFraming::default(), Heard::default());
        for piece in huge.chunks(1400) {
            framing.push(piece, &mut heard.listen());
            assert!(framing.kept.len() <= MAX_KEPT);
        }
        framing.push(&huge, &mut heard.listen());
        assert_eq!(heard.lengths(), [(MAX_KEPT, 60_000); 2]);
        assert_eq!(heard.0[0], heard.0[1]);
    }

    proptest! {
        #[test]
        fn any_segmentation_gives_the_same_messages(
            names in prop::collection::vec("[a-z]{1,12}\\.[a-z]{2,9}", 1..8),
            cuts in prop::collection::vec(1usize..40, 1..30),
        ) {
            let stream: Vec<u8> = names.iter().flat_map(|name| query(9, name)).collect();
            let (mut whole, mut pieces) = (Heard::default(), Heard::default());
            LengthFraming::default().push(&stream, &mut whole.listen());
            prop_assert_eq!(whole.0.len(), names.len());
            let (mut framing, mut rest) = (LengthFraming::default(), &stream[..]);
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at(rest.len().min(*cut));
                framing.push(piece, &mut pieces.listen());
                rest = after;
                if rest.is_empty() { break; }
            }
            prop_assert_eq!(whole, pieces);
        }

        #[test]
        fn random_bytes_and_losses_never_panic(
            pieces in prop::collection::vec(
                (prop::collection::vec(prop_oneof![Just(0u8), Just(1), any::<u8>()], 0..80), 0u64..100), 0..40),
        ) {
            let (mut framing, mut heard) = (LengthFraming::default(), Heard::default());
            for (bytes, gap) in pieces {
                probe_stream(&bytes);
                if gap > 50 {
                    framing.lose(gap, &mut heard.listen());
                }
                framing.push(&bytes, &mut heard.listen());
                prop_assert!(framing.kept.len() <= MAX_KEPT);
            }
            framing.cut(&mut heard.listen());
        }
    }
}
