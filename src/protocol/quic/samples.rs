//! Builds packets for the tests.

use ring::aead::Aad;

use super::keys::Keys;
use super::packet::Version;
use crate::protocol::tls::samples::vector;

/// The connection ID of RFC 9001 Appendix A and RFC 9369 Appendix A.
pub(super) const PUBLISHED_DCID: &[u8] = &[0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];

/// Returns the payload of the client's packet in RFC 9001 Appendix A.2, also used in RFC 9369.
pub(super) fn published_frames() -> Vec<u8> {
    const CRYPTO_FRAME: &str = "\
        060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868\
        04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578\
        616d706c652e636f6dff01000100000a00080006001d00170018001000070005\
        04616c706e000500050100000000003300260024001d00209370b2c9caa47fba\
        baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400\
        0d0010000e0403050306030203080408050806002d00020101001c0002400100\
        3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000\
        75300901100f088394c8f03e51570806048000ffff";
    const PAYLOAD: usize = 1162;
    let digits = CRYPTO_FRAME.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    let mut frames: Vec<u8> = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    frames.resize(PAYLOAD, 0);
    frames
}

/// Returns a CRYPTO frame.
pub(super) fn crypto(offset: usize, data: &[u8]) -> Vec<u8> {
    [&[0x06], &varint(offset)[..], &varint(data.len()), data].concat()
}

/// Encodes an integer in one byte if it is below 64, else in two.
fn varint(value: usize) -> Vec<u8> {
    match value {
        0..64 => vec![value as u8],
        _ => (0x4000 | value as u16).to_be_bytes().to_vec(),
    }
}

/// An Initial packet of a client.
#[derive(Clone, Copy)]
pub(super) struct ClientPacket<'a> {
    version: Version,
    first_dcid: &'a [u8],
    dcid: &'a [u8],
    token: &'a [u8],
    number: u8,
}

impl<'a> ClientPacket<'a> {
    pub(super) fn new(version: u32, dcid: &'a [u8]) -> Self {
        let version = Version::of(version).unwrap();
        ClientPacket { version, first_dcid: dcid, dcid, token: b"", number: 0 }
    }

    pub(super) fn number(self, number: u8) -> Self {
        ClientPacket { number, ..self }
    }

    /// Sets a destination connection ID other than that of the keys.
    pub(super) fn to(self, dcid: &'a [u8]) -> Self {
        ClientPacket { dcid, ..self }
    }

    pub(super) fn token(self, token: &'a [u8]) -> Self {
        ClientPacket { token, ..self }
    }

    /// Returns the protected packet with these frames.
    pub(super) fn sealed(self, frames: &[u8]) -> Vec<u8> {
        const NUMBER_LENGTH: usize = 4;
        const TAG: usize = 16;
        let keys = Keys::of_client(self.version, self.first_dcid).unwrap();
        let kind = if self.version.number == 0x6b33_43cf { 0xd0 } else { 0xc0 };
        let mut packet = vec![kind | (NUMBER_LENGTH as u8 - 1)];
        packet.extend(self.version.number.to_be_bytes());
        packet.extend(vector::<1>(self.dcid));
        packet.extend(vector::<1>(b""));
        packet.extend(varint(self.token.len()));
        packet.extend(self.token);
        packet.extend(varint(NUMBER_LENGTH + frames.len() + TAG));
        let number = packet.len();
        packet.extend(u32::from(self.number).to_be_bytes());
        let payload = packet.len();
        packet.extend(frames);
        let (header, frames) = packet.split_at_mut(payload);
        let nonce = keys.nonce(self.number.into());
        let tag =
            keys.payload.seal_in_place_separate_tag(nonce, Aad::from(&*header), frames).unwrap();
        packet.extend(tag.as_ref());
        let mask = keys.header.new_mask(&packet[payload..][..16]).unwrap();
        packet[0] ^= mask[0] & 0x0f;
        for (byte, mask) in packet[number..payload].iter_mut().zip(&mask[1..]) {
            *byte ^= mask;
        }
        packet
    }
}

/// Returns an Initial packet of a server, which no client key decrypts.
pub(super) fn server_initial(version: u32, dcid: &[u8]) -> Vec<u8> {
    let mut packet = ClientPacket::new(version, dcid).to(b"").sealed(&crypto(0, b"server hello"));
    if let Some(last) = packet.last_mut() {
        *last ^= 1;
    }
    packet
}

/// Returns a Retry packet.
pub(super) fn retry(version: u32) -> Vec<u8> {
    let version = version.to_be_bytes();
    [&[0xf0], &version[..], &[0], &vector::<1>(b"retried!"), b"a token", &[0; 16]].concat()
}
