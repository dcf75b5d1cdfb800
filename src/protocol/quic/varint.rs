//! Variable-length integers (RFC 9000 §16).

use crate::protocol::tls::reader::Reader;

/// Reads an integer of 1, 2, 4 or 8 bytes; the first two bits give its size.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<u64> {
    let first = reader.u8()?;
    let more = (1usize << (first >> 6)) - 1;
    let rest = reader.take(more)?;
    Some(rest.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte)))
}

/// Reads an integer as a length.
pub(super) fn length(reader: &mut Reader<'_>) -> Option<usize> {
    usize::try_from(read(reader)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 9000 Appendix A.1.
    #[test]
    fn the_published_examples_are_read() {
        for (bytes, value) in [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c][..], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
            (&[0x40, 0x25], 37),
        ] {
            let mut reader = Reader::new(bytes);
            assert_eq!(read(&mut reader), Some(value));
            assert!(reader.is_empty());
            assert_eq!(read(&mut Reader::new(&bytes[..bytes.len() - 1])), None);
        }
    }
}
