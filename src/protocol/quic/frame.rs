//! Frames of an Initial packet (RFC 9000 §19): finds the CRYPTO frames.

use super::varint;
use crate::protocol::tls::reader::Reader;

/// Types of the frames that Initial packets may contain (RFC 9000 §12.4).
const PADDING: u8 = 0x00;
const PING: u8 = 0x01;
const ACK: u8 = 0x02;
const ACK_ECN: u8 = 0x03;
const CRYPTO: u8 = 0x06;
/// CRYPTO in Google's versions T050 and T051. In other versions it is STREAM, which is not allowed
/// in Initial packets.
const GOOGLE_CRYPTO: u8 = 0x08;
const CONNECTION_CLOSE: u8 = 0x1c;

/// A piece of the handshake in a CRYPTO frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crypto<'a> {
    pub offset: u64,
    pub data: &'a [u8],
}

/// Iterates over the CRYPTO frames, up to the first frame that is malformed or not allowed here.
pub(super) fn crypto(frames: &[u8]) -> impl Iterator<Item = Crypto<'_>> {
    let mut reader = Reader::new(frames);
    std::iter::from_fn(move || {
        loop {
            match reader.u8()? {
                // Usually fills the packet up to its end.
                PADDING => reader.zeros(),
                PING => {}
                ACK => ack(&mut reader)?,
                ACK_ECN => {
                    ack(&mut reader)?;
                    integers(&mut reader, 3)?;
                }
                CRYPTO | GOOGLE_CRYPTO => {
                    let offset = varint::read(&mut reader)?;
                    let length = varint::length(&mut reader)?;
                    return reader.take(length).map(|data| Crypto { offset, data });
                }
                CONNECTION_CLOSE => {
                    integers(&mut reader, 2)?;
                    let length = varint::length(&mut reader)?;
                    reader.take(length)?;
                }
                _ => return None,
            }
        }
    })
}

/// Skips an ACK frame (RFC 9000 §19.3).
fn ack(reader: &mut Reader<'_>) -> Option<()> {
    integers(reader, 2)?;
    let ranges = varint::read(reader)?;
    integers(reader, ranges.checked_mul(2)?.checked_add(1)?)
}

/// Skips `count` integers. Returns `None` if there are fewer.
fn integers(reader: &mut Reader<'_>, count: u64) -> Option<()> {
    (0..count).try_for_each(|_| varint::read(reader).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crypto_is_found_among_the_other_frames() {
        let frames = [
            0x00, 0x00, // PADDING
            0x06, 0x05, 0x02, b'l', b'o', // CRYPTO, offset 5, 2 bytes
            0x01, // PING
            0x02, 0x09, 0x00, 0x01, 0x00, 0x02, 0x03, // ACK with one further range
            0x03, 0x09, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, // ACK with ECN counts
            0x1c, 0x40, 0x0a, 0x00, 0x02, b'n', b'o', // CONNECTION_CLOSE with a reason
            0x06, 0x00, 0x01, b'h', // CRYPTO
            0x08, 0x01, 0x01, b'e', // CRYPTO of Google's
        ];
        let pieces: Vec<_> = crypto(&frames).map(|piece| (piece.offset, piece.data)).collect();
        assert_eq!(pieces, [(5, &b"lo"[..]), (0, b"h"), (1, b"e")]);
    }

    #[test]
    fn what_is_malformed_or_out_of_place_ends_the_search() {
        for frames in [
            &[0x0a, 0x00, 0x06, 0x00, 0x01, b'h'][..], // STREAM
            &[0x06, 0x00, 0x02, b'h'],                 // longer than the packet
            &[0x02, 0x09, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00], // ranges
        ] {
            assert_eq!(crypto(frames).next(), None);
        }
    }
}
