//! Converts names that TLS carries as bytes to printable text.

use std::fmt::Write;

use crate::model::text::is_plain;

/// Longest name kept, in bytes on the wire: the limit of DNS (RFC 1035 §2.3.4) and ALPN (RFC 7301
/// §3.1).
pub(super) const MAX_NAME: usize = 255;

/// Keeps printable ASCII and writes every other byte, and the backslash, as `\xNN`.
///
/// Different names give different texts, and the bytes can be restored. Bytes after [`MAX_NAME`]
/// are cut off.
pub(super) fn escaped(name: &[u8]) -> String {
    let name = name.get(..MAX_NAME).unwrap_or(name);
    // Nearly always nothing has to be escaped.
    if let Ok(text) = std::str::from_utf8(name)
        && is_plain(name)
        && !name.contains(&b'\\')
    {
        return text.to_owned();
    }
    let mut text = String::with_capacity(name.len());
    for &byte in name {
        if (b' '..=b'~').contains(&byte) && byte != b'\\' {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Returns the [`escaped`] name in lower case, because DNS names are case-insensitive.
pub(super) fn host(name: &[u8]) -> String {
    let mut text = escaped(name);
    text.make_ascii_lowercase();
    text
}

/// Returns the first byte of the name behind an [`escaped`] text.
pub(super) fn first_byte(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [b'\\', b'x', high, low, ..] => byte(*high, *low),
        [first, ..] => Some(*first),
        [] => None,
    }
}

/// Returns the last byte of the name behind an [`escaped`] text.
pub(super) fn last_byte(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [.., b'\\', b'x', high, low] => byte(*high, *low),
        [.., last] => Some(*last),
        [] => None,
    }
}

fn byte(high: u8, low: u8) -> Option<u8> {
    let digit = |c: u8| char::from(c).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_printable_ascii_stays_as_it_is() {
        assert_eq!(escaped(b"http/1.1"), "http/1.1");
        assert_eq!(escaped(b"\x1b[31m\\\xc3\xa9"), "\\x1b[31m\\x5c\\xc3\\xa9");
        assert_eq!(host(b"Pool.EXAMPLE"), "pool.example");
    }

    proptest! {
        #[test]
        fn an_escaped_name_keeps_its_ends(name in prop::collection::vec(any::<u8>(), 0..MAX_NAME)) {
            let text = escaped(&name);
            prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(first_byte(&text), name.first().copied());
            prop_assert_eq!(last_byte(&text), name.last().copied());
        }
    }
}
