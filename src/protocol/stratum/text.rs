//! Makes text from the wire fit to keep and to print: escaped and bounded.

use std::fmt::Write;

/// Longest text kept of one field, in bytes: agents of XMRig and logins of MoneroOcean (several
/// wallets in one) are below 250.
pub const MAX_TEXT: usize = 256;

/// `text` without control characters (escaped as `\u{1b}`), at most [`MAX_TEXT`] bytes long, with
/// `…` where something was cut.
pub fn printable(text: &str) -> String {
    printable_within(text, MAX_TEXT)
}

/// Likewise, at most `limit` bytes long.
pub fn printable_within(text: &str, limit: usize) -> String {
    const MARK: char = '…';
    // Nearly always there is nothing to do.
    if text.len() <= limit && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(limit));
    for c in text.chars() {
        let mut piece = [0u8; 4];
        let escaped;
        let piece: &str = if needs_escape(c) {
            escaped = c.escape_unicode().to_string();
            &escaped
        } else {
            c.encode_utf8(&mut piece)
        };
        if out.len() + piece.len() + MARK.len_utf8() > limit {
            out.push(MARK);
            break;
        }
        out.push_str(piece);
    }
    out
}

/// Control characters, and those that reorder or hide what stands next to them on a terminal.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The first six characters of a long text: enough to recognise a wallet in a sentence.
pub fn abbreviated(text: &str) -> String {
    const SHOWN: usize = 6;
    const LONG: usize = 24;
    let mut out = printable(text);
    if out.chars().count() > LONG {
        let head: String = out.chars().take(SHOWN).collect();
        out.clear();
        let _ = write!(out, "{head}…");
    }
    out
}

/// Whether `text` is nothing but hexadecimal digits (an even or odd number, at least one).
pub fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether `text` is exactly `digits` hexadecimal digits.
pub fn is_hex_of(text: &str, digits: usize) -> bool {
    text.len() == digits && is_hex(text)
}

/// `text` without a leading `0x`.
pub fn strip_0x(text: &str) -> &str {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\u{1b}[31mb\n\u{202e}c"), "a\\u{1b}[31mb\\u{a}\\u{202e}c");
        assert_eq!(printable("Grüße"), "Grüße");
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let cut = printable(&"ä".repeat(500));
        assert!(cut.len() <= MAX_TEXT && cut.ends_with('…'));
        assert_eq!(abbreviated("472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6"), "472jm2…");
        assert_eq!(abbreviated("account.worker1"), "account.worker1");
    }

    proptest! {
        #[test]
        fn nothing_printable_leaves_the_bound_or_keeps_a_control_character(text in ".{0,400}") {
            let out = printable(&text);
            prop_assert!(out.len() <= MAX_TEXT);
            prop_assert!(!out.chars().any(char::is_control));
        }
    }
}
