//! Base58 addresses: Base58Check with a version byte (Bitcoin's family), Ergo, Alephium, æternity.

use sha2::{Digest, Sha256};

use super::WalletFormat;
use super::blake2b::blake2b_256;

/// Version bytes before a 20-byte hash (`base58Prefixes` of each coin's `chainparams.cpp`).
const VERSIONS: &[(&[u8], &[&str])] = &[
    (&[0x00], &["BTC", "BCH"]),
    (&[0x05], &["BTC", "BCH"]),
    (&[0x6f], &["BTC"]),
    (&[0xc4], &["BTC"]),
    (&[0x30], &["LTC"]),
    (&[0x32], &["LTC", "MONA", "MEWC"]),
    (&[0x1e], &["DOGE", "DGB"]),
    (&[0x16], &["DOGE"]),
    (&[0x4c], &["DASH"]),
    (&[0x10], &["DASH"]),
    (&[0x3c], &["RVN", "KMD", "VRSC", "RTM"]),
    (&[0x7a], &["RVN"]),
    (&[0x55], &["KMD", "VRSC"]),
    (&[0x66], &["VRSC"]),
    (&[0x52], &["FIRO"]),
    (&[0x07], &["FIRO"]),
    (&[0x47], &["VTC"]),
    (&[0x21], &["EVR"]),
    (&[0x35], &["XNA"]),
    (&[0x26], &["BTG", "NEOX"]),
    (&[0x17], &["CLORE", "BTG"]),
    (&[0x37], &["PPC"]),
    (&[0x34], &["NMC"]),
    (&[0x3a], &["QTUM"]),
    (&[0x41], &["TRX"]),
    (&[0x1c, 0xb8], &["ZEC", "FLUX"]),
    (&[0x1c, 0xbd], &["ZEC", "FLUX"]),
    (&[0x20, 0x89], &["ZEN"]),
    (&[0x20, 0x96], &["ZEN"]),
    (&[0x10, 0x1c], &["VDS"]),
    (&[0x10, 0x41], &["VDS"]),
];

/// Longest text decoded, in characters. Addresses of Ergo and æternity are shorter.
const MAX_TEXT: usize = 60;

pub(super) fn identify(text: &str) -> Option<WalletFormat> {
    if let Some(account) = text.strip_prefix("ak_") {
        let mut buffer = [0; 64];
        let bytes = decode(account, &mut buffer)?;
        return (bytes.len() == 36).then(|| WalletFormat::checked(&["AE"], sha256d_holds(bytes)));
    }
    let mut buffer = [0; 64];
    let bytes = decode(text, &mut buffer)?;
    match bytes.len() {
        25 | 26 => bitcoin_like(text, bytes),
        33 => alephium(text, bytes),
        38 => ergo(bytes),
        _ => None,
    }
}

fn decode<'b>(text: &str, buffer: &'b mut [u8; 64]) -> Option<&'b [u8]> {
    if !(26..=MAX_TEXT).contains(&text.len()) {
        return None;
    }
    let length = bs58::decode(text).onto(&mut buffer[..]).ok()?;
    buffer.get(..length)
}

fn bitcoin_like(text: &str, bytes: &[u8]) -> Option<WalletFormat> {
    let holds = sha256d_holds(bytes);
    let known = VERSIONS
        .iter()
        .find(|(version, _)| bytes.len() == version.len() + 24 && bytes.starts_with(version));
    let Some((_, coins)) = known else {
        // The address of a coin that is not known: only a valid checksum proves it.
        return holds.then(|| WalletFormat::valid(&[]));
    };
    (holds || (text.len() >= 33 && looks_random(text))).then(|| WalletFormat::checked(coins, holds))
}

/// Alephium pay-to-public-key-hash: type 0 and a 32-byte hash, without a checksum.
fn alephium(text: &str, bytes: &[u8]) -> Option<WalletFormat> {
    (bytes.first() == Some(&0) && looks_random(text)).then(|| WalletFormat::unchecked(&["ALPH"]))
}

/// Ergo pay-to-public-key: network and type 0x01, a compressed point, 4 bytes of BLAKE2b-256.
fn ergo(bytes: &[u8]) -> Option<WalletFormat> {
    let (content, checksum) = bytes.split_last_chunk::<4>()?;
    let holds = blake2b_256(content).starts_with(checksum);
    (content.first() == Some(&0x01) && holds).then(|| WalletFormat::valid(&["ERG"]))
}

/// Whether the last four bytes are the first four of the double SHA-256 of the others.
fn sha256d_holds(bytes: &[u8]) -> bool {
    bytes.split_last_chunk::<4>().is_some_and(|(content, checksum)| {
        Sha256::digest(Sha256::digest(content)).starts_with(checksum)
    })
}

/// Whether `text` has capitals, small letters and at least three digits. All but a few in a hundred
/// addresses have these, but hardly any name.
fn looks_random(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && text.bytes().filter(u8::is_ascii_digit).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::mining::Checksum;

    fn encode(version: &[u8], payload: &[u8]) -> String {
        let mut bytes = [version, payload].concat();
        let hash = Sha256::digest(Sha256::digest(&bytes));
        bytes.extend_from_slice(&hash[..4]);
        bs58::encode(bytes).into_string()
    }

    #[test]
    fn every_version_byte_is_told_apart() {
        for (version, coins) in VERSIONS {
            let address = encode(version, &[0x5a; 20]);
            let format = identify(&address).unwrap_or_else(|| panic!("{address}"));
            assert_eq!((format.coins, format.checksum), (*coins, Checksum::Valid), "{address}");
        }
    }

    #[test]
    fn an_unknown_version_needs_a_valid_checksum() {
        let address = encode(&[0x99], &[0x5a; 20]);
        let format = identify(&address).unwrap();
        assert_eq!((format.coins.len(), format.checksum), (0, Checksum::Valid));
        assert!(identify(&address.replace('a', "b").replace('9', "8")).is_none());
    }

    #[test]
    fn first_characters_are_the_documented_ones() {
        for (version, first) in [
            (&[0x4c][..], "X"),
            (&[0x52], "a"),
            (&[0x3c], "R"),
            (&[0x1c, 0xbd], "t3"),
            (&[0x41], "T"),
            (&[0x21], "E"),
        ] {
            let address = encode(version, &[0x5a; 20]);
            assert!(address.starts_with(first), "{address}");
        }
    }

    #[test]
    fn aeternity_accounts_are_checked() {
        let address = format!("ak_{}", encode(&[], &[0x77; 32]));
        let format = identify(&address).unwrap();
        assert_eq!((format.coins[0], format.checksum), ("AE", Checksum::Valid));
    }
}
