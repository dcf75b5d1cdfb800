//! Derives the hashes of a share from targets and difficulties.

use super::super::text::{is_hex, strip_0x};

/// Most expected hashes of a share that are plausible: a Bitcoin *block* takes less than 2^80.
const MAX_HASHES: f64 = (1u128 << 96) as f64;

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
