//! TON addresses (TEP-2): flags, workchain, 32 bytes of hash and a CRC-16, in Base64 of 48 digits.

use super::WalletFormat;
use crate::protocol::stratum::text::is_hex_of;

/// Digits of an address, and its bytes.
const DIGITS: usize = 48;
const BYTES: usize = 36;

pub(super) fn identify(text: &str) -> Option<WalletFormat> {
    if let Some(hash) = text.strip_prefix("0:").or_else(|| text.strip_prefix("-1:")) {
        return is_hex_of(hash, 64).then(|| WalletFormat::unchecked(&["TON"]));
    }
    if text.len() != DIGITS {
        return None;
    }
    let bytes = decode(text)?;
    let (content, checksum) = bytes.split_last_chunk::<2>()?;
    let (flags, rest) = content.split_first()?;
    // Bounceable or not, perhaps on the test net; the workchain is 0 or -1.
    let known = matches!(flags & 0x7f, 0x11 | 0x51) && matches!(rest.first(), Some(0 | 0xff));
    known.then(|| WalletFormat::checked(&["TON"], crc16(content) == u16::from_be_bytes(*checksum)))
}

/// Decodes Base64 of either alphabet.
fn decode(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    for (out, digits) in bytes.chunks_mut(3).zip(text.as_bytes().chunks(4)) {
        let mut group = 0u32;
        for digit in digits {
            group = group << 6 | value(*digit)?;
        }
        out.copy_from_slice(group.to_be_bytes().get(1..)?);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'-' | b'+' => 62,
        b'_' | b'/' => 63,
        _ => return None,
    }))
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::mining::Checksum;

    #[test]
    fn the_checksum_tells_an_address_from_other_base64() {
        // The zero address of TEP-2's examples, and a changed one.
        let zero = "EQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAM9c";
        let format = identify(zero).unwrap();
        assert_eq!((format.coins, format.checksum), (&["TON"][..], Checksum::Valid));
        assert_eq!(identify(&zero.replace("M9c", "M9d")).unwrap().checksum, Checksum::Invalid);
        assert!(identify(&zero.replace("EQ", "Fx")).is_none());
        assert!(identify(&format!("0:{}", "0a".repeat(32))).is_some());
        assert!(identify("0:0a").is_none());
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }
}
