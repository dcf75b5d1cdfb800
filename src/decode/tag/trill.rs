//! TRILL, in which routing bridges carry frames (RFC 6325 §3).

use super::frame_after;
use crate::decode::layer::LayerStep;
use crate::decode::stats::DecodeStop;

/// Version, flags, length of the options in words, hop count, two nicknames; then the frame.
pub(super) fn trill(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    const HEADER: usize = 6;
    const OPTION_WORDS: u16 = 0x07c0;
    const VERSION: u16 = 0xc000;
    let (head, _) = bytes.split_first_chunk::<2>().ok_or(DecodeStop::LinkTruncated)?;
    let head = u16::from_be_bytes(*head);
    if head & VERSION != 0 {
        return Err(DecodeStop::LinkMalformed);
    }
    let options = 4 * usize::from((head & OPTION_WORDS) >> 6);
    frame_after(bytes, HEADER + options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::layer::Layer;

    #[test]
    fn a_frame_follows_the_options() {
        let frame = |bytes: &[u8]| trill(bytes).map(|step| (step.layer, step.bytes.len()));
        let plain = [&[0x00, 0x3f, 0, 1, 0, 2][..], &[0; 14]].concat();
        assert_eq!(frame(&plain), Ok((Layer::Ethernet, 14)));
        // One word of options.
        let options = [&[0x00, 0x7f, 0, 1, 0, 2][..], &[0; 18]].concat();
        assert_eq!(frame(&options), Ok((Layer::Ethernet, 14)));
        assert_eq!(frame(&[0x40, 0x3f, 0, 1, 0, 2]), Err(DecodeStop::LinkMalformed));
        assert_eq!(frame(&[0x00, 0x7f, 0, 1, 0, 2]), Err(DecodeStop::LinkTruncated));
    }
}
