//! The account of Basic authentication (RFC 7617).

use crate::model::text::kept;

/// Characters of credentials that are decoded: wallets with a worker's name have 150.
const MAX_CREDENTIALS: usize = 1024;

/// The account in the value of an `Authorization` header, if it is `Basic`.
pub fn account(value: &[u8]) -> Option<String> {
    let (scheme, credentials) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let credentials = credentials.trim_ascii();
    let plain = decode(credentials.get(..MAX_CREDENTIALS).unwrap_or(credentials));
    let account = plain.split(|&byte| byte == b':').next()?;
    (!account.is_empty()).then(|| kept(&String::from_utf8_lossy(account)))
}

/// Base64 (RFC 4648 §4) up to the first character that is none.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.iter().map_while(|byte| digit(*byte)) {
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
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
    fn the_account_is_kept_and_the_password_is_not() {
        // "rig1:secret"
        assert_eq!(account(b"Basic cmlnMTpzZWNyZXQ=").as_deref(), Some("rig1"));
        assert_eq!(account(b"bASIC  cmlnMQ").as_deref(), Some("rig1")); // no colon, no padding
        assert_eq!(account(b"Basic OnNlY3JldA=="), None); // ":secret"
        assert_eq!(account(b"Bearer cmlnMTpzZWNyZXQ="), None);
        assert_eq!(account(b"Basic"), None);
        // "a\x1b[2J:"
        assert_eq!(account(b"Basic YRtbMko6").as_deref(), Some("a\\u{1b}[2J"));
    }

    proptest! {
        #[test]
        fn any_value_is_harmless(value in proptest::collection::vec(any::<u8>(), 0..64)) {
            account(&value);
            account(&[b"Basic ", &value[..]].concat());
        }
    }
}
