//! Arista's timestamps between the addresses and the EtherType.

use crate::decode::layer::{LayerStep, ether_type_after};
use crate::decode::stats::DecodeStop;

/// Subtype 1, a format, and a time of 48 or 64 bits (as in tcpdump's `print-arista.c`); then the
/// EtherType of the frame. Other subtypes are not timestamps.
pub(super) fn timestamp(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    const TIMESTAMP: u16 = 1;
    const HEADER: usize = 4;
    let (head, _) = bytes.split_first_chunk::<HEADER>().ok_or(DecodeStop::LinkTruncated)?;
    let &[s0, s1, _timescale, format] = head;
    if u16::from_be_bytes([s0, s1]) != TIMESTAMP {
        return Err(DecodeStop::NotUnderstood);
    }
    // The low half names the hardware.
    let time = match format >> 4 {
        1 => 8,
        2 => 6,
        _ => return Err(DecodeStop::NotUnderstood),
    };
    ether_type_after(bytes, HEADER + time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::layer::Layer;

    #[test]
    fn the_format_says_how_long_the_time_is() {
        let layer = |bytes: &[u8]| timestamp(bytes).map(|step| step.layer);
        let long = [&[0, 1, 0, 0x10][..], &[7; 8], &[0x08, 0x00]].concat();
        let short = [&[0, 1, 1, 0x21][..], &[7; 6], &[0x86, 0xdd]].concat();
        assert_eq!(layer(&long), Ok(Layer::EtherType(0x0800)));
        assert_eq!(layer(&short), Ok(Layer::EtherType(0x86dd)));
        assert_eq!(layer(&[0, 2, 0, 0x10, 0, 0]), Err(DecodeStop::NotUnderstood));
        assert_eq!(layer(&[0, 1, 0, 0x30, 0, 0]), Err(DecodeStop::NotUnderstood));
        assert_eq!(layer(&[0, 1, 0, 0x10, 0, 0]), Err(DecodeStop::LinkTruncated));
    }
}
