//! Addresses in hexadecimal without a checksum: Kadena, Aion, Starcoin.

use super::WalletFormat;
use crate::protocol::stratum::text::is_hex_of;

/// Prefix, digits after it, and coins.
const FORMATS: &[(&str, usize, &[&str])] = &[
    // A single-key account is named by its public key (KIP-0012).
    ("k:", 64, &["KDA"]),
    // The first byte is the kind of account (AIP-001).
    ("0xa0", 62, &["AION"]),
    ("0x", 32, &["STC"]),
];

pub(super) fn identify(text: &str) -> Option<WalletFormat> {
    FORMATS.iter().find_map(|(prefix, digits, coins)| {
        let rest = text.strip_prefix(prefix)?;
        is_hex_of(rest, *digits).then(|| WalletFormat::unchecked(coins))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_and_length_tell_the_coin() {
        for (coin, address) in [
            ("KDA", format!("k:{}", "0d".repeat(32))),
            ("AION", format!("0xa0{}", "1c".repeat(31))),
            ("STC", format!("0x{}", "b6".repeat(16))),
        ] {
            assert_eq!(identify(&address).unwrap().coins, [coin], "{address}");
        }
        let unknown = [format!("0xb0{}", "1c".repeat(31)), "k:alice".into(), "0xa0".into()];
        for address in unknown {
            assert!(identify(&address).is_none(), "{address}");
        }
    }
}
