//! Messages: assembled from frames, and inflated.

use super::deflate::{Inflater, UnreadableMessage};
use super::frame::{FrameHeader, FrameKind, PayloadPiece};
use super::negotiation::Deflate;

/// Longest message kept, in bytes: the longest line of Stratum.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;
/// Capacity, in bytes, to which buffers shrink when the next message begins.
const KEEP_CAPACITY: usize = 4 * 1024;

/// Assembles the messages of one direction.
#[derive(Debug)]
pub(super) struct MessageAssembler {
    reading: MessageState,
    /// The current frame is a control frame, which may interrupt a message.
    control: bool,
    /// The current frame is the last of the message.
    last: bool,
    bytes: Vec<u8>,
    /// Unmasked payload that is not yet inflated.
    plain: Vec<u8>,
    inflater: Inflater,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MessageState {
    /// No message is open, or its beginning was not seen.
    Nothing,
    Plain,
    Compressed,
    Dropped,
}

impl MessageAssembler {
    /// Returns the number of allocated bytes.
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity() + self.plain.capacity() + self.inflater.held()
    }

    pub(super) fn new(deflate: Deflate) -> Self {
        MessageAssembler {
            reading: MessageState::Nothing,
            control: false,
            last: false,
            bytes: Vec::new(),
            plain: Vec::new(),
            inflater: Inflater::new(deflate),
        }
    }

    /// Begins a frame.
    pub(super) fn begin(&mut self, header: &FrameHeader) {
        self.control = header.kind == FrameKind::Control;
        self.last = header.last;
        if header.kind == FrameKind::Data {
            if self.reading == MessageState::Compressed {
                self.inflater.lose(); // the previous message was never finished
            }
            self.bytes.clear();
            self.bytes.shrink_to(KEEP_CAPACITY);
            self.plain.shrink_to(KEEP_CAPACITY);
            self.reading =
                if header.compressed { MessageState::Compressed } else { MessageState::Plain };
        }
    }

    /// Adds a part of the current frame's payload.
    pub(super) fn push(&mut self, piece: PayloadPiece<'_>) {
        match self.reading {
            MessageState::Plain if !self.control => {
                if self.bytes.len() + piece.len() > MAX_MESSAGE {
                    self.reading = MessageState::Dropped;
                } else {
                    self.bytes.extend(piece.unmasked());
                }
            }
            MessageState::Compressed if !self.control => {
                self.plain.clear();
                self.plain.extend(piece.unmasked());
                self.inflater.push(&self.plain, &mut self.bytes, MAX_MESSAGE);
            }
            _ => {}
        }
    }

    /// Ends the current frame. Returns the message if it is complete and not blank.
    pub(super) fn end(&mut self) -> Option<Result<&[u8], UnreadableMessage>> {
        if self.control || !self.last {
            return None;
        }
        match std::mem::replace(&mut self.reading, MessageState::Nothing) {
            MessageState::Nothing => return None,
            MessageState::Plain => {}
            MessageState::Compressed => {
                if self.inflater.finish(&mut self.bytes, MAX_MESSAGE).is_err() {
                    return Some(Err(UnreadableMessage));
                }
            }
            MessageState::Dropped => return Some(Err(UnreadableMessage)),
        }
        let text = self.bytes.trim_ascii();
        (!text.is_empty()).then_some(Ok(text))
    }

    /// Handles lost bytes: the current message is dropped.
    pub(super) fn lose(&mut self) {
        if self.reading != MessageState::Nothing {
            self.reading = MessageState::Dropped;
        }
        self.inflater.lose();
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{FramePart, FrameSplitter};
    use super::*;

    /// Returns the messages in unmasked frames.
    fn messages(bytes: &[u8]) -> Vec<Option<String>> {
        let mut message = MessageAssembler::new(Deflate::default());
        let mut out = Vec::new();
        FrameSplitter::default().push(bytes, |part| {
            match part {
                FramePart::Begin(header) => message.begin(&header),
                FramePart::Payload(piece) => message.push(piece),
                FramePart::End => {
                    out.extend(message.end().map(|text| {
                        text.ok().map(|text| String::from_utf8_lossy(text).into_owned())
                    }))
                }
            }
            true
        });
        out
    }

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        match payload.len() {
            0..=125 => [&[first, length[3]], payload].concat(),
            126..=0xffff => [&[first, 126, length[2], length[3]], payload].concat(),
            _ => [&[first, 127, 0, 0, 0, 0][..], &length, payload].concat(),
        }
    }

    #[test]
    fn fragments_are_put_together_around_control_frames() {
        let bytes = [
            frame(0x01, b"{\"a"), // text, more follows
            frame(0x89, b"ping"),
            frame(0x00, b"\":"),
            frame(0x8a, b""),
            frame(0x80, b"1}"),      // the last part
            frame(0x82, b" {}\r\n"), // binary
            frame(0x81, b" "),
            frame(0x80, b"stray"),
        ];
        let expected = [Some("{\"a\":1}".to_owned()), Some("{}".to_owned())];
        assert_eq!(messages(&bytes.concat()), expected);
    }

    #[test]
    fn compressed_fragments_are_put_together() {
        // RFC 7692 §7.2.3.1: "Hello" in two frames; then "Hello" again, which refers to the first.
        let bytes = [
            frame(0x41, &[0xf2, 0x48, 0xcd]),
            frame(0x89, b"ping"),
            frame(0x80, &[0xc9, 0xc9, 0x07, 0x00]),
            frame(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        ];
        assert_eq!(messages(&bytes.concat()), vec![Some("Hello".to_owned()); 2]);
    }

    #[test]
    fn a_long_message_is_skipped_and_the_next_one_read() {
        let half = vec![b'x'; MAX_MESSAGE / 2 + 1];
        let bytes = [frame(0x01, &half), frame(0x80, &half), frame(0x81, b"{}")];
        assert_eq!(messages(&bytes.concat()), [None, Some("{}".to_owned())]);
    }
}
