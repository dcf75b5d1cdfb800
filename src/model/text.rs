//! Makes text from the network safe to show, and bounds its length.
//!
//! A person will read such text, so it must neither control a terminal nor contain characters that
//! deceive the eye.

use std::borrow::Cow;

/// Longest text kept of one field, in bytes.
///
/// Agents of XMRig and logins of MoneroOcean (several wallets in one) are shorter than 250.
pub const MAX_TEXT: usize = 256;

/// Returns whether a character controls a terminal or is invisible to a reader.
///
/// These are control characters, characters that change the writing direction, characters of zero
/// width, tags and fillers.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' // soft hyphen
            | '\u{34f}' // combining grapheme joiner
            | '\u{61c}' // Arabic letter mark
            | '\u{115f}'..='\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
            | '\u{17b4}'..='\u{17b5}' // Khmer inherent vowels
            | '\u{180b}'..='\u{180f}' // Mongolian variation selectors and vowel separator
            | '\u{200b}'..='\u{200f}' // zero-width space and joiners, direction marks
            | '\u{2028}'..='\u{202e}' // line and paragraph separator, embeddings and overrides
            | '\u{2060}'..='\u{206f}' // word joiner, invisible operators, isolates
            | '\u{fe00}'..='\u{fe0f}' // variation selectors
            | '\u{feff}' // byte order mark
            | '\u{fff0}'..='\u{fffb}' // interlinear annotation
            | '\u{1d173}'..='\u{1d17a}' // musical formatting
            | '\u{e0000}'..='\u{e0fff}' // tags, more variation selectors
        )
}

/// Shortens a long text to its beginning, a mark and its end. All lengths are in characters.
#[derive(Clone, Copy, Debug)]
pub struct Abbreviation {
    /// Longest text that stays whole.
    pub whole: usize,
    /// Number of characters kept of the beginning.
    pub head: usize,
    /// Text in place of the characters left out.
    pub mark: &'static str,
    /// Number of characters kept of the end.
    pub tail: usize,
}

impl Abbreviation {
    /// Returns the text, shortened if it is too long.
    pub fn of(self, text: &str) -> String {
        let length = text.chars().count();
        if length <= self.whole {
            return text.to_owned();
        }
        let tail = text.chars().skip(length.saturating_sub(self.tail));
        text.chars().take(self.head).chain(self.mark.chars()).chain(tail).collect()
    }
}

/// Escapes every deceptive character as `\u{…}`; the result is safe to show on a terminal.
pub fn printable(text: &str) -> String {
    printable_within(text, usize::MAX).into_owned()
}

/// Escapes like [`printable`] and cuts the text to [`MAX_TEXT`] bytes; a cut text ends with `…`.
pub fn printable_bounded(text: &str) -> String {
    printable_within(text, MAX_TEXT).into_owned()
}

/// Escapes like [`printable`] and cuts the text to `limit` bytes; a cut text ends with `…`.
pub fn printable_within(text: &str, limit: usize) -> Cow<'_, str> {
    const MARK: char = '…';
    // Fast path: most texts need no change.
    if text.len() <= limit && is_plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(limit));
    for c in text.chars() {
        let mut piece = [0u8; 4];
        let escaped;
        let piece: &str = if is_deceptive(c) {
            escaped = c.escape_unicode().to_string();
            &escaped
        } else {
            c.encode_utf8(&mut piece)
        };
        if out.len() + piece.len() > limit.saturating_sub(MARK.len_utf8()) {
            out.push(MARK);
            break;
        }
        out.push_str(piece);
    }
    Cow::Owned(out)
}

/// Returns whether all bytes are printable ASCII.
pub fn is_plain(bytes: &[u8]) -> bool {
    // Without an early exit, the compiler can compare many bytes at once.
    bytes.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        assert_eq!(printable("\u{1b}[2Jrig\r\n"), "\\u{1b}[2Jrig\\u{d}\\u{a}");
        assert_eq!(printable("\u{9b}31m"), "\\u{9b}31m");
    }

    #[test]
    fn nothing_invisible_or_right_to_left_gets_through() {
        assert_eq!(printable("pool\u{200b}.example"), "pool\\u{200b}.example");
        assert_eq!(printable("\u{202e}gnp.exe"), "\\u{202e}gnp.exe");
        assert_eq!(printable("\u{e0041}"), "\\u{e0041}");
    }

    #[test]
    fn ordinary_letters_of_any_language_stay() {
        assert_eq!(printable("Jürgens-PC 鉱山 …"), "Jürgens-PC 鉱山 …");
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let cut = printable_bounded(&"ä".repeat(500));
        assert!(cut.len() <= MAX_TEXT && cut.ends_with('…'));
        let long = "x".repeat(10_000);
        assert_eq!(printable(&long), long);
    }

    #[test]
    fn an_abbreviation_shows_both_ends_of_what_is_too_long() {
        let ends = Abbreviation { whole: 5, head: 2, mark: "…", tail: 1 };
        assert_eq!(ends.of("äbcde"), "äbcde");
        assert_eq!(ends.of("äbcdef"), "äb…f");
        assert_eq!(Abbreviation { tail: 0, ..ends }.of("äbcdef"), "äb…");
        assert_eq!(Abbreviation { whole: 0, head: 9, mark: "+", tail: 9 }.of("ab"), "ab+ab");
    }

    proptest! {
        #[test]
        fn nothing_kept_leaves_the_bound_or_deceives(text in ".{0,400}") {
            let out = printable_bounded(&text);
            prop_assert!(out.len() <= MAX_TEXT);
            prop_assert!(!out.chars().any(is_deceptive));
            prop_assert!(!printable(&text).chars().any(is_deceptive));
        }
    }
}
