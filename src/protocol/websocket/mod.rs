//! WebSocket (RFC 6455): extracts the messages of mining conversations of browsers and programs.
//!
//! ```text
//! bytes ─frame─▶ header, payload ─message─▶ (inflate) ─▶ BodyReaders
//! ```
//!
//! Text and binary messages are handled in the same way. Control frames, and messages above
//! [`message::MAX_MESSAGE`], are skipped by counting.
//!
//! If bytes inside a payload are lost, its message is dropped. If the loss reaches the next header,
//! the direction is out of sync. It is in sync again at a chunk that begins with a plausible header
//! and ends with the payload or carries a JSON object. If messages refer to earlier ones (context
//! takeover, RFC 7692 §7.1.1), only uncompressed messages are read after a loss.
//!
//! Nothing here panics on any input. A direction holds at most one message of
//! [`message::MAX_MESSAGE`] and, if it compresses, a window of 32 KiB.

mod deflate;
mod frame;
mod message;
mod negotiation;

use super::body::{BodyReader, BodyReaders};
use super::description::{FirstBytes, StreamProtocol};
use super::parser::{Context, Next, Parser, Probe, StreamParser, Successor};
use super::surroundings::Surroundings;
use crate::model::chunk::{Chunk, Direction};
use crate::model::event::mining::Carrier;
use deflate::UnreadableMessage;
use frame::{BINARY, FramePart, FrameSplitter, TEXT};
use message::{MAX_MESSAGE, MessageAssembler};
pub(super) use negotiation::{Extension, SocketOptions};

const NAME: &str = "websocket";

/// The description of WebSocket connections whose handshake was not seen.
pub(super) const STREAM: StreamProtocol = StreamProtocol {
    first_bytes: FirstBytes::Among(&[TEXT..=BINARY]),
    // Messages begin with a segment.
    message_start: Some(|bytes| matches!(bytes, [TEXT | BINARY, ..]).then_some(0)),
    ..StreamProtocol::new(NAME, probe, |surroundings| open(SocketOptions::default(), surroundings))
};

/// Returns the protocol that follows an HTTP connection after its upgrade to this socket at `target`.
pub(super) fn successor(socket: SocketOptions, target: Option<Box<str>>) -> Successor {
    let open = move |surroundings: &Surroundings| -> Box<dyn StreamParser> {
        let mut opened = WebSocket::new(socket, surroundings);
        if let Some(target) = target {
            opened.readers.upgraded(&target);
        }
        Box::new(opened)
    };
    Successor::Protocol(NAME, Box::new(open))
}

fn open(socket: SocketOptions, surroundings: &Surroundings) -> Box<dyn StreamParser> {
    Box::new(WebSocket::new(socket, surroundings))
}

/// Chunks in a row without a plausible header, in each direction, after which parsing ends.
const MAX_LOST: u32 = 64;
/// Unreadable messages in a row after which parsing ends: mining sends short messages.
const MAX_UNREADABLE: u32 = 32;

/// Decides whether a connection whose handshake was not seen begins with a mining message.
///
/// The first frame must hold a whole, uncompressed message: a JSON object that [`BodyReaders`]
/// recognises.
fn probe(direction: Direction, bytes: &[u8]) -> Probe {
    if !matches!(bytes, [] | [TEXT | BINARY, ..]) {
        return Probe::NotForUs;
    }
    let header = match frame::FrameHeader::read(bytes) {
        Ok(Some(header)) => header,
        Ok(None) => return Probe::Unsure,
        Err(frame::MalformedFrame) => return Probe::NotForUs,
    };
    if header.length > MAX_MESSAGE as u64 {
        return Probe::NotForUs;
    }
    match header.payload(bytes).next() {
        None => Probe::Unsure,
        Some(b'{') if header.is_cut(bytes) => Probe::Unsure,
        Some(b'{') => {
            // The line end marks the line as complete.
            let line: Vec<u8> = header.payload(bytes).chain([b'\n']).collect();
            BodyReaders::probe(direction, &line)
        }
        Some(_) => Probe::NotForUs,
    }
}

/// A WebSocket connection.
#[derive(Debug)]
struct WebSocket {
    /// Indexed by [`Direction::index`].
    sides: [FrameDirection; 2],
    readers: BodyReaders,
    unreadable: u32,
}

#[derive(Debug)]
struct FrameDirection {
    frames: FrameSplitter,
    message: MessageAssembler,
}

impl FrameDirection {
    fn new(socket: SocketOptions, direction: Direction) -> Self {
        FrameDirection {
            frames: FrameSplitter::default(),
            message: MessageAssembler::new(socket.deflate(direction)),
        }
    }
}

impl WebSocket {
    fn new(socket: SocketOptions, surroundings: &Surroundings) -> Self {
        WebSocket {
            sides: Direction::BOTH.map(|direction| FrameDirection::new(socket, direction)),
            readers: BodyReaders::open(surroundings, Carrier::WebSocket),
            unreadable: 0,
        }
    }

    fn read(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        let [to_server, to_client] = &mut self.sides;
        let FrameDirection { frames, message } = match chunk.direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        if chunk.gap > 0 {
            frames.lose(chunk.gap);
            message.lose();
        }
        let mut next = Next::More;
        frames.push(chunk.bytes, |part| {
            match part {
                FramePart::Begin(header) => message.begin(&header),
                FramePart::Payload(piece) => message.push(piece),
                FramePart::End => match message.end() {
                    None => {}
                    Some(Ok(text)) => {
                        self.unreadable = 0;
                        next = self.readers.body(context, chunk.direction, text);
                    }
                    Some(Err(UnreadableMessage)) => self.unreadable += 1,
                },
            }
            next == Next::More
        });
        let over = self.unreadable >= MAX_UNREADABLE || self.is_lost(context);
        if next == Next::More && over { Next::Done } else { next }
    }

    /// Returns whether each direction is out of sync for [`MAX_LOST`] chunks, or has no packets.
    fn is_lost(&self, context: &Context<'_>) -> bool {
        let heard = context.flow.packets;
        self.sides
            .iter()
            .zip(heard)
            .all(|(side, packets)| packets == 0 || side.frames.lost() >= MAX_LOST)
    }
}

impl Parser for WebSocket {
    fn held(&self) -> usize {
        let messages = self.sides.iter().map(|side| side.message.held()).sum::<usize>();
        messages + self.readers.held()
    }

    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        let next = self.read(context, chunk);
        if next != Next::More {
            self.readers.close(context);
        }
        next
    }

    fn close(&mut self, context: &mut Context<'_>) {
        self.readers.close(context);
    }
}
