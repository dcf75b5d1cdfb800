//! Base64 (RFC 4648 §4), in bounded memory.

/// Longest text that is decoded, in characters.
///
/// Credentials with a wallet and a worker's name have 150 characters, a domain name in a list 340.
pub const MAX_DIGITS: usize = 1024;

/// Decodes the Base64 digits at the beginning of `text`.
///
/// Decoding stops at the first character that is not a digit, and after [`MAX_DIGITS`] characters.
pub fn decode_prefix(text: &[u8]) -> Vec<u8> {
    decode(text).bytes
}

/// Decodes a text that is Base64 and nothing else.
///
/// Returns `None` unless it is whole groups of four characters, with padding and without bits left
/// over, and at most [`MAX_DIGITS`] characters long.
pub fn decode_exact(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let DecodedBytes { bytes, digits, spare } = decode(text);
    let is_padding = matches!(text.get(digits..)?, b"" | b"=" | b"==");
    (is_padding && spare == 0).then_some(bytes)
}

struct DecodedBytes {
    bytes: Vec<u8>,
    /// Number of digits read.
    digits: usize,
    /// Value of the last bits, which do not fill a byte.
    spare: u32,
}

fn decode(text: &[u8]) -> DecodedBytes {
    let text = text.get(..MAX_DIGITS).unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut digits, mut spare, mut count) = (0, 0u32, 0);
    for digit in text.iter().map_while(|&byte| digit(byte)) {
        digits += 1;
        spare = spare << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((spare >> count) as u8);
            spare &= (1 << count) - 1;
        }
    }
    DecodedBytes { bytes, digits, spare }
}

fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_vectors_of_the_rfc_are_decoded() {
        for (text, expected) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(decode_exact(text.as_bytes()).as_deref(), Some(expected.as_bytes()));
            assert_eq!(decode_prefix(text.as_bytes()), expected.as_bytes());
        }
        assert_eq!(decode_prefix(b"+/+/"), [0xfb, 0xff, 0xbf]);
    }

    #[test]
    fn what_is_not_exact_has_a_prefix_only() {
        for text in ["Zg", "Zg=", "Zg===", "Z===", "Zh==", "Zm9v=", "Zm9v\n", "Zm 9"] {
            assert_eq!(decode_exact(text.as_bytes()), None, "{text}");
        }
        assert_eq!(decode_prefix(b"Zm9v YmFy"), b"foo");
        assert_eq!(decode_prefix(b"Zm9vYg"), b"foob");
    }

    #[test]
    fn no_more_is_decoded_than_the_bound() {
        let long = vec![b'A'; MAX_DIGITS + 4];
        assert_eq!(decode_prefix(&long).len(), MAX_DIGITS / 4 * 3);
        assert_eq!(decode_exact(&long), None);
    }

    proptest! {
        #[test]
        fn any_text_is_harmless_and_exact_ones_are_their_own_prefix(text in "[A-D+/=-]{0,12}") {
            if let Some(bytes) = decode_exact(text.as_bytes()) {
                prop_assert_eq!(bytes, decode_prefix(text.as_bytes()));
            }
        }
    }
}
