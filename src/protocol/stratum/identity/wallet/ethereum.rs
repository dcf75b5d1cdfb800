//! Ethereum addresses: 20 bytes in hexadecimal, with the checksum of EIP-55 in the letters' case.

use tiny_keccak::{Hasher, Keccak};

use super::WalletFormat;

/// Coins with this format, the most likely first: Ethereum, its forks and Conflux. Ethereum itself
/// has had no miners since September 2022, so it is last.
const COINS: &[&str] = &["ETC", "ETHW", "CFX", "ETH"];

pub(super) fn identify(text: &str) -> Option<WalletFormat> {
    let (digits, prefixed) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mixed = digits.bytes().any(|b| b.is_ascii_lowercase())
        && digits.bytes().any(|b| b.is_ascii_uppercase());
    if !mixed {
        return Some(WalletFormat::unchecked(COINS));
    }
    let holds = eip55_holds(digits);
    // Without the prefix, mixed-case hexadecimal can be anything.
    (prefixed || holds).then(|| WalletFormat::checked(COINS, holds))
}

/// Whether the checksum of EIP-55 is valid: a letter is a capital where the nibble of the
/// Keccak-256 of the lower-case digits is 8 or more.
fn eip55_holds(digits: &str) -> bool {
    let lower = digits.to_ascii_lowercase();
    let mut keccak = Keccak::v256();
    let mut hash = [0; 32];
    keccak.update(lower.as_bytes());
    keccak.finalize(&mut hash);
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.bytes().zip(nibbles).all(|(digit, nibble)| {
        digit.is_ascii_digit() || digit.is_ascii_uppercase() == (nibble >= 8)
    })
}
