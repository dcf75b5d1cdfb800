//! The user name of Basic authentication (RFC 7617).

use crate::model::base64;
use crate::model::text::printable_bounded;

/// Returns the user name in the value of an `Authorization` header.
///
/// Returns `None` if the scheme is not `Basic` or the name is empty. The password is dropped.
pub(super) fn account(value: &[u8]) -> Option<String> {
    let (scheme, credentials) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let plain = base64::decode_prefix(credentials.trim_ascii());
    let account = plain.split(|&byte| byte == b':').next()?;
    (!account.is_empty()).then(|| printable_bounded(&String::from_utf8_lossy(account)))
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
