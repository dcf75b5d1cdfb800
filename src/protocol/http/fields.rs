//! The header fields (RFC 9110 §5) that the parser uses.

use super::credentials;
use super::upgrade::Upgrade;
use crate::model::text::{MAX_TEXT, printable_within};
use crate::protocol::websocket::Extension;
use std::borrow::Cow;

/// `Transfer-Encoding` (RFC 9112 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Chunked,
    /// The last coding is not `chunked`: the body ends with the connection.
    Other,
}

/// The header fields of one head.
///
/// The first usable value of a repeated field counts, as in most servers. `Transfer-Encoding` is
/// the exception: its last value counts.
#[derive(Debug, Default)]
pub(super) struct HeaderFields<'a> {
    /// In lower case.
    pub host: Option<Cow<'a, str>>,
    pub user_agent: Option<Cow<'a, str>>,
    /// User name of `Authorization: Basic`.
    pub user: Option<String>,
    pub content_type: Option<Cow<'a, str>>,
    /// `Content-Length`, if it is a number.
    pub length: Option<u64>,
    pub coding: Option<Coding>,
    pub upgrade: Option<Upgrade>,
    pub extension: Option<Extension>,
}

impl<'a> HeaderFields<'a> {
    /// Stores the value of a field line if the field is one of these.
    pub(super) fn take(&mut self, name: &[u8], value: &'a [u8]) {
        let is = |known: &str| {
            // The usual spelling needs no comparison without case.
            name == known.as_bytes() || name.eq_ignore_ascii_case(known.as_bytes())
        };
        let value = || value.trim_ascii();
        // No two names have the same length, so most fields cost one comparison of numbers.
        match name.len() {
            4 if is("Host") => keep(&mut self.host, || text(value()).map(lower_case)),
            7 if is("Upgrade") => keep(&mut self.upgrade, || Some(Upgrade::of(value()))),
            10 if is("User-Agent") => keep(&mut self.user_agent, || text(value())),
            12 if is("Content-Type") => keep(&mut self.content_type, || text(value())),
            13 if is("Authorization") => keep(&mut self.user, || credentials::account(value())),
            14 if is("Content-Length") => keep(&mut self.length, || number(value())),
            // Repeated fields form one list, so the last one counts.
            17 if is("Transfer-Encoding") => self.coding = last_coding(value()),
            24 if is("Sec-WebSocket-Extensions") => {
                keep(&mut self.extension, || Extension::of(value()));
            }
            _ => {}
        }
    }
}

fn keep<T>(known: &mut Option<T>, read: impl FnOnce() -> Option<T>) {
    if known.is_none() {
        *known = read();
    }
}

fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    (!value.is_empty()).then(|| text_within(value, MAX_TEXT))
}

/// Returns `value` as text without control characters, at most `limit` bytes long.
pub(super) fn text_within(value: &[u8], limit: usize) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => printable_within(text, limit),
        Err(_) => printable_within(&String::from_utf8_lossy(value), limit).into_owned().into(),
    }
}

fn lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    let lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    // Nearly always nothing changes, and then every byte is checked: `fold` has no early exit.
    if text.bytes().fold(true, |all, byte| all & lower(byte)) {
        return text;
    }
    text.to_lowercase().into()
}

/// Parses a number, or the first number of a list that repeats it (RFC 9110 §8.6).
fn number(value: &[u8]) -> Option<u64> {
    let first = value.split(|&byte| byte == b',').next()?.trim_ascii();
    // `parse` would accept a sign.
    let digits = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(first).ok().filter(|_| digits)?.parse().ok()
}

/// Returns the last coding of a list. `identity`, of old HTTP/1.1 (RFC 2616 §3.6), counts as none.
fn last_coding(value: &[u8]) -> Option<Coding> {
    let last = value.rsplit(|&byte| byte == b',').next().unwrap_or_default().trim_ascii();
    if last.eq_ignore_ascii_case(b"chunked") {
        Some(Coding::Chunked)
    } else {
        (!last.eq_ignore_ascii_case(b"identity")).then_some(Coding::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<'a>(lines: &[(&str, &'a [u8])]) -> HeaderFields<'a> {
        let mut fields = HeaderFields::default();
        for (name, value) in lines {
            fields.take(name.as_bytes(), value);
        }
        fields
    }

    #[test]
    fn names_have_no_case_and_the_first_field_counts() {
        let fields = fields(&[
            ("hOST", b"  Pool.Example:8080\t"),
            ("Host", b"other.example"),
            ("user-agent", b"cgminer\x1b 4.1"),
        ]);
        assert_eq!(fields.host.as_deref(), Some("pool.example:8080"));
        assert_eq!(fields.user_agent.as_deref(), Some("cgminer\\u{1b} 4.1"));
    }

    #[test]
    fn lengths_that_are_no_numbers_do_not_count() {
        for (value, expected) in [
            (&b"17"[..], Some(17)),
            (b"17, 17", Some(17)),
            (b"+17", None),
            (b"-1", None),
            (b"1 7", None),
            (b"", None),
            (b"99999999999999999999999", None),
        ] {
            assert_eq!(fields(&[("Content-Length", value)]).length, expected, "{value:?}");
        }
    }

    #[test]
    fn the_last_transfer_coding_counts() {
        let coding = |value: &[u8]| fields(&[("Transfer-Encoding", value)]).coding;
        assert_eq!(coding(b"gzip, Chunked"), Some(Coding::Chunked));
        assert_eq!(coding(b"chunked, gzip"), Some(Coding::Other));
        assert_eq!(coding(b"identity"), None);
    }
}
