//! Cisco metadata: the security group of TrustSec.

use crate::decode::layer::{LayerStep, ether_type_after};
use crate::decode::stats::DecodeStop;

/// Version, number of options, options of four bytes (as in Wireshark's `packet-cmd.c`); then the
/// EtherType of the frame.
pub(super) fn cisco_metadata(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    const OPTION: usize = 4;
    let (head, _) = bytes.split_first_chunk::<2>().ok_or(DecodeStop::LinkTruncated)?;
    let &[version, options] = head;
    if version != 1 {
        return Err(DecodeStop::LinkMalformed);
    }
    ether_type_after(bytes, head.len() + OPTION * usize::from(options))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::layer::Layer;

    #[test]
    fn the_ether_type_follows_the_options() {
        let layer = |bytes: &[u8]| cisco_metadata(bytes).map(|step| step.layer);
        assert_eq!(layer(&[1, 1, 0, 1, 0, 100, 0x08, 0x00]), Ok(Layer::EtherType(0x0800)));
        let two = [1, 2, 0, 1, 0, 100, 0, 2, 0, 9, 0x86, 0xdd];
        assert_eq!(layer(&two), Ok(Layer::EtherType(0x86dd)));
        assert_eq!(layer(&[2, 1, 0, 1, 0, 100, 0x08, 0x00]), Err(DecodeStop::LinkMalformed));
        assert_eq!(layer(&[1, 2, 0, 1, 0, 100, 0x08, 0x00]), Err(DecodeStop::LinkTruncated));
    }
}
