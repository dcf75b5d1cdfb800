//! Helpers for texts in messages.

use crate::model::text::{Abbreviation, printable_bounded};

/// Shortens a text of more than 24 characters to its first six: enough to recognise a wallet.
pub(super) fn abbreviated(text: &str) -> String {
    Abbreviation { whole: 24, head: 6, mark: "…", tail: 0 }.of(&printable_bounded(text))
}

/// Whether `text` has only hexadecimal digits: one or more, an even or odd number.
pub(super) fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether `text` is exactly `digits` hexadecimal digits.
pub(super) fn is_hex_of(text: &str, digits: usize) -> bool {
    text.len() == digits && is_hex(text)
}

/// `text` without a leading `0x`.
pub(super) fn strip_0x(text: &str) -> &str {
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
