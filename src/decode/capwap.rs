//! CAPWAP, in which access points hand users' frames to their controller (RFC 5415 §4.3).

use super::layer::{Layer, LayerStep};
use super::stats::DecodeStop;

/// What a datagram of the data channel holds; `None` if it is not CAPWAP.
pub(super) fn data(payload: &[u8]) -> Result<Option<LayerStep<'_>>, DecodeStop> {
    /// Version 0 and the kind of header.
    const PLAIN: u8 = 0x00;
    const DTLS: u8 = 0x01;
    const NATIVE_FRAME: u8 = 0x01;
    const WIRELESS: u8 = 0x3e;
    const IEEE_802_11: u8 = 1;
    const FRAGMENT: u8 = 0x80;
    const KEEP_ALIVE: u8 = 0x08;
    const FRAGMENT_OFFSET: u16 = 0xfff8;
    /// Words of the shortest header.
    const MIN_WORDS: usize = 2;
    let Some((&[kind, length, flags, more, _, _, o0, o1], _)) = payload.split_first_chunk() else {
        return Ok(None);
    };
    let words = usize::from(length >> 3);
    match kind {
        // The record of DTLS follows four bytes: its kind, then its version.
        DTLS if matches!(payload, [_, _, _, _, 20..=23, 0xfe, ..]) => {
            return Err(DecodeStop::Encrypted);
        }
        PLAIN if words >= MIN_WORDS => {}
        _ => return Ok(None),
    }
    let Some(frame) = payload.get(4 * words..) else { return Ok(None) };
    if more & KEEP_ALIVE != 0 {
        return Err(DecodeStop::Signalling);
    }
    if more & FRAGMENT != 0 && u16::from_be_bytes([o0, o1]) & FRAGMENT_OFFSET != 0 {
        // Its beginning, with the headers, was in another datagram.
        return Err(DecodeStop::NotUnderstood);
    }
    if flags & NATIVE_FRAME == 0 {
        return Ok(Some(LayerStep::new(Layer::Ethernet, frame)));
    }
    match (flags & WIRELESS) >> 1 {
        // Some controllers of Cisco call it 0.
        IEEE_802_11 | 0 => Ok(Some(LayerStep::new(Layer::CapwapWifi, frame))),
        _ => Err(DecodeStop::NotUnderstood),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(payload: &[u8]) -> Result<Option<(Layer, usize)>, DecodeStop> {
        Ok(data(payload)?.map(|step| (step.layer, step.bytes.len())))
    }

    #[test]
    fn the_flags_say_what_kind_of_frame_follows_the_header() {
        let header = |flags: u8| [0x00, 0x10, flags, 0, 0, 0, 0, 0, 7, 7, 7];
        assert_eq!(step(&header(0x42)), Ok(Some((Layer::Ethernet, 3))));
        assert_eq!(step(&header(0x43)), Ok(Some((Layer::CapwapWifi, 3))));
        assert_eq!(step(&header(0x41)), Ok(Some((Layer::CapwapWifi, 3))), "binding 0");
        assert_eq!(step(&header(0x47)), Err(DecodeStop::NotUnderstood), "binding 3");
        // Three words: a radio's address.
        assert_eq!(step(&[0, 0x18, 2, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 7]), {
            Ok(Some((Layer::Ethernet, 1)))
        });
    }

    #[test]
    fn what_carries_no_frame_is_named() {
        assert_eq!(step(&[0, 0x10, 2, 0x08, 0, 0, 0, 0]), Err(DecodeStop::Signalling));
        assert_eq!(step(&[0, 0x10, 2, 0x80, 0, 1, 0, 8]), Err(DecodeStop::NotUnderstood));
        assert_eq!(step(&[0, 0x10, 2, 0x80, 0, 1, 0, 0]), Ok(Some((Layer::Ethernet, 0))));
        assert_eq!(step(&[1, 0, 0, 0, 23, 0xfe, 0xfd, 0]), Err(DecodeStop::Encrypted));
    }

    #[test]
    fn other_datagrams_on_the_port_are_left_alone() {
        for payload in [
            &[0; 7][..],
            &[0; 8],                         // a header of no words
            &[0x10, 0x10, 2, 0, 0, 0, 0, 0], // version 1
            &[0, 0xf8, 2, 0, 0, 0, 0, 0],    // longer than the datagram
            &[1, 0, 0, 0, 9, 9, 9, 9],       // no record of DTLS
        ] {
            assert_eq!(step(payload), Ok(None), "{payload:x?}");
        }
    }
}
