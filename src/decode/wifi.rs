//! Unencrypted IEEE 802.11 data frames, and the headers that capturing machines put before them:
//! radiotap, Prism, AVS.

use super::layer::{Layer, LayerStep};
use super::stats::DecodeStop;
use crate::model::{LinkInfo, MacAddr};

/// Skips a radiotap header (<https://www.radiotap.org>): version 0, padding, length, bitmap.
///
/// Also returns whether the frame that follows has padding between its header and its body.
pub(super) fn radiotap(bytes: &[u8]) -> Result<(&[u8], bool), DecodeStop> {
    const TSFT: u32 = 1;
    const FLAGS: u32 = 1 << 1;
    const MORE_BITMAPS: u32 = 1 << 31;
    const PADDED: u8 = 0x20;
    let (head, _) = bytes.split_first_chunk::<8>().ok_or(DecodeStop::LinkTruncated)?;
    let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
    let frame = bytes.get(length..).ok_or(DecodeStop::LinkTruncated)?;
    let present = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let mut fields = 8;
    let mut more = present;
    while more & MORE_BITMAPS != 0 {
        let next = bytes.get(fields..).and_then(|rest| rest.first_chunk::<4>());
        more = u32::from_le_bytes(*next.ok_or(DecodeStop::LinkTruncated)?);
        fields += 4;
    }
    if present & TSFT != 0 {
        fields = fields.next_multiple_of(8) + 8;
    }
    let flags = if present & FLAGS != 0 { bytes.get(fields).copied().unwrap_or(0) } else { 0 };
    Ok((frame, flags & PADDED != 0))
}

/// Skips a Prism header (<https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_PRISM.html>).
///
/// It has a fixed length, and fields in the byte order of the capturing machine. Some drivers write
/// an AVS header under this link type, which is skipped as well.
pub(super) fn prism(bytes: &[u8]) -> Result<&[u8], DecodeStop> {
    const LENGTH: usize = 144;
    match bytes {
        // AVS: the fourth byte of its magic number is the version.
        [0x80, 0x21, 0x10, ..] => avs(bytes),
        _ => bytes.get(LENGTH..).ok_or(DecodeStop::LinkTruncated),
    }
}

/// Skips an AVS header (<https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_AVS.html>).
///
/// It begins with a magic number that contains the version, and the length of the header.
pub(super) fn avs(bytes: &[u8]) -> Result<&[u8], DecodeStop> {
    const MIN_LENGTH: usize = 8;
    let (head, _) = bytes.split_first_chunk::<MIN_LENGTH>().ok_or(DecodeStop::LinkTruncated)?;
    let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
    if length < MIN_LENGTH {
        return Err(DecodeStop::LinkMalformed);
    }
    bytes.get(length..).ok_or(DecodeStop::LinkTruncated)
}

/// Type of data frames (IEEE 802.11-2020 §9.2.4.1.3).
const DATA: u8 = 2;

/// The order of the two bytes of the frame control.
#[derive(Clone, Copy, Debug)]
pub(super) enum FrameControl {
    /// As on the air.
    Plain,
    /// Swapped if the frame is a data frame only then. Cisco's access points send it so in CAPWAP.
    MaySwap,
}

impl FrameControl {
    fn in_order(self, bytes: [u8; 2]) -> [u8; 2] {
        /// Mask of version and type.
        const KIND: u8 = 0x0f;
        let is_data = |byte: u8| byte & KIND == DATA << 2;
        match self {
            FrameControl::MaySwap if !is_data(bytes[0]) && is_data(bytes[1]) => {
                [bytes[1], bytes[0]]
            }
            _ => bytes,
        }
    }
}

/// Reads a data frame (IEEE 802.11-2020 §9.2.3) and returns the step to its LLC header.
///
/// The frame has frame control, duration, three or four addresses, sequence control, QoS and HT
/// control where present, then LLC. Its source address goes to `link`. Fails with
/// [`DecodeStop::NoData`] for other frames and for those without a body, and with
/// [`DecodeStop::Encrypted`] for protected ones.
pub(super) fn frame<'a>(
    bytes: &'a [u8],
    control: FrameControl,
    padded: bool,
    link: &mut LinkInfo,
) -> Result<LayerStep<'a>, DecodeStop> {
    const TO_DS: u8 = 0x01;
    const FROM_DS: u8 = 0x02;
    const PROTECTED: u8 = 0x40;
    const ORDER: u8 = 0x80;
    let (head, _) = bytes.split_first_chunk::<24>().ok_or(DecodeStop::LinkTruncated)?;
    let [first, flags] = control.in_order([head[0], head[1]]);
    let (kind, subtype) = (first >> 2 & 3, first >> 4);
    let (no_body, qos) = (subtype & 4 != 0, subtype & 8 != 0);
    if kind != DATA || no_body {
        return Err(DecodeStop::NoData);
    }
    if flags & PROTECTED != 0 {
        return Err(DecodeStop::Encrypted);
    }
    let address = |offset: usize| {
        bytes.get(offset..).and_then(|rest| rest.first_chunk::<6>()).map(|mac| MacAddr(*mac))
    };
    let both = TO_DS | FROM_DS;
    let src = address(match flags & both {
        0 | TO_DS => 10,
        FROM_DS => 16,
        _ => 24,
    });
    *link = src.map(LinkInfo::from_mac).unwrap_or_default();
    let mut length = if flags & both == both { 30 } else { 24 };
    let mut aggregated = false;
    if qos {
        let control = bytes.get(length).ok_or(DecodeStop::LinkTruncated)?;
        aggregated = control & 0x80 != 0;
        length += 2;
        if flags & ORDER != 0 {
            length += 4; // HT control
        }
    }
    if padded {
        length = length.next_multiple_of(4);
    }
    if aggregated {
        length += 14; // the first subframe's addresses and length
    }
    Ok(LayerStep::new(Layer::Llc, bytes.get(length..).ok_or(DecodeStop::LinkTruncated)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prism_is_always_as_long_and_may_be_avs() {
        let header = [&[0x44, 0, 0, 0, 0x90, 0, 0, 0][..], &[0; 136], &[8, 1]].concat();
        assert_eq!(prism(&header), Ok(&[8, 1][..]));
        assert_eq!(prism(&header[..143]), Err(DecodeStop::LinkTruncated));
        for version in [1, 2] {
            let header = [0x80, 0x21, 0x10, version, 0, 0, 0, 12, 0, 0, 0, 9, 8, 1];
            assert_eq!(prism(&header), Ok(&[8, 1][..]));
        }
    }

    #[test]
    fn avs_is_as_long_as_it_says() {
        for (length, expected) in [
            (8, Ok(&[8, 1][..])),
            (10, Ok(&[][..])),
            (11, Err(DecodeStop::LinkTruncated)),
            (7, Err(DecodeStop::LinkMalformed)), // ends before its own length field
        ] {
            assert_eq!(avs(&[0x80, 0x21, 0x10, 1, 0, 0, 0, length, 8, 1]), expected, "{length}");
        }
        assert_eq!(avs(&[0x80, 0x21, 0x10, 1, 0, 0, 0]), Err(DecodeStop::LinkTruncated));
    }
}
