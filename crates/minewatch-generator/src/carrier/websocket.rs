//! WebSocket (RFC 6455) around the messages: masked by the client, perhaps compressed (RFC 7692)
//! or in fragments.

use flate2::{Compress, Compression, FlushCompress};

use super::POOL_NAME;
use crate::codec::{base64, sha1};
use crate::conversation::{Conversation, Message, ONE_WAY, Speaker, Tag};
use crate::dialect::profile::XELIS_PATH;
use crate::rng::Rng;

/// What the two sides make of the protocol's liberties.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    pub path: &'static str,
    pub deflate: bool,
    /// Messages come in up to three fragments, with pings between them.
    pub fragments: bool,
}

mod opcode {
    pub const CONTINUATION: u8 = 0;
    pub const TEXT: u8 = 1;
    pub const BINARY: u8 = 2;
    pub const PING: u8 = 9;
    pub const PONG: u8 = 10;
}

const FIN: u8 = 0x80;
/// "Compressed", on the first frame of a message.
const RSV1: u8 = 0x40;

/// Puts each message of `conversation` into a WebSocket message, after the handshake.
pub fn wrap(conversation: &mut Conversation, style: Style, rng: &mut Rng) {
    let mut sides = [Side::new(true), Side::new(false)];
    let mut messages: Vec<Message> = Vec::new();
    for mut message in std::mem::take(&mut conversation.messages) {
        // Fragments of two messages must not mix.
        message.at = message.at.max(messages.last().map_or(0, |last| last.at + 1));
        let side = &mut sides[usize::from(message.from == Speaker::Pool)];
        side.message(message, style, rng, &mut messages);
    }
    conversation.messages = messages;
    conversation.delay(2 * ONE_WAY);
    let key = base64(&rng.bytes(16));
    let (offered, agreed) = if style.deflate {
        (
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
            "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        )
    } else {
        ("", "")
    };
    let path = if style.path.is_empty() { "/" } else { style.path };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {POOL_NAME}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{offered}\r\n"
    );
    let accept = base64(&sha1(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes()));
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{agreed}\r\n"
    );
    let said =
        |at, from, text: String| Message { at, from, bytes: text.into_bytes(), tag: Tag::Other };
    let mut handshake =
        [said(ONE_WAY, Speaker::Miner, request), said(2 * ONE_WAY, Speaker::Pool, response)];
    if style.path == XELIS_PATH {
        // Nobody logs in: the path names the wallet.
        handshake[0].tag = Tag::Login;
    }
    conversation.messages.splice(0..0, handshake);
    conversation.facts.carriers.push("websocket");
}

struct Side {
    masks: bool,
    /// Its window lasts from message to message.
    compress: Compress,
}

impl Side {
    fn new(masks: bool) -> Side {
        Side { masks, compress: Compress::new(Compression::default(), false) }
    }

    fn message(&mut self, message: Message, style: Style, rng: &mut Rng, out: &mut Vec<Message>) {
        let Message { at, from, bytes, tag } = message;
        let text = std::str::from_utf8(&bytes).is_ok();
        let mut kind = if text { opcode::TEXT } else { opcode::BINARY };
        let payload = if text { bytes.trim_ascii().to_vec() } else { bytes };
        let payload = if style.deflate { self.deflated(&payload) } else { payload };
        if style.deflate {
            kind |= RSV1;
        }
        let pieces = if style.fragments && payload.len() > 8 { 3 } else { 1 };
        let size = payload.len().div_ceil(pieces).max(1);
        let count = payload.chunks(size).len();
        let mut pinged = false;
        for (index, piece) in payload.chunks(size).enumerate() {
            let last = index + 1 == count;
            let first_byte = kind | if last { FIN } else { 0 };
            kind = opcode::CONTINUATION;
            let bytes = self.frame(first_byte, piece, rng);
            let tag = if last { tag } else { Tag::Other };
            let at = at + index as u64 * 200;
            out.push(Message { at, from, bytes, tag });
            if !last && !pinged && rng.chance(0.3) {
                pinged = true;
                let ping = self.frame(FIN | opcode::PING, b"still there?", rng);
                out.push(Message { at: at + 50, from, bytes: ping, tag: Tag::Other });
            }
        }
        if pinged {
            let pong = Side { masks: !self.masks, ..Side::new(false) }.frame(
                FIN | opcode::PONG,
                b"still there?",
                rng,
            );
            let at = at + count as u64 * 200;
            out.push(Message { at, from: from.other(), bytes: pong, tag: Tag::Other });
        }
    }

    /// The payload without the empty block at its end (RFC 7692 §7.2.1).
    fn deflated(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(payload.len() + 64);
        let mut rest = payload;
        loop {
            let before = self.compress.total_in();
            let done = self.compress.compress_vec(rest, &mut out, FlushCompress::Sync);
            let taken = (self.compress.total_in() - before) as usize;
            rest = rest.get(taken..).unwrap_or_default();
            if done.is_err() || (rest.is_empty() && out.len() < out.capacity()) {
                break;
            }
            out.reserve(out.capacity().max(64));
        }
        out.truncate(out.len().saturating_sub(4));
        out
    }

    fn frame(&self, first: u8, payload: &[u8], rng: &mut Rng) -> Vec<u8> {
        let masked = if self.masks { 0x80 } else { 0 };
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..126 => frame.push(masked | length as u8),
            length @ 126..65_536 => {
                frame.push(masked | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(masked | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        if self.masks {
            let key = rng.bytes(4);
            frame.extend(&key);
            frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        } else {
            frame.extend(payload);
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Dialect, Plan};

    /// Reads the frames back: (from, opcode and flags, payload) of each.
    fn frames(conversation: &Conversation) -> Vec<(Speaker, u8, Vec<u8>)> {
        let read = |message: &Message| {
            let bytes = &message.bytes;
            let (mut at, length) = match bytes[1] & 0x7f {
                126 => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
                length => (2, usize::from(length)),
            };
            let masked = bytes[1] & 0x80 != 0;
            assert_eq!(masked, message.from == Speaker::Miner);
            let mut payload = bytes[at..].to_vec();
            if masked {
                let key = &bytes[at..at + 4];
                at += 4;
                payload = bytes[at..].iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k).collect();
            }
            assert_eq!(payload.len(), length);
            (message.from, bytes[0], payload)
        };
        conversation.messages.iter().skip(2).map(read).collect()
    }

    #[test]
    fn what_is_wrapped_can_be_read_again_however_it_is_wrapped() {
        for (deflate, fragments) in [(false, false), (true, false), (false, true), (true, true)] {
            // Late answers are given at the same moment.
            let plan = Plan { lateness: 20.0, ..Dialect::Browser.typical() };
            let mut conversation = Dialect::Browser.converse(&plan, &mut Rng::new(4));
            let said: Vec<_> = conversation.messages.clone();
            wrap(&mut conversation, Style { path: "/proxy", deflate, fragments }, &mut Rng::new(1));
            assert!(conversation.messages.is_sorted_by_key(|message| message.at));
            let mut open = Vec::new();
            let mut heard = Vec::new();
            let mut inflate = [flate2::Decompress::new(false), flate2::Decompress::new(false)];
            for (from, first, payload) in frames(&conversation) {
                if first & 0x0f >= opcode::PING {
                    continue;
                }
                open.extend(payload);
                if first & FIN == 0 {
                    continue;
                }
                let mut text = std::mem::take(&mut open);
                if deflate {
                    text.extend([0, 0, 0xff, 0xff]);
                    let mut out = Vec::with_capacity(4096);
                    let inflate = &mut inflate[usize::from(from == Speaker::Pool)];
                    inflate.decompress_vec(&text, &mut out, flate2::FlushDecompress::Sync).unwrap();
                    text = out;
                }
                heard.push((from, text));
            }
            let said: Vec<_> =
                said.iter().map(|m| (m.from, m.bytes.trim_ascii().to_vec())).collect();
            assert!(heard == said, "deflate {deflate}, fragments {fragments}");
        }
    }
}
