//! Nimiq addresses: `NQ`, two check digits and 32 characters, checked like an IBAN (ISO 13616).

use super::WalletFormat;

/// Nimiq's base-32 alphabet, without I, O, W and Z.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPQRSTUVXY";

pub(super) fn identify(text: &str) -> Option<WalletFormat> {
    let compact: String = text.chars().filter(|&c| c != ' ').collect();
    let upper = compact.to_ascii_uppercase();
    let rest = upper.strip_prefix("NQ")?;
    let (digits, account) = rest.split_at_checked(2)?;
    if account.len() != 32
        || !digits.bytes().all(|b| b.is_ascii_digit())
        || !account.bytes().all(|b| ALPHABET.contains(&b))
    {
        return None;
    }
    // The account, the country code as numbers, and the check digits must be ≡ 1 (mod 97).
    let remainder =
        account.chars().chain("NQ".chars()).chain(digits.chars()).fold(0, |remainder, c| {
            match c.to_digit(36).unwrap_or(0) {
                digit @ 0..=9 => (remainder * 10 + digit) % 97,
                letter => (remainder * 100 + letter) % 97,
            }
        });
    Some(WalletFormat::checked(&["NIM"], remainder == 1))
}
