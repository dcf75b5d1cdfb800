//! Addresses with the 40-bit checksum of CashAddr: Bitcoin Cash, eCash, Nexa, Kaspa and its forks,
//! Conflux (CIP-37).

use super::WalletFormat;

/// Alphabet of CashAddr and Bech32.
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Alphabet of CIP-37.
const CONFLUX: &[u8; 32] = b"abcdefghjkmnprstuvwxyz0123456789";

/// Prefix, coins, and possible lengths of the data part in characters.
const PREFIXES: &[(&str, &[&str], &[usize])] = &[
    // 33 or 34 bytes (version, Schnorr or ECDSA key) and the checksum.
    ("kaspa", &["KAS"], &[61, 63]),
    ("kaspatest", &["KAS"], &[61, 63]),
    ("karlsen", &["KLS"], &[61, 63]),
    ("pyrin", &["PYI"], &[61, 63]),
    ("spectre", &["SPR"], &[61, 63]),
    ("nautilus", &["NTL"], &[61, 63]),
    ("nexellia", &["NXL"], &[61, 63]),
    ("bugna", &["BGA"], &[61, 63]),
    ("hoosat", &["HTN"], &[61, 63]),
    ("cryptix", &["CYTX"], &[61, 63]),
    ("waglayla", &["WALA"], &[61, 63]),
    ("sedra", &["SDR"], &[61, 63]),
    ("bitcoincash", &["BCH"], &[42]),
    ("ecash", &["XEC"], &[42]),
    ("nexa", &["NEXA"], &[42, 48, 54]),
];

pub(super) fn identify(text: &str) -> Option<WalletFormat> {
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return None;
    }
    let Some((prefix, data)) = lower.split_once(':') else {
        return bare(&lower);
    };
    if prefix == "cfx" || prefix == "cfxtest" {
        return conflux(prefix, data);
    }
    let Some((prefix, coins, lengths)) = PREFIXES.iter().find(|(known, ..)| *known == prefix)
    else {
        return unknown_prefix(prefix, data);
    };
    if !lengths.contains(&data.len()) {
        return None;
    }
    Some(WalletFormat::checked(coins, polymod(prefix, values(data, ALPHABET)?) == 0))
}

/// Recognises an address of a coin that is not known, such as one of Kaspa's forks: only a valid
/// checksum proves it.
fn unknown_prefix(prefix: &str, data: &str) -> Option<WalletFormat> {
    const LENGTHS: &[usize] = &[42, 54, 61, 63];
    /// Longest prefix, in characters.
    const MAX_PREFIX: usize = 16;
    let named =
        (2..=MAX_PREFIX).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_lowercase());
    let fits = named && LENGTHS.contains(&data.len());
    let holds = fits && polymod(prefix, values(data, ALPHABET)?) == 0;
    holds.then(|| WalletFormat::valid(&[]))
}

/// Recognises an address without its prefix. A Kaspa address is long enough to be recognised by
/// its form; a Bitcoin Cash address needs a valid checksum.
fn bare(data: &str) -> Option<WalletFormat> {
    let holds = |prefix| Some(polymod(prefix, values(data, ALPHABET)?) == 0);
    match data.len() {
        61 | 63 if data.starts_with(['q', 'p']) => {
            Some(WalletFormat::checked(&["KAS"], holds("kaspa")?))
        }
        42 if holds("bitcoincash")? => Some(WalletFormat::valid(&["BCH"])),
        _ => None,
    }
}

/// Recognises a Conflux address (CIP-37). A type may stand between the prefix and the data.
fn conflux(prefix: &str, rest: &str) -> Option<WalletFormat> {
    const TYPES: [&str; 4] = ["type.user", "type.contract", "type.builtin", "type.null"];
    let data = match rest.split_once(':') {
        Some((kind, data)) if TYPES.contains(&kind) => data,
        Some(_) => return None,
        None => rest,
    };
    if data.len() != 42 {
        return None;
    }
    Some(WalletFormat::checked(&["CFX"], polymod(prefix, values(data, CONFLUX)?) == 0))
}

/// The 5-bit values of `data`, or `None` if a character is not in the alphabet.
fn values<'a>(data: &'a str, alphabet: &'a [u8; 32]) -> Option<impl Iterator<Item = u8> + 'a> {
    let value = |byte: u8| alphabet.iter().position(|&c| c == byte).map(|index| index as u8);
    if data.bytes().any(|byte| value(byte).is_none()) {
        return None;
    }
    Some(data.bytes().filter_map(value))
}

/// PolyMod of the CashAddr specification over prefix, separator and data; 0 if the checksum holds.
fn polymod(prefix: &str, data: impl Iterator<Item = u8>) -> u64 {
    const GENERATOR: [u64; 5] =
        [0x98f2bc8e61, 0x79b76d99e2, 0xf33e5fb3c4, 0xae2eabe2a8, 0x1e4f43e470];
    let prefix = prefix.bytes().map(|b| b & 31).chain([0]);
    let checksum = prefix.chain(data).fold(1u64, |checksum, value| {
        let top = checksum >> 35;
        let shifted = ((checksum & 0x07_ffff_ffff) << 5) ^ u64::from(value);
        GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| (top >> bit) & 1 == 1)
            .fold(shifted, |sum, (_, generator)| sum ^ generator)
    });
    checksum ^ 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::mining::Checksum;

    #[test]
    fn the_prefix_may_be_missing() {
        let kaspa = identify("qr5n0xxa5l6r4fgthwnsga0futjhfe49ctvl75xc73sscfkke5052yyhyl99u");
        assert!(matches!(kaspa, Some(WalletFormat { coins: ["KAS"], checksum: Checksum::Valid })));
        let cash = identify("qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a");
        assert!(matches!(cash, Some(WalletFormat { coins: ["BCH"], checksum: Checksum::Valid })));
        assert!(identify("qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6q").is_none());
    }
}
