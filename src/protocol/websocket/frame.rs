//! Frames (RFC 6455 §5.2): reads headers and splits payloads, which the caller unmasks.

/// Longest header, in bytes: two bytes, an extended length of eight, a masking key of four.
const MAX_HEADER: usize = 14;
/// Longest payload of a control frame, in bytes (RFC 6455 §5.5).
const MAX_CONTROL: u64 = 125;

/// First bytes of an uncompressed message in one frame: FIN and the opcode.
pub(super) const TEXT: u8 = 0x81;
pub(super) const BINARY: u8 = 0x82;

/// The kind of a frame, from its opcode (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    Continuation,
    /// Text or binary.
    Data,
    /// Close, ping, pong.
    Control,
}

/// The bytes are not the header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MalformedFrame;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub kind: FrameKind,
    /// The frame is the last of its message.
    pub last: bool,
    /// The message that begins here is compressed (RFC 7692 §6).
    pub compressed: bool,
    /// Length of the payload, in bytes.
    pub length: u64,
    /// The masking key; zero if the payload is not masked.
    key: [u8; 4],
    masked: bool,
    size: usize,
}

impl FrameHeader {
    /// Reads the header at the start of `bytes`. Returns `None` if it is incomplete.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<FrameHeader>, MalformedFrame> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let (last, compressed) = (first & 0x80 != 0, first & 0x40 != 0);
        let kind = match first & 0x0f {
            0 => FrameKind::Continuation,
            1 | 2 => FrameKind::Data,
            8..=10 => FrameKind::Control,
            _ => return Err(MalformedFrame),
        };
        // No extension in use defines the other reserved bits.
        if first & 0x30 != 0 || (compressed && kind != FrameKind::Data) {
            return Err(MalformedFrame);
        }
        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        let (masked, short) = (second & 0x80 != 0, u64::from(second & 0x7f));
        let (length, rest) = match short {
            126 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from_be_bytes(*length), rest),
                None => return Ok(None),
            },
            _ => (short, rest),
        };
        // The shortest form is mandatory, and the highest bit must be zero.
        let shortest = match short {
            126 => length > 125,
            127 => length > 0xffff && length >> 63 == 0,
            _ => true,
        };
        if !shortest || (kind == FrameKind::Control && (!last || length > MAX_CONTROL)) {
            return Err(MalformedFrame);
        }
        let (key, rest) = match rest.split_first_chunk() {
            Some((key, rest)) if masked => (*key, rest),
            None if masked => return Ok(None),
            _ => ([0; 4], rest),
        };
        let size = bytes.len() - rest.len();
        Ok(Some(FrameHeader { kind, last, compressed, length, key, masked, size }))
    }

    /// Iterates over the unmasked payload in `bytes`, which begin with this header.
    ///
    /// It ends early if the payload is cut.
    pub(super) fn payload<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = u8> + 'a {
        let payload = bytes.get(self.size..).unwrap_or_default();
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        let piece = payload.get(..length).unwrap_or(payload);
        PayloadPiece { bytes: piece, key: self.key }.unmasked()
    }

    /// Returns whether a part of the payload is missing in `bytes`, which begin with this header.
    pub(super) fn is_cut(&self, bytes: &[u8]) -> bool {
        (bytes.len().saturating_sub(self.size) as u64) < self.length
    }

    /// Returns whether a stream can be resumed with this header at the start of `bytes`.
    ///
    /// It can if the frame fills `bytes`, because senders write frames at once, or if its payload
    /// begins like JSON.
    fn is_plausible(&self, bytes: &[u8], masked: Option<bool>) -> bool {
        let whole = bytes.len().saturating_sub(self.size) as u64 == self.length;
        let object = !self.compressed && self.payload(bytes).next() == Some(b'{');
        self.kind != FrameKind::Continuation
            && masked.is_none_or(|masked| masked == self.masked)
            && (whole || object)
    }
}

/// A part of a payload, still masked.
#[derive(Clone, Copy, Debug)]
pub(super) struct PayloadPiece<'a> {
    bytes: &'a [u8],
    /// The masking key, rotated so that its first byte is for the first of `bytes`.
    key: [u8; 4],
}

impl<'a> PayloadPiece<'a> {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Iterates over the unmasked bytes (RFC 6455 §5.3).
    pub(super) fn unmasked(self) -> impl Iterator<Item = u8> + 'a {
        self.bytes.iter().zip(self.key.into_iter().cycle()).map(|(byte, key)| byte ^ key)
    }
}

/// A part of a stream of frames.
#[derive(Debug)]
pub(super) enum FramePart<'a> {
    Begin(FrameHeader),
    Payload(PayloadPiece<'a>),
    /// The frame is complete.
    End,
}

/// Splits one direction into frames.
#[derive(Debug, Default)]
pub(super) struct FrameSplitter {
    state: FrameState,
    /// Whether this side masks its payloads; a client always does.
    masked: Option<bool>,
}

#[derive(Debug)]
enum FrameState {
    /// The beginning of a header.
    Header {
        bytes: [u8; MAX_HEADER],
        count: usize,
    },
    Payload {
        header: FrameHeader,
        left: u64,
    },
    /// Out of sync for this many chunks.
    Lost(u32),
}

impl Default for FrameState {
    fn default() -> Self {
        FrameState::Header { bytes: [0; MAX_HEADER], count: 0 }
    }
}

impl FrameSplitter {
    /// Returns for how many chunks the position of the next header has been unknown.
    pub(super) fn lost(&self) -> u32 {
        match self.state {
            FrameState::Lost(chunks) => chunks,
            FrameState::Header { .. } | FrameState::Payload { .. } => 0,
        }
    }

    /// Accounts for `count` bytes lost before the next [`FrameSplitter::push`].
    pub(super) fn lose(&mut self, count: u64) {
        match &mut self.state {
            FrameState::Payload { left, .. } if *left > count => *left -= count,
            _ => self.state = FrameState::Lost(0),
        }
    }

    /// Splits the next chunk and passes each part to `part`, until `part` returns `false`.
    pub(super) fn push(&mut self, bytes: &[u8], mut part: impl FnMut(FramePart<'_>) -> bool) {
        self.resume(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match &mut self.state {
                FrameState::Lost(_) => return,
                FrameState::Header { bytes, count } => {
                    let before = *count;
                    for (slot, byte) in bytes.iter_mut().skip(before).zip(rest) {
                        *slot = *byte;
                        *count += 1;
                    }
                    match FrameHeader::read(bytes.get(..*count).unwrap_or_default()) {
                        Ok(None) => return,
                        Ok(Some(header)) => {
                            self.masked = Some(header.masked);
                            self.state = FrameState::Payload { header, left: header.length };
                            if !part(FramePart::Begin(header)) {
                                return;
                            }
                            rest.get(header.size.saturating_sub(before)..).unwrap_or_default()
                        }
                        Err(MalformedFrame) => {
                            self.state = FrameState::Lost(0);
                            return;
                        }
                    }
                }
                FrameState::Payload { header, left } => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    let (bytes, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                    let mut key = header.key;
                    key.rotate_left(((header.length - *left) % 4) as usize);
                    *left -= count as u64;
                    if !part(FramePart::Payload(PayloadPiece { bytes, key })) {
                        return;
                    }
                    after
                }
            };
            if let FrameState::Payload { left: 0, .. } = self.state {
                self.state = FrameState::default();
                if !part(FramePart::End) {
                    return;
                }
            }
        }
    }

    /// Looks for a header at the start of a chunk if the position of the next one is unknown.
    fn resume(&mut self, bytes: &[u8]) {
        let FrameState::Lost(chunks) = &mut self.state else { return };
        *chunks = chunks.saturating_add(1);
        if let Ok(Some(header)) = FrameHeader::read(bytes)
            && header.is_plausible(bytes, self.masked)
        {
            self.state = FrameState::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the frames (header, unmasked payload) of a stream that is cut into pieces.
    fn frames(bytes: &[u8], size: usize) -> Vec<(FrameHeader, Vec<u8>)> {
        let mut frames = FrameSplitter::default();
        let (mut out, mut payload) = (Vec::new(), Vec::new());
        let mut current = None;
        for piece in bytes.chunks(size) {
            frames.push(piece, |part| {
                match part {
                    FramePart::Begin(header) => current = Some(header),
                    FramePart::Payload(piece) => payload.extend(piece.unmasked()),
                    FramePart::End => {
                        out.extend(current.take().map(|h| (h, std::mem::take(&mut payload))))
                    }
                }
                true
            });
        }
        out
    }

    #[test]
    fn the_example_of_the_rfc_is_unmasked() {
        // RFC 6455 §5.7: "Hello", masked; then an unmasked ping "Hello".
        let bytes = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58, // text
            0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f, // ping
        ];
        for size in 1..bytes.len() {
            let frames = frames(&bytes, size);
            assert_eq!(frames[0].0.kind, FrameKind::Data);
            assert_eq!(frames[1].0.kind, FrameKind::Control);
            assert!(frames.iter().all(|(_, payload)| payload == b"Hello"), "{frames:?}");
        }
    }

    #[test]
    fn headers_that_no_sender_writes_are_malformed() {
        for bytes in [
            &[0x83, 0x00][..],                          // reserved opcode
            &[0x91, 0x00],                              // reserved bit
            &[0xc0, 0x00],                              // compressed continuation
            &[0x09, 0x00],                              // fragmented ping
            &[0x89, 126, 0, 200],                       // long ping
            &[0x81, 126, 0, 125],                       // not the shortest length
            &[0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], // not the shortest length
            &[0x81, 127, 0x80, 0, 0, 0, 0, 1, 0, 0],    // highest bit
        ] {
            assert_eq!(FrameHeader::read(bytes), Err(MalformedFrame), "{bytes:02x?}");
        }
    }

    #[test]
    fn a_loss_inside_a_payload_keeps_the_place() {
        let mut frames = FrameSplitter::default();
        let mut ends = 0;
        frames.push(&[0x82, 10, 1, 2, 3], |_| true);
        frames.lose(4);
        // The last three bytes of the payload and an empty ping.
        frames.push(&[8, 9, 10, 0x89, 0x00], |part| {
            ends += u32::from(matches!(part, FramePart::End));
            true
        });
        assert_eq!(ends, 2);
    }

    #[test]
    fn after_a_loss_a_chunk_that_is_one_frame_or_begins_with_an_object_is_the_way_back() {
        let mut frames = FrameSplitter::default();
        let mut begins = 0;
        let mut push = |frames: &mut FrameSplitter, bytes: &[u8]| {
            frames.push(bytes, |part| {
                begins += u32::from(matches!(part, FramePart::Begin(_)));
                true
            });
        };
        push(&mut frames, &[0x81, 2, b'h', b'i']);
        frames.lose(100);
        push(&mut frames, b"\x81\x05abc"); // not the whole frame
        push(&mut frames, b"\x81\x82\0\0\0\0hi"); // masked, but this side does not mask
        assert_eq!(frames.lost(), 2);
        push(&mut frames, b"\x81\x05{\"a\"");
        assert_eq!(frames.lost(), 0);
        push(&mut frames, b"}\x81\x01x");
        assert_eq!(begins, 3);
    }

    proptest! {
        #[test]
        fn any_segmentation_gives_the_same_frames(
            payloads in prop::collection::vec((any::<bool>(), any::<[u8; 4]>(), 0usize..300), 1..6),
            cut in 1usize..40,
        ) {
            let mut bytes = Vec::new();
            for (last, key, length) in payloads {
                bytes.push(if last { 0x82 } else { 0x02 });
                match length {
                    0..=125 => bytes.push(0x80 | length as u8),
                    _ => bytes.extend([0xfe, (length >> 8) as u8, length as u8]),
                }
                bytes.extend(key);
                bytes.extend((0..length).map(|n| n as u8 ^ key[n % 4]));
            }
            let whole = frames(&bytes, bytes.len());
            for (header, payload) in &whole {
                prop_assert_eq!(payload.len() as u64, header.length);
                prop_assert!(payload.iter().enumerate().all(|(n, byte)| *byte == n as u8));
            }
            prop_assert_eq!(frames(&bytes, cut), whole);
        }

        #[test]
        fn random_bytes_never_panic(
            pieces in prop::collection::vec((0u64..20, prop::collection::vec(any::<u8>(), 0..30)), 0..20),
        ) {
            let mut frames = FrameSplitter::default();
            for (gap, bytes) in pieces {
                if gap > 15 {
                    frames.lose(gap);
                }
                frames.push(&bytes, |_| true);
            }
        }
    }
}
