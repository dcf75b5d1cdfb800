//! GREASE: reserved values that clients mix in at random (RFC 8701).

/// Returns whether a cipher suite, extension, group or version is 0x0a0a, 0x1a1a, … or 0xfafa.
pub(super) fn is_grease(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_values_are_grease() {
        let grease: Vec<u16> = (0..=u16::MAX).filter(|value| is_grease(*value)).collect();
        assert_eq!(grease.len(), 16);
        assert!(grease.contains(&0x0a0a) && grease.contains(&0xfafa));
        assert!(!is_grease(0x0a1a) && !is_grease(0x0a0b));
    }
}
