//! Bech32 (BIP 173) and Bech32m (BIP 350) addresses, including those of DERO and XELIS.

use bech32::primitives::decode::{CheckedHrpstring, SegwitHrpstring, UncheckedHrpstring};
use bech32::{Bech32, Bech32m};

use super::WalletFormat;

/// Segregated witness prefixes (SLIP-0173).
const SEGWIT: &[(&str, &[&str])] = &[
    ("bc1", &["BTC"]),
    ("tb1", &["BTC"]),
    ("ltc1", &["LTC"]),
    ("tltc1", &["LTC"]),
    ("dgb1", &["DGB"]),
    ("vtc1", &["VTC"]),
    ("mona1", &["MONA"]),
    ("grs1", &["GRS"]),
    ("btg1", &["BTG"]),
    ("fb1", &["FB"]),
    ("xep1", &["XEP"]),
    ("hs1", &["HNS"]),
    ("ts1", &["HNS"]),
];

/// Other prefixes, their coins, and the shortest and longest address in characters.
const PLAIN: &[(&str, &[&str], usize, usize)] = &[
    // 33-byte key; integrated addresses carry arguments.
    ("dero1", &["DERO"], 66, 66),
    ("deroi1", &["DERO"], 70, super::MAX_ADDRESS),
    ("deto1", &["DERO"], 66, 66),
    // Zcash Sapling: 43 bytes.
    ("zs1", &["ZEC"], 78, 78),
    // Zcash unified (ZIP 316).
    ("u1", &["ZEC"], 100, super::MAX_ADDRESS),
    ("addr1", &["ADA"], 58, 108),
    // Short and full formats (CKB RFC 21).
    ("ckb1", &["CKB"], 40, 130),
    ("ckt1", &["CKB"], 40, 130),
    ("aleo1", &["ALEO"], 63, 63),
    ("prl1", &["PRL"], 42, 63),
    ("grin1", &["GRIN"], 63, 63),
    ("stc1", &["STC"], 42, 90),
    ("zil1", &["ZIL"], 42, 42),
];

pub(super) fn identify(text: &str) -> Option<WalletFormat> {
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return None;
    }
    for (prefix, coins) in SEGWIT {
        if let Some(rest) = lower.strip_prefix(prefix) {
            // Witness programs have 2 to 40 bytes (BIP 141); those in use have 20 or 32.
            if !is_data(rest) || ![39, 59].contains(&rest.len()) {
                return None;
            }
            return Some(WalletFormat::checked(coins, SegwitHrpstring::new(&lower).is_ok()));
        }
    }
    for (prefix, coins, shortest, longest) in PLAIN {
        if let Some(rest) = lower.strip_prefix(prefix) {
            if !is_data(rest) || !(*shortest..=*longest).contains(&text.len()) {
                return None;
            }
            let holds = CheckedHrpstring::new::<Bech32>(&lower).is_ok()
                || CheckedHrpstring::new::<Bech32m>(&lower).is_ok();
            return Some(WalletFormat::checked(coins, holds));
        }
    }
    xelis(&lower).or_else(|| unknown_prefix(&lower))
}

/// Prefixes of texts that are no payout addresses: Nostr, Lightning, age.
const OTHER_PREFIXES: &[&str] =
    &["npub", "nsec", "note", "nprofile", "nevent", "naddr", "lnurl", "age", "age-secret-key-"];

/// Longest prefix of an address whose coin is not known, in characters.
const MAX_PREFIX: usize = 8;

/// Recognises an address of a coin that is not known: only a valid checksum proves it.
fn unknown_prefix(lower: &str) -> Option<WalletFormat> {
    // The shortest holds a hash of 20 bytes and the checksum.
    const SHORTEST_DATA: usize = 38;
    let (prefix, data) = lower.rsplit_once('1')?;
    if !(2..=MAX_PREFIX).contains(&prefix.len())
        || !prefix.bytes().all(|b| b.is_ascii_lowercase())
        || OTHER_PREFIXES.contains(&prefix)
        || data.len() < SHORTEST_DATA
        || !is_data(data)
    {
        return None;
    }
    let holds = CheckedHrpstring::new::<Bech32>(lower).is_ok()
        || CheckedHrpstring::new::<Bech32m>(lower).is_ok();
    holds.then(|| WalletFormat::valid(&[]))
}

/// Recognises a XELIS address, which has a colon where Bech32 has `1`.
fn xelis(lower: &str) -> Option<WalletFormat> {
    let (prefix, data) = lower.split_once(':')?;
    if !["xel", "xet"].contains(&prefix) || !is_data(data) || data.len() < 59 {
        return None;
    }
    let bech32 = format!("{prefix}1{data}");
    let holds = UncheckedHrpstring::new(&bech32)
        .is_ok_and(|unchecked| unchecked.has_valid_checksum::<Bech32>());
    Some(WalletFormat::checked(&["XEL"], holds))
}

/// Whether all characters are in the alphabet of the data part (BIP 173).
fn is_data(text: &str) -> bool {
    text.bytes().all(|b| b"qpzry9x8gf2tvdw0s3jn54khce6mua7l".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::mining::Checksum;

    #[test]
    fn dero_and_zcash_sapling_addresses_are_checked() {
        let hrp = |text| bech32::Hrp::parse(text).unwrap();
        let dero = bech32::encode::<Bech32>(hrp("dero"), &[7; 34]).unwrap();
        let sapling = bech32::encode::<Bech32>(hrp("zs"), &[7; 43]).unwrap();
        let unified = bech32::encode::<Bech32m>(hrp("u"), &[7; 83]).unwrap();
        let hns = hrp("hs");
        let handshake = bech32::segwit::encode_v0(hns, &[7; 20]).unwrap();
        let ckb = bech32::encode::<Bech32m>(hrp("ckb"), &[7; 54]).unwrap();
        let aleo = bech32::encode::<Bech32m>(hrp("aleo"), &[7; 32]).unwrap();
        let pearl = bech32::segwit::encode_v1(hrp("prl"), &[7; 32]).unwrap();
        for (coin, address) in [
            ("DERO", dero),
            ("ZEC", sapling),
            ("ZEC", unified),
            ("HNS", handshake),
            ("CKB", ckb),
            ("ALEO", aleo),
            ("PRL", pearl),
        ] {
            let format = identify(&address).unwrap_or_else(|| panic!("{address}"));
            assert_eq!((format.coins[0], format.checksum), (coin, Checksum::Valid), "{address}");
        }
    }

    #[test]
    fn an_unknown_prefix_needs_a_valid_checksum() {
        let encode =
            |hrp| bech32::encode::<Bech32>(bech32::Hrp::parse(hrp).unwrap(), &[7; 24]).unwrap();
        let address = encode("newcoin");
        let format = identify(&address).unwrap();
        assert_eq!((format.coins.len(), format.checksum), (0, Checksum::Valid));
        assert!(identify(&address.replace("newcoin", "newcorn")).is_none());
        assert!(identify(&encode("npub")).is_none());
    }

    #[test]
    fn mixed_case_is_refused() {
        assert!(identify("bc1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4").is_none());
    }
}
