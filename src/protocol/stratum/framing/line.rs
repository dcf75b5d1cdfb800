//! Splits a byte stream into lines in bounded memory, and resynchronises after lost bytes.

use super::message::begins_with_verb;
use crate::protocol::condense::{CondensedText, MAX_TEXT};

/// Splits one direction of a stream into lines.
///
/// Lines end with LF. White space and NUL at both ends are trimmed, and blank lines are dropped.
/// Lines longer than [`MAX_TEXT`] are condensed.
#[derive(Debug, Default)]
pub(crate) struct LineSplitter {
    partial: CondensedText,
    /// The rest of the current line is dropped.
    skipping: bool,
    /// The next line may lack its beginning: it counts only if it begins with `{` or a verb.
    resync: bool,
    /// Lines that were dropped because they were still too long when condensed.
    pub overlong: u64,
}

impl LineSplitter {
    /// Bytes held of the current line.
    pub(crate) fn held(&self) -> usize {
        self.partial.held()
    }

    /// Creates a splitter for a stream whose beginning was not seen.
    pub(crate) fn midstream() -> Self {
        LineSplitter { resync: true, ..LineSplitter::default() }
    }

    /// The current line as far as it has come, if its beginning was seen.
    pub(crate) fn beginning(&self) -> &[u8] {
        match self.skipping || self.resync {
            true => &[],
            false => self.partial.bytes(),
        }
    }

    /// Drops the current line: bytes are missing before the next [`LineSplitter::push`].
    pub(crate) fn lose(&mut self) {
        self.partial.clear();
        self.skipping = false;
        self.resync = true;
    }

    /// Reads the next bytes and passes each completed line to `line`. When `line` returns false,
    /// the rest of `bytes` is dropped.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(&[u8]) -> bool) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (head, tail) = bytes.split_at(end);
            bytes = tail.get(1..).unwrap_or_default();
            if !self.complete(head, &mut line) {
                return;
            }
        }
        self.grow(bytes);
    }

    /// Passes the unfinished line to `line`: the stream has ended.
    pub(crate) fn finish(&mut self, mut line: impl FnMut(&[u8]) -> bool) {
        if !self.partial.is_empty() {
            self.complete(&[], &mut line);
        }
    }

    /// Adds bytes to the current line.
    fn grow(&mut self, bytes: &[u8]) {
        if !self.skipping && !self.partial.push(bytes) {
            self.partial.clear();
            self.overlong += 1;
            self.skipping = true;
        }
    }

    fn complete(&mut self, head: &[u8], line: &mut impl FnMut(&[u8]) -> bool) -> bool {
        let resync = std::mem::take(&mut self.resync);
        if !self.skipping && self.partial.is_empty() && head.len() <= MAX_TEXT {
            return deliver(head, resync, line);
        }
        self.grow(head);
        if std::mem::take(&mut self.skipping) {
            return true;
        }
        let go_on = deliver(self.partial.bytes(), resync, line);
        self.partial.clear();
        go_on
    }
}

fn deliver(bytes: &[u8], resync: bool, line: &mut impl FnMut(&[u8]) -> bool) -> bool {
    let bytes = trim(bytes);
    let begins = || bytes.first() == Some(&b'{') || begins_with_verb(bytes);
    if bytes.is_empty() || (resync && !begins()) { true } else { line(bytes) }
}

/// Removes white space and NUL at both ends.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    let blank = |b: &u8| b.is_ascii_whitespace() || *b == 0;
    while let [first, rest @ ..] = bytes
        && blank(first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && blank(last)
    {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(splitter: &mut LineSplitter, bytes: &[u8]) -> Vec<String> {
        let mut out = Vec::new();
        splitter.push(bytes, |line| {
            out.push(String::from_utf8_lossy(line).into_owned());
            true
        });
        out
    }

    #[test]
    fn blank_lines_cr_and_blanks_are_tolerated() {
        let mut splitter = LineSplitter::default();
        assert_eq!(lines(&mut splitter, b"\r\n {\"a\":1} \r\n\n\0{}\r"), ["{\"a\":1}"]);
        assert_eq!(lines(&mut splitter, b"\n"), ["{}"]);
    }

    #[test]
    fn an_overlong_line_is_dropped_and_counted_and_the_next_one_read() {
        let mut splitter = LineSplitter::default();
        let long = vec![b'x'; MAX_TEXT / 2 + 1];
        for _ in 0..5 {
            assert!(lines(&mut splitter, &long).is_empty());
        }
        assert_eq!(lines(&mut splitter, b"tail\n{}\n"), ["{}"]);
        assert_eq!(splitter.overlong, 1);
        assert!(splitter.partial.is_empty());
        let mut at_once = vec![b'x'; MAX_TEXT + 1];
        at_once.extend_from_slice(b"\n{}\n");
        assert_eq!(lines(&mut splitter, &at_once), ["{}"]);
        assert_eq!(splitter.overlong, 2);
    }

    #[test]
    fn a_long_line_is_condensed_however_it_is_cut() {
        let long = format!("{{\"params\":[\"{}\"],\"id\":7}}\n{{}}\n", "0f".repeat(MAX_TEXT));
        let mut whole = LineSplitter::default();
        let expected = lines(&mut whole, long.as_bytes());
        assert!(expected[0].ends_with("0f\"],\"id\":7}") && expected[1] == "{}");
        for size in [1, 1460, MAX_TEXT] {
            let mut splitter = LineSplitter::default();
            let pieces = long.as_bytes().chunks(size);
            let got: Vec<_> = pieces.flat_map(|piece| lines(&mut splitter, piece)).collect();
            assert_eq!(got, expected);
            assert_eq!(splitter.overlong, 0);
        }
    }

    #[test]
    fn after_a_loss_only_whole_objects_count() {
        let mut splitter = LineSplitter::default();
        assert!(lines(&mut splitter, b"{\"cut\":").is_empty());
        splitter.lose();
        assert_eq!(lines(&mut splitter, b"rest of another\"}\n{}\n"), ["{}"]);
        splitter.lose();
        assert_eq!(lines(&mut splitter, b"{\"whole\":1}\n"), ["{\"whole\":1}"]);
    }

    #[test]
    fn the_last_line_needs_no_line_feed() {
        let mut splitter = LineSplitter::default();
        assert!(lines(&mut splitter, b"{\"id\":40}").is_empty());
        let mut last = Vec::new();
        splitter.finish(|line| {
            last.push(line.to_vec());
            true
        });
        assert_eq!(last, [b"{\"id\":40}"]);
    }

    proptest! {
        #[test]
        fn any_segmentation_gives_the_same_lines(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'{'), any::<u8>()], 0..200),
            cuts in proptest::collection::vec(1usize..20, 0..50),
        ) {
            let mut whole = LineSplitter::default();
            let expected = lines(&mut whole, &text);
            let (mut cut, mut rest, mut got) = (LineSplitter::default(), &text[..], Vec::new());
            for size in cuts {
                let (head, tail) = rest.split_at(size.min(rest.len()));
                got.extend(lines(&mut cut, head));
                rest = tail;
            }
            got.extend(lines(&mut cut, rest));
            prop_assert_eq!(got, expected);
            prop_assert_eq!(cut.partial, whole.partial);
        }
    }
}
