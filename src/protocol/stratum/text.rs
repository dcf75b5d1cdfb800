//! Small readings of text in messages.

use std::fmt::Write;

use crate::model::text::kept;

/// The first six characters of a long text: enough to recognise a wallet in a sentence.
pub fn abbreviated(text: &str) -> String {
    const SHOWN: usize = 6;
    const LONG: usize = 24;
    let mut out = kept(text);
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

    #[test]
    fn a_long_text_shows_its_beginning() {
        assert_eq!(abbreviated("472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6"), "472jm2…");
        assert_eq!(abbreviated("account.worker1"), "account.worker1");
    }
}
