//! Bodies (RFC 9112 §6, §7): their bytes are counted, and kept only while they may be JSON.

use super::fields::{Coding, HeaderFields};
use crate::protocol::condense::{CondensedText, MAX_TEXT};

/// Most hexadecimal digits in the size of a chunk: 64 bits.
const MAX_SIZE_DIGITS: u8 = 16;

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFraming {
    /// This many bytes are left.
    Counted(u64),
    Chunked(Chunked),
    UntilClose,
}

/// The position of the stream in the chunked coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunked {
    Size {
        size: u64,
        digits: u8,
    },
    /// The rest of the line that holds the size.
    Extension {
        size: u64,
    },
    Data {
        left: u64,
    },
    /// The line end after the data.
    DataEnd,
    /// Field lines; an empty one ends the body.
    Trailer {
        empty: bool,
    },
}

const CHUNKS: BodyFraming = BodyFraming::Chunked(Chunked::Size { size: 0, digits: 0 });

impl BodyFraming {
    /// Returns the framing of a request's body, or `None` if there is no body (RFC 9112 §6.3).
    pub(super) fn of_request(fields: &HeaderFields<'_>) -> Option<BodyFraming> {
        match (fields.coding, fields.length) {
            (Some(Coding::Chunked), _) => Some(CHUNKS),
            (Some(Coding::Other), _) => Some(BodyFraming::UntilClose),
            (None, length) => length.filter(|&length| length > 0).map(BodyFraming::Counted),
        }
    }

    /// Returns the framing of the body of a response that may have one.
    pub(super) fn of_response(fields: &HeaderFields<'_>) -> Option<BodyFraming> {
        match (fields.coding, fields.length) {
            (Some(Coding::Chunked), _) => Some(CHUNKS),
            (None, Some(0)) => None,
            (None, Some(length)) => Some(BodyFraming::Counted(length)),
            (Some(Coding::Other), _) | (None, None) => Some(BodyFraming::UntilClose),
        }
    }
}

/// The content of a body so far.
#[derive(Debug, PartialEq, Eq)]
enum BodyContent {
    /// Only whitespace so far.
    Blank,
    Json(CondensedText),
    /// The body is not JSON, is too long, is incomplete, or no reader wants it.
    Skipped,
}

/// Which JSON bodies the readers want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyInterest {
    Nothing,
    /// Bodies of at most [`MAX_TEXT`] bytes.
    Short,
    All,
}

/// The state of a body after some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyProgress {
    More,
    /// The body ended after this many of the bytes.
    Complete(usize),
    /// The chunked coding is malformed.
    Malformed,
}

/// A body as it arrives.
#[derive(Debug)]
pub(super) struct MessageBody {
    framing: BodyFraming,
    content: BodyContent,
    /// Bytes that may still come before the body is too long.
    room: u64,
}

impl MessageBody {
    pub(super) fn new(framing: BodyFraming, wanted: BodyInterest) -> Self {
        let room = match wanted {
            BodyInterest::Nothing => 0,
            BodyInterest::Short => MAX_TEXT as u64,
            BodyInterest::All => u64::MAX,
        };
        let fits = wanted != BodyInterest::Nothing
            && !matches!(framing, BodyFraming::Counted(length) if length > room);
        let content = if fits { BodyContent::Blank } else { BodyContent::Skipped };
        MessageBody { framing, content, room }
    }

    /// Returns whether the body ends only with the connection.
    pub(super) fn is_open_ended(&self) -> bool {
        self.framing == BodyFraming::UntilClose
    }

    /// Returns the number of buffered bytes.
    pub(super) fn held(&self) -> usize {
        match &self.content {
            BodyContent::Json(text) => text.held(),
            BodyContent::Blank | BodyContent::Skipped => 0,
        }
    }

    /// Returns the JSON of a complete body: one object, or an array.
    ///
    /// Returns `None` for other content, and for objects on lines of their own.
    pub(super) fn json(&self) -> Option<&[u8]> {
        match &self.content {
            BodyContent::Json(text) => {
                Some(text.bytes()).filter(|text| !has_lines_of_objects(text))
            }
            BodyContent::Blank | BodyContent::Skipped => None,
        }
    }

    /// Accounts for `count` lost bytes. Returns whether the position in the body is still known.
    pub(super) fn lose(&mut self, count: u64) -> bool {
        self.content = BodyContent::Skipped;
        match &mut self.framing {
            BodyFraming::Counted(left) | BodyFraming::Chunked(Chunked::Data { left })
                if *left > count =>
            {
                *left -= count;
                true
            }
            BodyFraming::UntilClose => true,
            BodyFraming::Counted(_) | BodyFraming::Chunked(_) => false,
        }
    }

    /// Consumes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> BodyProgress {
        match &mut self.framing {
            BodyFraming::UntilClose => {
                self.content.take(&mut self.room, bytes);
                BodyProgress::More
            }
            BodyFraming::Counted(left) => {
                let data = self.content.take_up_to(left, &mut self.room, bytes);
                if *left == 0 { BodyProgress::Complete(data) } else { BodyProgress::More }
            }
            BodyFraming::Chunked(chunked) => {
                let mut rest = bytes;
                while let Some((&byte, after)) = rest.split_first() {
                    if let Chunked::Data { left } = chunked {
                        let data = self.content.take_up_to(left, &mut self.room, rest);
                        rest = rest.get(data..).unwrap_or_default();
                        if *left == 0 {
                            *chunked = Chunked::DataEnd;
                        }
                        continue;
                    }
                    rest = after;
                    match chunked.after(byte) {
                        Line::Next(next) => *chunked = next,
                        Line::Last => return BodyProgress::Complete(bytes.len() - rest.len()),
                        Line::Malformed => return BodyProgress::Malformed,
                    }
                }
                BodyProgress::More
            }
        }
    }
}

/// Returns whether `text` holds several objects, each beginning on a line of its own.
///
/// Such bodies are documents for a log or an index. A JSON-RPC call is one object, and several
/// calls are an array (JSON-RPC 2.0 §6).
fn has_lines_of_objects(text: &[u8]) -> bool {
    let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let mut ended = false;
    lines.filter(|line| !line.is_empty()).any(|line| {
        let next = ended && line.starts_with(b"{");
        ended = line.ends_with(b"}");
        next
    })
}

enum Line {
    Next(Chunked),
    Last,
    Malformed,
}

impl Chunked {
    /// Returns the position after a byte that is not data. LF ends a line; CR is skipped.
    fn after(self, byte: u8) -> Line {
        let next = match (self, byte) {
            (Chunked::Size { digits: 0, .. }, byte) if !byte.is_ascii_hexdigit() => {
                return Line::Malformed;
            }
            (Chunked::Size { size, .. } | Chunked::Extension { size }, b'\n') => {
                if size > 0 {
                    Chunked::Data { left: size }
                } else {
                    Chunked::Trailer { empty: true }
                }
            }
            (Chunked::Size { size, .. }, b';' | b' ' | b'\t' | b'\r') => {
                Chunked::Extension { size }
            }
            (Chunked::Size { size, digits }, _) => {
                match char::from(byte).to_digit(16).filter(|_| digits < MAX_SIZE_DIGITS) {
                    Some(digit) => {
                        Chunked::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
                    }
                    None => return Line::Malformed,
                }
            }
            (Chunked::DataEnd, b'\n') => Chunked::Size { size: 0, digits: 0 },
            (Chunked::DataEnd, b'\r') => self,
            (Chunked::DataEnd, _) => return Line::Malformed,
            (Chunked::Trailer { empty: true }, b'\n') => return Line::Last,
            (Chunked::Trailer { .. }, b'\n') => Chunked::Trailer { empty: true },
            (Chunked::Trailer { empty }, b'\r') => Chunked::Trailer { empty },
            (Chunked::Trailer { .. }, _) => Chunked::Trailer { empty: false },
            (Chunked::Extension { .. } | Chunked::Data { .. }, _) => self,
        };
        Line::Next(next)
    }
}

impl BodyContent {
    /// Consumes at most `left` of `bytes` and subtracts them from `left`. Returns their number.
    fn take_up_to(&mut self, left: &mut u64, room: &mut u64, bytes: &[u8]) -> usize {
        let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        *left -= count as u64;
        self.take(room, bytes.get(..count).unwrap_or_default());
        count
    }

    fn take(&mut self, room: &mut u64, mut bytes: &[u8]) {
        if *self == BodyContent::Skipped {
            return;
        }
        match room.checked_sub(bytes.len() as u64) {
            Some(left) => *room = left,
            None => return *self = BodyContent::Skipped,
        }
        if *self == BodyContent::Blank {
            bytes = bytes.trim_ascii_start();
            match bytes.first() {
                None => {}
                Some(b'{' | b'[') => *self = BodyContent::Json(CondensedText::default()),
                Some(_) => *self = BodyContent::Skipped,
            }
        }
        if let BodyContent::Json(text) = self
            && !text.push(bytes)
        {
            *self = BodyContent::Skipped;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `bytes` in pieces. Returns the JSON, and the bytes after the body.
    fn run(framing: BodyFraming, bytes: &[u8], size: usize) -> Option<(Option<Vec<u8>>, Vec<u8>)> {
        let mut body = MessageBody::new(framing, BodyInterest::Short);
        let mut offset = 0;
        for piece in bytes.chunks(size) {
            match body.push(piece) {
                BodyProgress::More => offset += piece.len(),
                BodyProgress::Complete(used) => {
                    return Some((
                        body.json().map(<[u8]>::to_vec),
                        bytes[offset + used..].to_vec(),
                    ));
                }
                BodyProgress::Malformed => return None,
            }
        }
        None
    }

    #[test]
    fn chunks_are_put_together_however_they_are_cut() {
        let bytes = b"4\r\n {\"a\r\n000A ; x=y\r\n\":\"\r\n0\r\n\"}\r\n2\n  \n0\r\nExpires: 0\r\n\r\nHTTP/1.1";
        for size in 1..bytes.len() {
            let (json, rest) = run(CHUNKS, bytes, size).unwrap();
            assert_eq!(json.unwrap(), b"{\"a\":\"\r\n0\r\n\"}  ");
            assert_eq!(rest, b"HTTP/1.1");
        }
    }

    #[test]
    fn sizes_that_are_none_are_malformed() {
        for bytes in
            [&b"x\r\n"[..], b"\r\n\r\n", b" 1\r\n", b"11111111111111111\r\n", b"1\r\nab\r\n"]
        {
            assert_eq!(
                MessageBody::new(CHUNKS, BodyInterest::Short).push(bytes),
                BodyProgress::Malformed,
                "{bytes:?}"
            );
        }
        let mut body = MessageBody::new(CHUNKS, BodyInterest::Short);
        assert_eq!(body.push(b"ffffffffffffffff\r\nabc"), BodyProgress::More);
    }

    #[test]
    fn a_long_body_is_counted_and_not_kept() {
        let mut body = MessageBody::new(BodyFraming::Counted(1 << 40), BodyInterest::Short);
        assert_eq!(body.push(&[b'{'; 1000]), BodyProgress::More);
        assert_eq!(body.framing, BodyFraming::Counted((1 << 40) - 1000));
        assert_eq!(body.content, BodyContent::Skipped);
        let mut growing = MessageBody::new(BodyFraming::UntilClose, BodyInterest::Short);
        for _ in 0..MAX_TEXT / 1000 + 2 {
            growing.push(&[b'{'; 1000]);
        }
        assert_eq!(growing.content, BodyContent::Skipped);
    }

    #[test]
    fn only_an_object_is_kept() {
        for (bytes, kept) in [
            (&b"\r\n\t {}"[..], true),
            (b"<html>{}", false),
            (b"\x1f\x8b\x08\0{}", false), // gzip
            (b"[{}]", true),
        ] {
            let (json, _) = run(BodyFraming::Counted(bytes.len() as u64), bytes, 1).unwrap();
            assert_eq!(json.is_some(), kept, "{bytes:?}");
        }
    }

    #[test]
    fn a_loss_inside_counted_data_is_counted() {
        let mut body = MessageBody::new(BodyFraming::Counted(10), BodyInterest::Short);
        body.push(b"{12");
        assert!(body.lose(5));
        assert_eq!(body.push(b"9}HTTP"), BodyProgress::Complete(2));
        assert_eq!(body.json(), None);
        assert!(!MessageBody::new(BodyFraming::Counted(10), BodyInterest::Short).lose(10));
        assert!(!MessageBody::new(CHUNKS, BodyInterest::Short).lose(1));
        assert!(MessageBody::new(BodyFraming::UntilClose, BodyInterest::Short).lose(1 << 50));
    }

    proptest! {
        #[test]
        fn any_segmentation_gives_the_same_body(
            data in prop::collection::vec(any::<u8>(), 0..60),
            sizes in prop::collection::vec(1usize..20, 1..20),
            cut in 1usize..20,
        ) {
            let (mut bytes, mut rest) = (Vec::new(), [b"{", &data[..]].concat());
            for size in sizes {
                let piece: Vec<u8> = rest.drain(..size.min(rest.len())).collect();
                if !piece.is_empty() {
                    bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
                    bytes.extend(piece);
                    bytes.extend(b"\r\n");
                }
            }
            bytes.extend(b"0\r\n\r\nnext");
            let whole = run(CHUNKS, &bytes, bytes.len());
            prop_assert!(whole.is_some());
            prop_assert_eq!(run(CHUNKS, &bytes, cut), whole);
        }

        #[test]
        fn random_chunks_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut body = MessageBody::new(CHUNKS, BodyInterest::Short);
            for _ in 0..5 {
                if body.push(&bytes) != BodyProgress::More || !body.lose(3) {
                    break;
                }
            }
        }
    }
}
