//! Parses numbers with units: `"256MB"`, `"30m"`.

use std::time::Duration;

use super::error::ValueError;

/// Units of size, in bytes. Multiples are powers of 1024, as for memory modules.
const SIZES: [(&str, u64); 4] = [("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("B", 1)];
/// Units of time, in seconds.
const TIMES: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];

/// Parses a size in bytes.
pub(super) fn size(text: &str) -> Result<u64, ValueError> {
    number(text, &SIZES)
        .ok_or_else(|| ValueError::new("a number and KB, MB or GB, like \"64MB\"", text))
}

/// Parses a span of time.
pub(super) fn duration(text: &str) -> Result<Duration, ValueError> {
    number(text, &TIMES)
        .map(Duration::from_secs)
        .ok_or_else(|| ValueError::new("a number and s, m, h or d, like \"30m\"", text))
}

fn number(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (digits, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.trim().strip_suffix(unit)?.trim_end(), factor)))?;
    digits.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(size("256MB"), Ok(256 << 20));
        assert_eq!(size(" 2 GB"), Ok(2 << 30));
        assert_eq!(size("512B"), Ok(512));
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2d"), Ok(Duration::from_secs(172_800)));
    }

    #[test]
    fn what_is_no_number_with_a_unit_is_refused() {
        for text in
            ["", "MB", "64", "-1MB", "1.5GB", "64mb", "99999999999999999999GB", "18446744073GB"]
        {
            assert!(size(text).is_err(), "{text}");
        }
        for text in ["", "30", "soon", "m"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
