//! MACsec (IEEE 802.1AE §9), whose frames can be read where it protects their integrity alone.

use crate::decode::layer::{LayerStep, ether_type_after};
use crate::decode::stats::DecodeStop;

/// Tag control, short length, packet number, and a channel identifier if a bit says so; then the
/// EtherType of the frame, or what it was encrypted to.
pub(super) fn macsec(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    const VERSION: u8 = 0x80;
    const CHANNEL: u8 = 0x20;
    /// E and C: the data is encrypted, or changed by the cipher suite.
    const CHANGED: u8 = 0x0c;
    const HEADER: usize = 6;
    const CHANNEL_IDENTIFIER: usize = 8;
    let control = *bytes.first().ok_or(DecodeStop::LinkTruncated)?;
    if control & VERSION != 0 {
        return Err(DecodeStop::LinkMalformed);
    }
    if control & CHANGED != 0 {
        return Err(DecodeStop::Encrypted);
    }
    let channel = if control & CHANNEL != 0 { CHANNEL_IDENTIFIER } else { 0 };
    ether_type_after(bytes, HEADER + channel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::layer::Layer;

    #[test]
    fn integrity_alone_is_read_and_encryption_is_named() {
        let layer = |bytes: &[u8]| macsec(bytes).map(|step| step.layer);
        let plain = [0x00, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45];
        assert_eq!(layer(&plain), Ok(Layer::EtherType(0x0800)));
        let channel = [&[0x20, 0, 0, 0, 0, 1][..], &[7; 8], &[0x86, 0xdd]].concat();
        assert_eq!(layer(&channel), Ok(Layer::EtherType(0x86dd)));
        assert_eq!(layer(&[0x0c, 0, 0, 0, 0, 1, 9, 9]), Err(DecodeStop::Encrypted));
        assert_eq!(layer(&[0x80, 0, 0, 0, 0, 1, 9, 9]), Err(DecodeStop::LinkMalformed));
        assert_eq!(layer(&[0x20, 0, 0, 0, 0, 1, 8, 0]), Err(DecodeStop::LinkTruncated));
    }
}
