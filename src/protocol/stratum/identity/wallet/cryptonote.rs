//! CryptoNote addresses (Monero and its relatives).
//!
//! The text is Base58 in blocks. It contains a tag, keys, and four bytes of Keccak-256.

use tiny_keccak::{Hasher, Keccak};

use super::WalletFormat;

const MONERO: &[&str] = &["XMR"];

/// Tags and their coins: `CRYPTONOTE_PUBLIC_ADDRESS_BASE58_PREFIX` and its integrated and
/// subaddress forms in each coin's `cryptonote_config.h`.
const TAGS: &[(u64, &[&str])] = &[
    // Monero: main, test and stage net.
    (18, MONERO),
    (19, MONERO),
    (42, MONERO),
    (53, MONERO),
    (54, MONERO),
    (63, MONERO),
    (24, MONERO),
    (25, MONERO),
    (36, MONERO),
    (0x1032, &["WOW"]),
    (0x1a9a, &["WOW"]),
    (0x2fb0, &["WOW"]),
    (0x3e_f318, &["SAL"]),
    (0x55e_f318, &["SAL"]),
    (0xf5e_f318, &["SAL"]),
    (0x7ad4, &["CCX"]),
    (3_914_525, &["TRTL"]),
    (18018, &["ETN"]),
    (0xb2, &["AEON"]),
    (6, &["BCN"]),
    (114, &["OXEN"]),
    (0x2bb_39a, &["SUMO"]),
    (0x2c_e192, &["RYO"]),
];

/// First characters that identify a coin if the tag is not in [`TAGS`].
const PREFIXES: &[(&str, &[&str])] =
    &[("ZEPH", &["ZEPH"]), ("SC1", &["SAL"]), ("SaL", &["SAL"]), ("hv", &["XHV"])];

/// Base58 characters of a block of 0 to 8 bytes.
const BLOCK_CHARACTERS: [usize; 9] = [0, 2, 3, 5, 6, 7, 9, 10, 11];

/// Longest decoded address, in bytes: tag (up to 10), two keys, payment id, checksum.
const MAX_BYTES: usize = 10 + 64 + 8 + 4;

pub(super) fn identify(text: &str) -> Option<WalletFormat> {
    if text.len() < CUT || !text.bytes().all(|b| digit(b).is_some()) {
        return None;
    }
    if let Some(tag) = checked_tag(text).filter(|_| text.len() >= SHORTEST) {
        let by_tag = TAGS.iter().find(|(known, _)| *known == tag).map(|(_, coins)| *coins);
        let by_prefix =
            || PREFIXES.iter().find(|(p, _)| text.starts_with(p)).map(|(_, coins)| *coins);
        return Some(WalletFormat::valid(by_tag.or_else(by_prefix).unwrap_or(&[])));
    }
    has_shape_of_monero(text).then(|| WalletFormat::checked(MONERO, false))
}

/// Shortest whole address, in characters: the length for 69 bytes.
const SHORTEST: usize = 95;
/// Length in characters to which some firmware cuts user names, so that an address loses its end.
const CUT: usize = 63;

/// Whether `text` has a length and first two characters of an address with tag 18, 42 or 19.
fn has_shape_of_monero(text: &str) -> bool {
    matches!(
        (text.len(), text.as_bytes()),
        (SHORTEST | CUT, [b'4', b'1'..=b'9' | b'A' | b'B', ..])
            | (SHORTEST | CUT, [b'8', b'2'..=b'9' | b'A'..=b'C', ..])
            | (106, [b'4', b'B'..=b'H' | b'J'..=b'M', ..])
    )
}

/// The tag of an address, if its length and checksum are correct.
fn checked_tag(text: &str) -> Option<u64> {
    let mut buffer = [0; MAX_BYTES];
    let bytes = decode(text.as_bytes(), &mut buffer)?;
    let (content, checksum) = bytes.split_last_chunk::<4>()?;
    let mut keccak = Keccak::v256();
    let mut hash = [0; 32];
    keccak.update(content);
    keccak.finalize(&mut hash);
    if !hash.starts_with(checksum) {
        return None;
    }
    let (tag, keys) = varint(content)?;
    // Two keys, perhaps with a payment id; contents of some forks are longer.
    (keys >= 64).then_some(tag)
}

/// Decodes blocks of 11 characters into 8 bytes each.
fn decode<'b>(text: &[u8], buffer: &'b mut [u8; MAX_BYTES]) -> Option<&'b [u8]> {
    let mut length = 0;
    for block in text.chunks(11) {
        let size = BLOCK_CHARACTERS.iter().position(|&characters| characters == block.len())?;
        let mut value = 0u64;
        for &character in block {
            value = value.checked_mul(58)?.checked_add(digit(character)?)?;
        }
        let bytes = value.to_be_bytes();
        let (overflow, bytes) = bytes.split_at_checked(8 - size)?;
        if overflow.iter().any(|&byte| byte != 0) {
            return None;
        }
        buffer.get_mut(length..length + size)?.copy_from_slice(bytes);
        length += size;
    }
    buffer.get(..length)
}

/// Reads a little-endian base-128 number of up to 9 bytes. Returns it and the number of bytes after
/// it.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (index, &byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some((value, bytes.len() - index - 1));
        }
    }
    None
}

/// Value of a Base58 character, or `None` for other bytes.
fn digit(byte: u8) -> Option<u64> {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    ALPHABET.iter().position(|&c| c == byte).map(|index| index as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::mining::Checksum;

    /// An address with the given tag and keys of `fill`.
    fn encode(mut tag: u64, payload: usize, fill: u8) -> String {
        let mut bytes = Vec::new();
        while tag >= 0x80 {
            bytes.push(tag as u8 | 0x80);
            tag >>= 7;
        }
        bytes.push(tag as u8);
        bytes.resize(bytes.len() + payload, fill);
        let mut keccak = Keccak::v256();
        let mut hash = [0; 32];
        keccak.update(&bytes);
        keccak.finalize(&mut hash);
        bytes.extend_from_slice(&hash[..4]);
        let alphabet = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let mut text = String::new();
        for block in bytes.chunks(8) {
            let mut value = block.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
            let mut digits = vec![b'1'; BLOCK_CHARACTERS[block.len()]];
            for digit in digits.iter_mut().rev() {
                *digit = alphabet[(value % 58) as usize];
                value /= 58;
            }
            text.push_str(std::str::from_utf8(&digits).unwrap());
        }
        text
    }

    #[test]
    fn every_known_tag_is_told_apart() {
        for (tag, coins) in TAGS {
            let address = encode(*tag, 64, 0x5a);
            let format = identify(&address).unwrap_or_else(|| panic!("{address}"));
            assert_eq!((format.coins, format.checksum), (*coins, Checksum::Valid), "{address}");
        }
    }

    #[test]
    fn texts_begin_as_documented() {
        for (tag, payload, length, first) in [
            (18, 64, 95, "4"),
            (42, 64, 95, "8"),
            (19, 72, 106, "4"),
            (0x1032, 64, 97, "Wo"),
            (0x1a9a, 72, 108, "So"),
            (0x3e_f318, 64, 99, "SaLv"),
            (0x7ad4, 64, 98, "ccx7"),
            (3_914_525, 64, 99, "TRTL"),
            (18018, 64, 98, "etn"),
            (0xb2, 64, 97, "Wm"),
            (0x2bb_39a, 64, 99, "Sumo"),
            (0x2c_e192, 64, 99, "RYo"),
        ] {
            let address = encode(tag, payload, 0x5a);
            assert!(address.starts_with(first), "{address}");
            assert_eq!(address.len(), length, "{address}");
        }
    }

    #[test]
    fn an_unknown_relative_is_a_wallet_of_no_known_coin() {
        let format = identify(&encode(0x1234_5678, 64, 1)).unwrap();
        assert!(format.coins.is_empty() && format.checksum == Checksum::Valid);
    }
}
