//! Recognises payout addresses: format, coins and checksum.
//!
//! A user name can be any text. An address without a valid checksum is therefore recognised only if
//! no worker name looks like it. Nothing here panics; texts longer than [`MAX_ADDRESS`] are refused
//! before any work is done.

mod base58;
mod bech32;
mod blake2b;
mod cashaddr;
mod cryptonote;
mod ethereum;
mod hexadecimal;
mod nimiq;
mod ton;

use crate::model::event::mining::{Checksum, Wallet};

/// Longest text read, in bytes. The longest known address, a Zcash unified address with all
/// receivers, has 213 characters.
pub(crate) const MAX_ADDRESS: usize = 256;

/// Coins and checksum of a recognised address.
struct WalletFormat {
    coins: &'static [&'static str],
    checksum: Checksum,
}

impl WalletFormat {
    fn valid(coins: &'static [&'static str]) -> Self {
        WalletFormat { coins, checksum: Checksum::Valid }
    }

    fn checked(coins: &'static [&'static str], holds: bool) -> Self {
        WalletFormat { coins, checksum: if holds { Checksum::Valid } else { Checksum::Invalid } }
    }

    fn unchecked(coins: &'static [&'static str]) -> Self {
        WalletFormat { coins, checksum: Checksum::Absent }
    }
}

/// Recognises a payout address. Returns `None` if `address` has no known format.
///
/// `address` is the address alone: the caller has removed worker, fixed difficulty, mail and a
/// `COIN:` prefix. The prefixes `kaspa:`, `cfx:`, `xel:` … belong to the address and stay.
///
/// `coins` of the result is empty if the checksum proves an address whose coin is not known.
pub(crate) fn identify(address: &str) -> Option<Wallet> {
    let text = address.trim();
    if text.len() > MAX_ADDRESS || !text.is_ascii() {
        return None;
    }
    const FORMATS: [fn(&str) -> Option<WalletFormat>; 8] = [
        ethereum::identify,
        hexadecimal::identify,
        cryptonote::identify,
        bech32::identify,
        cashaddr::identify,
        nimiq::identify,
        ton::identify,
        base58::identify,
    ];
    let format = FORMATS.iter().find_map(|identify| identify(text))?;
    Some(Wallet {
        address: text.to_owned(),
        coins: format.coins.to_vec(),
        checksum: format.checksum,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Addresses with valid checksums: invented, or constants of the coins' own specifications.
    const VALID: &[(&str, &str)] = &[
        (
            "XMR",
            "8BpGhzPcuNgLFfWjLuNKAHWMnRnsWVahRCjGmobtueXd2GvfDtcn64EaGne1nna37ZP5mQHchq7rbD5XctqSTC5nGWxLTmn",
        ),
        (
            "XMR",
            "4KvgwyZvtR1Z1osC5CrqRVJ6GWCcTYpFobDV9nHvYxtqB9RtnMRh5XqKwj1DLDeMgyCNyUrcJTk8WQMs8QntqJrsTDVuwTJ67B76cq2zyN",
        ),
        (
            "XMR",
            "472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6VNX3xz37agPrRSd5QErRjajcJvdVUyGfFGVoyrRUT76UTeAxrY2HTdCbVmY5q",
        ),
        ("BTC", "12XAL4rzud65wNzmEYb4EowaoiKTgnPry8"),
        ("BTC", "3HpN7xQ1YaCy4Lz9tcrp4682ke4GXdPcr5"),
        ("BTC", "bc1p79qy9tnrkutajwyf5yy94lsg7ka48fxyxfdlm8fq7u0jtxtma04q7zzxx6"),
        // BIP 173 and BIP 350.
        ("BTC", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"),
        ("BTC", "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3"),
        ("BTC", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
        ("LTC", "LPwhspPejhksjg8c8NmJmHhmss7aMh7DUT"),
        ("RVN", "RNevnuWG1KCEjEgdz98iXypNJXBBZbZcwv"),
        ("ZEC", "t1VF1UFHgpRvFNz25FubfnXPyDWinUgXkEr"),
        ("DOGE", "DT6ZUGn3xs5BMSLXiymcvkVxQiiS1D4UxT"),
        ("ETC", "0xE1C325306ce62691b71DC61656b7Db78a939bdB0"),
        ("KAS", "kaspa:qr5n0xxa5l6r4fgthwnsga0futjhfe49ctvl75xc73sscfkke5052yyhyl99u"),
        // CIP-37, EIP-55, XELIS `config.rs` (DEV_ADDRESS), the Bitcoin Cash specification.
        ("CFX", "cfx:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg"),
        ("CFX", "CFX:TYPE.USER:AARC9ABYCUE0HHZGYRR53M6CXEDGCCRMMYYBJGH4XG"),
        ("CFX", "cfxtest:aarc9abycue0hhzgyrr53m6cxedgccrmmy8m50bu1p"),
        ("ETC", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        ("XEL", "xel:vs3mfyywt0fjys0rgslue7mm4wr23xdgejsjk0ld7f2kxng4d4nqqnkdufz"),
        ("BCH", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),
        // All zeros: the burn address.
        ("NIM", "NQ07 0000 0000 0000 0000 0000 0000 0000 0000"),
        // Ergo documentation.
        ("ERG", "9fRAWhdxEsTcdb8PhGNrZfwqa65zfkuYHAMmkQLcic1gdLSV5vA"),
    ];

    #[test]
    fn valid_addresses_are_recognised_with_coin_and_checksum() {
        for (coin, address) in VALID {
            let wallet = identify(address).unwrap_or_else(|| panic!("{address}"));
            assert_eq!(wallet.coins.first(), Some(coin), "{address}");
            assert_eq!(wallet.checksum, Checksum::Valid, "{address}");
            assert_eq!(wallet.address, *address);
        }
    }

    #[test]
    fn no_changed_character_keeps_a_checksum_valid() {
        for (_, address) in VALID {
            for position in 0..address.len() {
                let mut changed = address.as_bytes().to_vec();
                let replacement = if changed[position] == b'7' { b'8' } else { b'7' };
                if changed[position] == b' ' {
                    continue;
                }
                changed[position] = replacement;
                let changed = String::from_utf8(changed).unwrap();
                if let Some(wallet) = identify(&changed) {
                    assert_ne!(wallet.checksum, Checksum::Valid, "{changed}");
                }
            }
        }
    }

    #[test]
    fn unmistakable_formats_with_a_wrong_checksum_are_invalid_wallets() {
        for address in [
            "472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6VNX3xz37agPrRSd5QErRjajcJvdVUyGfFGVoyrRUT76UTeAxrY2HTdCbVmY5r",
            "kaspa:qr5n0xxa5l6r4fgthwnsga0futjhfe49ctvl75xc73sscfkke5052yyhyl99q",
            "cfx:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xx",
            "0xE1C325306ce62691b71DC61656b7Db78a939bdb0",
            "bc1p79qy9tnrkutajwyf5yy94lsg7ka48fxyxfdlm8fq7u0jtxtma04q7zzxxq",
            "12XAL4rzud65wNzmEYb4EowaoiKTgnPry9",
            "t1VF1UFHgpRvFNz25FubfnXPyDWinUgXkEs",
        ] {
            let wallet = identify(address).unwrap_or_else(|| panic!("{address}"));
            assert_eq!(wallet.checksum, Checksum::Invalid, "{address}");
        }
    }

    #[test]
    fn an_address_that_firmware_has_cut_is_a_wallet_all_the_same() {
        let whole = "472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6VNX3xz37agPrRSd5QErRjajcJvdVUyGfFGVoyrRUT76UTeAxrY2HTdCbVmY5q";
        let wallet = identify(&whole[..63]).expect("the beginning of one");
        assert_eq!((wallet.coins, wallet.checksum), (vec!["XMR"], Checksum::Invalid));
        for characters in [40, 62, 64, 94] {
            assert!(identify(&whole[..characters]).is_none(), "{characters}");
        }
    }

    #[test]
    fn formats_without_a_checksum_say_so() {
        for (coin, address) in [
            ("ETC", "0xe1c325306ce62691b71dc61656b7db78a939bdb0"),
            ("ETC", "0XE1C325306CE62691B71DC61656B7DB78A939BDB0"),
            ("ETC", "e1c325306ce62691b71dc61656b7db78a939bdb0"),
            ("ALPH", "1DrDyTr9RpRsQnDnXo2YRiPzPW4ooHX5LLoqXrqfMrpQH"),
        ] {
            let wallet = identify(address).unwrap_or_else(|| panic!("{address}"));
            assert_eq!((wallet.coins[0], wallet.checksum), (coin, Checksum::Absent), "{address}");
        }
    }

    #[test]
    fn user_names_are_no_wallets() {
        for name in [
            "",
            "x",
            "worker1",
            "3080ti",
            "1",
            "4",
            "rig0.kitchen",
            "john.doe@example.org",
            "1MinerInTheBasementOfTheUniversity",
            "RaspberryPiClusterOfTheThirdFloorA",
            "LitecoinMinerNumberTwentyThreeHome",
            "DonaldsAntminerInTheGarageUpstairs",
            "DESKTOP-4F7G2K1",
            "WIN-3V1TA1NKR8M",
            "ip-10-0-12-33",
            "ubuntu-s-1vcpu-1gb-nyc1-01",
            "NQuebec",
            "NQ07",
            "bc1worker",
            "ltc1",
            "kaspa:worker",
            "kaspa:",
            "cfx:",
            "xel:",
            "ak_rig",
            "dero1",
            "zs1",
            // XMRig's donation logins and Iron Fish addresses look equal: neither is recognised.
            "0bfe935e70c321c7ca3afc75ce0d0ca2f98b5422e008bb31c00c6d7f1f1c0ad6",
            // MD5, UUID, too short and too long hexadecimal.
            "d41d8cd98f00b204e9800998ecf8427e",
            "6a1f0c5e-2f0b-4d6e-9b8d-3f1f2b7e5a90",
            "0x1234",
            "0xe1c325306ce62691b71dc61656b7db78a939bdb",
            // Base58 of the right length for Bitcoin, but with an unknown version byte.
            "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            "ответ",
        ] {
            assert_eq!(identify(name), None, "{name}");
        }
        assert_eq!(identify(&"4".repeat(MAX_ADDRESS + 1)), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,300}", ascii in "[ -~]{0,300}", base58 in "[48Wa-zA-Z1-9]{60,120}") {
            identify(&text);
            identify(&ascii);
            identify(&base58);
            identify(&format!("kaspa:{ascii}"));
            identify(&format!("bc1{ascii}"));
            identify(&format!("0x{ascii}"));
            identify(&format!("NQ{ascii}"));
        }

        #[test]
        fn words_are_no_wallets(text in "[a-z]{1,12}([-_.][a-zA-Z0-9]{1,12}){0,3}") {
            prop_assume!(text.len() != 40);
            prop_assert_eq!(identify(&text), None);
        }
    }
}
