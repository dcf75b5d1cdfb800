use super::*;

use crate::protocol::stratum::identity::wallet;

/// Each dialect with an address of its own.
const DIALECTS: &[(Dialect, &str, &str)] = &[
    (Dialect::Bitcoin, "BTC", "12XAL4rzud65wNzmEYb4EowaoiKTgnPry8"),
    (Dialect::GetWork, "BTC", "3HpN7xQ1YaCy4Lz9tcrp4682ke4GXdPcr5"),
    (
        Dialect::Monero,
        "XMR",
        "472jm2WBFsScZaCueCmZPg7w7v3Rjn3hA6VNX3xz37agPrRSd5QErRjajcJvdVUyGfFGVoyrRUT76UTeAxrY2HTdCbVmY5q",
    ),
    (Dialect::KawPow, "RVN", "RNevnuWG1KCEjEgdz98iXypNJXBBZbZcwv"),
    (Dialect::Equihash, "ZEC", "t1VF1UFHgpRvFNz25FubfnXPyDWinUgXkEr"),
    (Dialect::EthProxy, "ETC", "0xE1C325306ce62691b71DC61656b7Db78a939bdB0"),
    (Dialect::EthStratum1, "ETC", "0xE1C325306ce62691b71DC61656b7Db78a939bdB0"),
    (Dialect::Kaspa, "KAS", "kaspa:qr5n0xxa5l6r4fgthwnsga0futjhfe49ctvl75xc73sscfkke5052yyhyl99u"),
    (Dialect::Conflux, "CFX", "cfx:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg"),
    (Dialect::Ergo, "ERG", "9fRAWhdxEsTcdb8PhGNrZfwqa65zfkuYHAMmkQLcic1gdLSV5vA"),
    (Dialect::Nimiq, "NIM", "NQ07 0000 0000 0000 0000 0000 0000 0000 0000"),
    (Dialect::Alephium, "ALPH", "1DrDyTr9RpRsQnDnXo2YRiPzPW4ooHX5LLoqXrqfMrpQH"),
    (Dialect::Aeternity, "AE", "ak_2k8PVnDYK4yrBkofvFkpRhrNukCKDRbYxiZGpjS4Pp3k9wzWYJ"),
    (Dialect::StratumV2, "BTC", "12XAL4rzud65wNzmEYb4EowaoiKTgnPry8"),
];

fn evidence(dialect: Dialect, wallet: Option<&Wallet>) -> CoinEvidence<'_> {
    CoinEvidence { dialect, dialect_proven: true, wallet, ..CoinEvidence::default() }
}

#[test]
fn a_dialect_with_its_own_wallet_tells_the_coin() {
    for (dialect, coin, address) in DIALECTS {
        let wallet = wallet::identify(address).unwrap_or_else(|| panic!("{address}"));
        let verdict = evidence(*dialect, Some(&wallet)).judge();
        assert_eq!((verdict.coin(), verdict.reason), (Some(*coin), Some("wallet")), "{dialect:?}");
    }
}

#[test]
fn a_dialect_with_another_ones_wallet_tells_nothing_that_contradicts_either() {
    for (dialect, own, _) in DIALECTS {
        for (_, other, address) in DIALECTS {
            let wallet = wallet::identify(address).unwrap();
            let evidence = evidence(*dialect, Some(&wallet));
            let verdict = evidence.judge();
            for coin in &verdict.candidates {
                assert!(wallet.coins.contains(&coin.as_str()), "{dialect:?} {address}: {coin}");
                assert!(table::dialect_allows(*dialect, coin), "{dialect:?} {address}: {coin}");
            }
            if verdict.candidates.is_empty() {
                assert_ne!(own, other, "{dialect:?} {address}");
                assert_eq!(verdict.reason, Some(CONTRADICTION));
                assert_eq!(evidence.hashes_per_difficulty(), None, "{dialect:?} {address}");
            }
        }
    }
}

#[test]
fn an_address_that_cannot_be_read_leaves_the_coin_open() {
    let unread = |dialect| {
        let evidence = CoinEvidence { unread_address: true, ..evidence(dialect, None) };
        evidence.judge()
    };
    for dialect in [Dialect::Monero, Dialect::EthProxy, Dialect::Equihash, Dialect::KawPow] {
        let verdict = unread(dialect);
        assert_eq!((verdict.coin(), verdict.reason), (None, Some(SEVERAL)), "{dialect:?}");
        assert_eq!(evidence(dialect, None).judge().reason, Some("dialect"));
    }
    assert_eq!(unread(Dialect::Beam).coin(), Some("BEAM"), "no other coin has these messages");
    assert_eq!(unread(Dialect::Bitcoin), CoinVerdict::default());
}

#[test]
fn address_formats_of_several_coins_are_told_apart_by_the_dialect() {
    let coin = |dialect, algorithm, address: &str| {
        let wallet = wallet::identify(address).unwrap();
        let evidence = CoinEvidence { algorithm, ..evidence(dialect, Some(&wallet)) };
        evidence.judge().coin().map(str::to_owned)
    };
    let told = |coin: &str| Some(coin.to_owned());
    let (r, m) = ("RSihSYJbQtGn35HdVc2StBhjYTytNPR5jc", "MQVUDAWKJC7fGqwoTzSr7kRu8TMtXJK1nj");
    assert_eq!(coin(Dialect::KawPow, None, r), told("RVN"));
    assert_eq!(coin(Dialect::Equihash, None, r), None);
    assert_eq!(coin(Dialect::Equihash, Some("verushash"), r), told("VRSC"));
    assert_eq!(coin(Dialect::Bitcoin, None, r), told("RTM"));
    assert_eq!(coin(Dialect::KawPow, None, m), told("MEWC"));
    assert_eq!(coin(Dialect::Bitcoin, None, m), told("LTC"));
}

#[test]
fn the_unit_of_difficulty_needs_all_evidence_to_agree() {
    let unit = |dialect, algorithm, address: &str| {
        let wallet = wallet::identify(address);
        let evidence = CoinEvidence { algorithm, ..evidence(dialect, wallet.as_ref()) };
        evidence.hashes_per_difficulty()
    };
    const BTC: &str = "12XAL4rzud65wNzmEYb4EowaoiKTgnPry8";
    const LTC: &str = "LPwhspPejhksjg8c8NmJmHhmss7aMh7DUT";
    const DOGE: &str = "DT6ZUGn3xs5BMSLXiymcvkVxQiiS1D4UxT";
    assert_eq!(unit(Dialect::Bitcoin, None, BTC), Some(4_294_967_296.0));
    assert_eq!(unit(Dialect::Bitcoin, None, LTC), Some(65_536.0));
    assert_eq!(unit(Dialect::Bitcoin, None, DOGE), None, "DigiByte has five algorithms");
    assert_eq!(unit(Dialect::Bitcoin, Some("scrypt"), DOGE), Some(65_536.0));
    assert_eq!(unit(Dialect::Bitcoin, Some("scrypt"), BTC), None);
    assert_eq!(unit(Dialect::Bitcoin, Some("x16r"), ""), None);
    assert_eq!(unit(Dialect::Bitcoin, Some("SHA256d"), ""), Some(4_294_967_296.0));
    assert_eq!(unit(Dialect::Bitcoin, None, ""), None);
    assert_eq!(unit(Dialect::Monero, None, ""), Some(1.0));
    assert_eq!(unit(Dialect::Grin, None, ""), None);
    let guessed = CoinEvidence { dialect: Dialect::EthStratum1, ..CoinEvidence::default() };
    assert_eq!(guessed.hashes_per_difficulty(), None);
    let rolling = CoinEvidence { version_rolling: true, ..evidence(Dialect::Bitcoin, None) };
    assert_eq!(rolling.hashes_per_difficulty(), Some(4_294_967_296.0));
}
