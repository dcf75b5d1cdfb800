//! Decodes names in Base64, the encoding of Suricata's string datasets.

use crate::model::base64;

/// Longest word that is decoded, in characters: a name of 255 bytes takes 340.
const MAX_WORD: usize = 512;

/// The name in a Base64 word; `None` if the word is not Base64 or its content is not a name.
pub(super) fn name(word: &str) -> Option<String> {
    // Nearly every word is a plain name and leaves here.
    if !word.len().is_multiple_of(4) || word.len() > MAX_WORD || word.contains(['.', ':']) {
        return None;
    }
    let decoded = String::from_utf8(base64::decode_exact(word.as_bytes())?).ok()?;
    let printable = decoded.bytes().all(|byte| byte.is_ascii_graphic());
    (printable && decoded.contains(['.', ':'])).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_taken() {
        assert_eq!(name("dXMxLmJpdG1pbnRlci5jb20=").as_deref(), Some("us1.bitminter.com"));
        assert_eq!(name("LmJpdG1pbnRlci5jb20=").as_deref(), Some(".bitminter.com"));
        for word in ["", "pool", "Y3VybA==", "dXMx=mJpdG1pbnRlci5jb20=", "====", "pool.com"] {
            assert_eq!(name(word), None, "{word}");
        }
    }
}
