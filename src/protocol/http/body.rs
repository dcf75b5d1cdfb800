//! Bodies (RFC 9112 §6, §7): counted, and kept only while they may be JSON.

use super::fields::{Coding, Fields};
use crate::protocol::condense::{MAX_TEXT, Text};

/// Digits of a chunk's size: 64 bits.
const MAX_SIZE_DIGITS: u8 = 16;

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// This many bytes are left.
    Counted(u64),
    Chunked(Chunked),
    UntilClose,
}

/// Where in the chunked coding the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunked {
    Size {
        size: u64,
        digits: u8,
    },
    /// The rest of the size's line.
    Extension {
        size: u64,
    },
    Data {
        left: u64,
    },
    /// The line end behind the data.
    DataEnd,
    /// Field lines; an empty one ends the body.
    Trailer {
        empty: bool,
    },
}

const CHUNKS: Framing = Framing::Chunked(Chunked::Size { size: 0, digits: 0 });

impl Framing {
    /// The body of a request, if it has one (RFC 9112 §6.3).
    pub fn of_request(fields: &Fields<'_>) -> Option<Framing> {
        match (fields.coding, fields.length) {
            (Some(Coding::Chunked), _) => Some(CHUNKS),
            (Some(Coding::Other), _) => Some(Framing::UntilClose),
            (None, length) => length.filter(|&length| length > 0).map(Framing::Counted),
        }
    }

    /// The body of a response that may have one.
    pub fn of_response(fields: &Fields<'_>) -> Option<Framing> {
        match (fields.coding, fields.length) {
            (Some(Coding::Chunked), _) => Some(CHUNKS),
            (None, Some(0)) => None,
            (None, Some(length)) => Some(Framing::Counted(length)),
            (Some(Coding::Other), _) | (None, None) => Some(Framing::UntilClose),
        }
    }
}

/// What is known of what a body says.
#[derive(Debug, PartialEq, Eq)]
enum Content {
    /// Nothing but blanks so far.
    Blank,
    Json(Text),
    /// No JSON object, too long for one, or nobody wants it.
    Skipped,
}

/// Which bodies are of interest, if they are JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Nothing,
    /// Those of at most [`MAX_TEXT`] bytes.
    Short,
    All,
}

/// What a body wants after some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    More,
    /// It ended after so many bytes.
    Complete(usize),
    /// Its chunks make no sense.
    Malformed,
}

/// A body as it arrives.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    content: Content,
    /// Bytes that may still come before it is too long.
    room: u64,
}

impl Body {
    pub fn new(framing: Framing, wanted: Wanted) -> Self {
        let room = match wanted {
            Wanted::Nothing => 0,
            Wanted::Short => MAX_TEXT as u64,
            Wanted::All => u64::MAX,
        };
        let fits = wanted != Wanted::Nothing
            && !matches!(framing, Framing::Counted(length) if length > room);
        let content = if fits { Content::Blank } else { Content::Skipped };
        Body { framing, content, room }
    }

    /// Whether only the end of the connection ends it.
    pub fn is_open_ended(&self) -> bool {
        self.framing == Framing::UntilClose
    }

    /// Bytes kept.
    pub fn held(&self) -> usize {
        match &self.content {
            Content::Json(text) => text.held(),
            Content::Blank | Content::Skipped => 0,
        }
    }

    /// The object, or several in an array, once the body is complete.
    pub fn json(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Json(text) => Some(text.bytes()).filter(|text| !has_lines_of_objects(text)),
            Content::Blank | Content::Skipped => None,
        }
    }

    /// `count` bytes are lost; whether it is still known where in the body the stream is.
    pub fn lose(&mut self, count: u64) -> bool {
        self.content = Content::Skipped;
        match &mut self.framing {
            Framing::Counted(left) | Framing::Chunked(Chunked::Data { left }) if *left > count => {
                *left -= count;
                true
            }
            Framing::UntilClose => true,
            Framing::Counted(_) | Framing::Chunked(_) => false,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Growth {
        match &mut self.framing {
            Framing::UntilClose => {
                self.content.take(&mut self.room, bytes);
                Growth::More
            }
            Framing::Counted(left) => {
                let data = self.content.take_up_to(left, &mut self.room, bytes);
                if *left == 0 { Growth::Complete(data) } else { Growth::More }
            }
            Framing::Chunked(chunked) => {
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
                        Line::Last => return Growth::Complete(bytes.len() - rest.len()),
                        Line::Malformed => return Growth::Malformed,
                    }
                }
                Growth::More
            }
        }
    }
}

/// Whether one object follows the other, each from a line of its own: documents on their way into a
/// log or an index. A call is one object, and several are an array (JSON-RPC 2.0 §6).
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
    /// Where the stream is after a byte that is no data. CR is never looked at: LF ends lines.
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

impl Content {
    /// Takes at most `left` of `bytes` and counts them down. Returns how many.
    fn take_up_to(&mut self, left: &mut u64, room: &mut u64, bytes: &[u8]) -> usize {
        let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        *left -= count as u64;
        self.take(room, bytes.get(..count).unwrap_or_default());
        count
    }

    fn take(&mut self, room: &mut u64, mut bytes: &[u8]) {
        if *self == Content::Skipped {
            return;
        }
        match room.checked_sub(bytes.len() as u64) {
            Some(left) => *room = left,
            None => return *self = Content::Skipped,
        }
        if *self == Content::Blank {
            bytes = bytes.trim_ascii_start();
            match bytes.first() {
                None => {}
                Some(b'{' | b'[') => *self = Content::Json(Text::default()),
                Some(_) => *self = Content::Skipped,
            }
        }
        if let Content::Json(text) = self
            && !text.push(bytes)
        {
            *self = Content::Skipped;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `bytes` in pieces: the object, and what follows the body.
    fn run(framing: Framing, bytes: &[u8], size: usize) -> Option<(Option<Vec<u8>>, Vec<u8>)> {
        let mut body = Body::new(framing, Wanted::Short);
        let mut offset = 0;
        for piece in bytes.chunks(size) {
            match body.push(piece) {
                Growth::More => offset += piece.len(),
                Growth::Complete(used) => {
                    return Some((
                        body.json().map(<[u8]>::to_vec),
                        bytes[offset + used..].to_vec(),
                    ));
                }
                Growth::Malformed => return None,
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
                Body::new(CHUNKS, Wanted::Short).push(bytes),
                Growth::Malformed,
                "{bytes:?}"
            );
        }
        let mut body = Body::new(CHUNKS, Wanted::Short);
        assert_eq!(body.push(b"ffffffffffffffff\r\nabc"), Growth::More);
    }

    #[test]
    fn a_long_body_is_counted_and_not_kept() {
        let mut body = Body::new(Framing::Counted(1 << 40), Wanted::Short);
        assert_eq!(body.push(&[b'{'; 1000]), Growth::More);
        assert_eq!(body.framing, Framing::Counted((1 << 40) - 1000));
        assert_eq!(body.content, Content::Skipped);
        let mut growing = Body::new(Framing::UntilClose, Wanted::Short);
        for _ in 0..MAX_TEXT / 1000 + 2 {
            growing.push(&[b'{'; 1000]);
        }
        assert_eq!(growing.content, Content::Skipped);
    }

    #[test]
    fn only_an_object_is_kept() {
        for (bytes, kept) in [
            (&b"\r\n\t {}"[..], true),
            (b"<html>{}", false),
            (b"\x1f\x8b\x08\0{}", false), // gzip
            (b"[{}]", true),
        ] {
            let (json, _) = run(Framing::Counted(bytes.len() as u64), bytes, 1).unwrap();
            assert_eq!(json.is_some(), kept, "{bytes:?}");
        }
    }

    #[test]
    fn a_loss_inside_counted_data_is_counted() {
        let mut body = Body::new(Framing::Counted(10), Wanted::Short);
        body.push(b"{12");
        assert!(body.lose(5));
        assert_eq!(body.push(b"9}HTTP"), Growth::Complete(2));
        assert_eq!(body.json(), None);
        assert!(!Body::new(Framing::Counted(10), Wanted::Short).lose(10));
        assert!(!Body::new(CHUNKS, Wanted::Short).lose(1));
        assert!(Body::new(Framing::UntilClose, Wanted::Short).lose(1 << 50));
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
            let mut body = Body::new(CHUNKS, Wanted::Short);
            for _ in 0..5 {
                if body.push(&bytes) != Growth::More || !body.lose(3) {
                    break;
                }
            }
        }
    }
}
