//! Derives the coin from algorithms and dialects, and the hashes of a share from targets and
//! difficulties.

use crate::model::event::mining::Dialect;

use super::super::text::{is_hex, strip_0x};

/// Most expected hashes of a share that are plausible: a Bitcoin *block* takes less than 2^80.
const MAX_HASHES: f64 = (1u128 << 96) as f64;

const TWO_POW_32: f64 = (1u64 << 32) as f64;
const TWO_POW_16: f64 = 65536.0;

/// Returns `value` if it can be a difficulty or a number of hashes: above 0, at most 2^96.
pub(crate) fn plausible(value: f64) -> Option<f64> {
    (value.is_finite() && value > 0.0 && value <= MAX_HASHES).then_some(value)
}

/// Difficulty of a CryptoNote job's `target`: 8 or 16 hexadecimal digits of a little-endian
/// number (XMRig, `Job::setTarget`). Returns `None` for a zero target.
pub(crate) fn cryptonote_difficulty(target: &str) -> Option<f64> {
    if !is_hex(target) {
        return None;
    }
    let value = u64::from_str_radix(target, 16).ok()?;
    match target.len() {
        8 => u64::from(u32::MAX).checked_div(u64::from((value as u32).swap_bytes())),
        16 => u64::MAX.checked_div(value.swap_bytes()),
        _ => None,
    }
    .map(|difficulty| difficulty.max(1) as f64)
}

/// Expected hashes for a big-endian 256-bit `target`: 2^256 / (target + 1).
///
/// The target has up to 64 hexadecimal digits, with or without `0x`. Returns `None` for a zero
/// target, which means that none is set.
pub(crate) fn hashes_below(target: &str) -> Option<f64> {
    let digits = strip_0x(target);
    if !is_hex(digits) || digits.len() > 64 {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    let (head, tail) = significant.split_at(significant.len().min(14));
    let head = u64::from_str_radix(head, 16).ok()? as f64;
    // 14 digits are 56 bits, more than an f64 can hold exactly. With more digits, the + 1 is
    // negligible.
    let exponent = 256 - 4 * tail.len() as i32;
    let one = if tail.is_empty() { 1.0 } else { 0.0 };
    let hashes = plausible(f64::powi(2.0, exponent) / (head + one))?;
    // Pools derive targets from integers.
    Some(if hashes < 1e6 { hashes.max(1.0) } else { hashes.round() })
}

/// Expected hashes of a share of difficulty 1. Returns `None` if difficulty is not measured in
/// hashes, or if it depends on an algorithm that is not known.
pub(crate) fn hashes_per_difficulty(dialect: Dialect, algorithm: Option<&str>) -> Option<f64> {
    Some(match dialect {
        Dialect::Monero | Dialect::Tari | Dialect::Browser | Dialect::GetBlockTemplate => 1.0,
        // NiceHash: difficulty 1 is the target 00000000ffff0…
        Dialect::EthStratum1 | Dialect::EthStratum2 | Dialect::EthProxy => TWO_POW_32,
        // kaspa-stratum-bridge: difficulty 1 is the target 2^224 - 1.
        Dialect::Kaspa => TWO_POW_32,
        // alephium/mining-pool, sample configuration: difficulty 1 is the target 2^226.
        Dialect::Alephium => f64::powi(2.0, 30),
        Dialect::StratumV2 | Dialect::Conflux | Dialect::KawPow => TWO_POW_32,
        // Zcash pools that send a difficulty use Bitcoin's definition, with a target of 2^243.
        Dialect::Equihash => 8192.0,
        // Cycles, not hashes.
        Dialect::Grin | Dialect::Aeternity | Dialect::Beam | Dialect::Nimiq => return None,
        Dialect::Bitcoin | Dialect::GetWork | Dialect::Unknown => {
            match algorithm?.to_ascii_lowercase().as_str() {
                "sha256" | "sha256d" => TWO_POW_32,
                "scrypt" | "ghostrider" | "gr" => TWO_POW_16,
                "x11" => f64::powi(2.0, 24),
                _ => return None,
            }
        }
        Dialect::Ergo | Dialect::IronFish | Dialect::P2Pool => return None,
    })
}

/// Algorithm of a coin in the Bitcoin family, by ticker: jobs of these coins do not name it.
///
/// Returns `None` for coins with several algorithms, or with one whose unit of difficulty is not
/// known.
pub(crate) fn algorithm_of(coin: &str) -> Option<&'static str> {
    Some(match coin {
        "BTC" | "BCH" | "XEC" | "NMC" | "PPC" | "FB" => "sha256d",
        "LTC" | "DOGE" => "scrypt",
        "DASH" => "x11",
        "RTM" => "ghostrider",
        _ => return None,
    })
}

/// Ticker of the coin mined most by far with an algorithm, if there is one.
pub(crate) fn of_algorithm(algorithm: &str) -> Option<&'static str> {
    const COINS: &[(&str, &str)] = &[
        ("rx/0", "XMR"),
        ("randomx", "XMR"),
        ("rx/wow", "WOW"),
        ("rx/arq", "ARQ"),
        ("rx/graft", "GRFT"),
        ("rx/sfx", "SFX"),
        ("rx/keva", "KVA"),
        ("rx/yada", "YDA"),
        ("rx/xeq", "XEQ"),
        ("panthera", "XLA"),
        ("cn/r", "XMR"),
        ("cn/2", "XMR"),
        ("cn/1", "XMR"),
        ("cryptonight", "XMR"),
        ("cn-pico", "TRTL"),
        ("cn-pico/trtl", "TRTL"),
        ("cn/gpu", "RYO"),
        ("cn-heavy/xhv", "XHV"),
        ("argon2/chukwa", "TRTL"),
        ("argon2/chukwav2", "TRTL"),
        ("ghostrider", "RTM"),
        ("gr", "RTM"),
        ("kawpow", "RVN"),
        ("kheavyhash", "KAS"),
        ("autolykos2", "ERG"),
        ("autolykos", "ERG"),
        ("etchash", "ETC"),
        ("sha256d", "BTC"),
        ("scrypt", "LTC"),
        ("x11", "DASH"),
        ("144_5", "BTG"),
        ("equihash 144,5", "BTG"),
        ("sha3x", "XTM"),
        ("cuckaroo29", "XTM"),
        ("octopus", "CFX"),
        ("verushash", "VRSC"),
        ("fishhash", "IRON"),
        ("beamhash3", "BEAM"),
    ];
    COINS.iter().find(|(name, _)| algorithm.eq_ignore_ascii_case(name)).map(|(_, coin)| *coin)
}

/// Whether `name` is a mining algorithm: a known one, or a name that begins with a family of XMRig.
pub(crate) fn is_algorithm(name: &str) -> bool {
    const FAMILIES: &[&str] = &["rx/", "cn/", "cn-", "argon2/", "randomx", "astrobwt"];
    let name = name.to_ascii_lowercase();
    of_algorithm(&name).is_some() || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Ticker of the coin mined most by far with a dialect, if there is one.
pub(crate) fn of_dialect(dialect: Dialect) -> Option<&'static str> {
    Some(match dialect {
        Dialect::Monero | Dialect::P2Pool | Dialect::Browser => "XMR",
        Dialect::EthProxy => "ETC",
        Dialect::Equihash => "ZEC",
        Dialect::KawPow => "RVN",
        Dialect::Kaspa => "KAS",
        Dialect::IronFish => "IRON",
        Dialect::Alephium => "ALPH",
        Dialect::Conflux => "CFX",
        Dialect::Grin => "GRIN",
        Dialect::Tari => "XTM",
        Dialect::Aeternity => "AE",
        Dialect::Nimiq => "NIM",
        Dialect::Ergo => "ERG",
        Dialect::Beam => "BEAM",
        Dialect::StratumV2 => "BTC",
        Dialect::Bitcoin
        | Dialect::EthStratum1
        | Dialect::EthStratum2
        | Dialect::GetWork
        | Dialect::GetBlockTemplate
        | Dialect::Unknown => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cryptonote_targets_are_little_endian_in_both_lengths() {
        for (target, difficulty) in [
            ("b88d0600", 10_000.0),
            ("285c8f02", 100.0),
            ("7b5e0400", 15_000.0),
            ("69ba0000", 90_001.0),
            ("ffffffff", 1.0),
            ("ffffffffffff0300", 16_384.0),
        ] {
            assert_eq!(cryptonote_difficulty(target), Some(difficulty), "{target}");
        }
        for target in ["00000000", "0000000000000000", "", "b88d06", "zz8d0600", "+8d06000"] {
            assert_eq!(cryptonote_difficulty(target), None, "{target}");
        }
    }

    #[test]
    fn targets_of_256_bits_give_the_expected_hashes() {
        let near = |target: &str, hashes: f64| {
            let got = hashes_below(target).unwrap();
            assert!((got / hashes - 1.0).abs() < 1e-3, "{target}: {got}");
        };
        near(&format!("003c{}", "3c".repeat(30)), 1088.0);
        near(&format!("0004189374bc{}", "0".repeat(52)), 16_000.0);
        near("0x00000000dbe6fecebdedd5beb573440e5a884d1b2fbf06fcce912adcb8d8422e", 5e9);
        near(&"f".repeat(64), 1.0);
        assert_eq!(hashes_below(&"0".repeat(64)), None);
        assert_eq!(hashes_below("0x"), None);
        assert_eq!(hashes_below(&"f".repeat(65)), None);
        assert_eq!(hashes_below("1"), None, "more than any share can cost");
    }

    #[test]
    fn the_unit_of_difficulty_follows_dialect_and_algorithm() {
        let unit = |algorithm| hashes_per_difficulty(Dialect::Bitcoin, algorithm);
        assert_eq!(unit(Some("SHA256d")), Some(4_294_967_296.0));
        assert_eq!(unit(Some("scrypt")), Some(65_536.0));
        assert_eq!(unit(algorithm_of("DOGE")), Some(65_536.0));
        assert_eq!(unit(Some("ghostrider")), Some(65_536.0));
        assert_eq!(unit(Some("x16r")), None);
        assert_eq!(unit(None), None);
        assert_eq!(hashes_per_difficulty(Dialect::Monero, None), Some(1.0));
        assert_eq!(hashes_per_difficulty(Dialect::Grin, None), None);
    }

    proptest! {
        #[test]
        fn no_target_gives_infinity_or_panics(target in "(0x)?[0-9a-fA-F]{0,70}") {
            if let Some(hashes) = hashes_below(&target) {
                prop_assert!(hashes.is_finite() && hashes >= 1.0);
            }
            if let Some(difficulty) = cryptonote_difficulty(&target) {
                prop_assert!(difficulty.is_finite() && difficulty >= 1.0);
            }
        }
    }
}
