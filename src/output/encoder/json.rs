//! JSON lines: a writer that is safe for terminals, and cuts of text by its length in JSON.

use std::io;

use serde::Serialize;
use serde::ser::Error;
use serde_json::ser::{Formatter, Serializer};

use crate::model::text::is_deceptive;

/// The mark at the end of a text that was cut.
const ELLIPSIS: char = '…';

/// Encodes one value as JSON without a line feed. Characters that control a terminal or are
/// invisible are escaped as `\uXXXX`, which a JSON parser decodes.
pub(in crate::output) fn line<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let mut bytes = Vec::with_capacity(1024);
    value.serialize(&mut Serializer::with_formatter(&mut bytes, TerminalSafeFormatter))?;
    String::from_utf8(bytes).map_err(serde_json::Error::custom)
}

struct TerminalSafeFormatter;

impl Formatter for TerminalSafeFormatter {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| is_deceptive(c)) {
            let (plain, tail) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = tail.strip_prefix(c).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// The name of an enumeration's value in JSON.
pub(in crate::output) fn name<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// Bytes that a character takes in a JSON string written by [`line()`].
fn encoded_len(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if is_deceptive(c) => 6 * c.len_utf16(),
        c => c.len_utf8(),
    }
}

/// The index at which to cut `text` so that it and `…` take at most `limit` bytes in a JSON line,
/// without quotes; `None` if all of it fits.
fn cut_at(text: &str, limit: usize) -> Option<usize> {
    let (mut used, mut cut) = (0, 0);
    for (at, c) in text.char_indices() {
        if used + ELLIPSIS.len_utf8() <= limit {
            cut = at;
        }
        used += encoded_len(c);
        if used > limit {
            return Some(cut);
        }
    }
    None
}

/// Cuts `text` to `limit` bytes in a JSON line, with `…` at the end. Returns whether it was cut.
pub(in crate::output) fn clip(text: &mut String, limit: usize) -> bool {
    let cut = cut_at(text, limit);
    if let Some(cut) = cut {
        text.truncate(cut);
        text.push(ELLIPSIS);
    }
    cut.is_some()
}

/// Copies `text`, cut as by [`clip`].
pub(in crate::output) fn clipped(text: &str, limit: usize) -> String {
    match cut_at(text, limit).and_then(|cut| text.get(..cut)) {
        Some(head) => format!("{head}{ELLIPSIS}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_terminal_sees_no_control_character_and_a_parser_gets_it_back() {
        let text = "\u{1b}[31m \u{9b} \u{7f} \u{202e} \u{e0041} \"quoted\" ü";
        let written = line(&text).unwrap();
        assert!(!written.chars().any(is_deceptive), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn a_text_that_fits_stays_whole() {
        let mut text = "x".repeat(10);
        assert!(!clip(&mut text, 10));
        assert!(clip(&mut text, 9));
        assert_eq!(text, "xxxxxx…");
    }

    #[test]
    fn escapes_count_at_their_written_length() {
        let mut text = "\u{1}".repeat(4);
        assert!(clip(&mut text, 20));
        assert_eq!(text, "\u{1}\u{1}…");
    }

    proptest! {
        #[test]
        fn a_clipped_text_never_takes_more_than_its_limit(text: String, limit in 3usize..200) {
            let mut clipped = text.clone();
            let cut = clip(&mut clipped, limit);
            let written = line(&clipped).unwrap();
            prop_assert!(written.len() - 2 <= limit);
            prop_assert_eq!(cut, line(&text).unwrap().len() - 2 > limit);
        }
    }
}
