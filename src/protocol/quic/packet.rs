//! Packets with a long header (RFC 9000 §17.2): reads their unencrypted fields.

use super::varint;
use crate::protocol::tls::reader::Reader;

/// Longest connection ID, in bytes (RFC 9000 §17.2).
const MAX_CONNECTION_ID: usize = 20;
/// Bits of the first byte: the long header, and the bit that is fixed to 1.
const LONG_HEADER: u8 = 0xc0;

/// A version of QUIC whose Initial packets can be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub number: u32,
    /// Salt for the secret of Initial packets.
    pub salt: [u8; 20],
    /// Prefix of the labels of their keys.
    pub label: &'static [u8],
    /// Type bits of an Initial packet; 0-RTT, Handshake and Retry have the next numbers.
    initial: u8,
}

impl Version {
    pub(super) fn of(number: u32) -> Option<Version> {
        let (salt, label, initial): (_, &[u8], _) = match number {
            0x0000_0001 | 0xff00_0021 | 0xff00_0022 => (SALT_1, b"quic ", 0),
            0x6b33_43cf => (SALT_2, b"quicv2 ", 1),
            0xff00_001d..=0xff00_0020 => (SALT_DRAFT_29, b"quic ", 0),
            0xff00_0017..=0xff00_001c | MVFST_2 | MVFST_EXPERIMENTAL => {
                (SALT_DRAFT_23, b"quic ", 0)
            }
            0xff00_0015 | 0xff00_0016 | MVFST_1 => (SALT_DRAFT_21, b"quic ", 0),
            GOOGLE_T050 => (SALT_T050, b"quic ", 0),
            GOOGLE_T051 => (SALT_T051, b"quic ", 0),
            // No document defines a salt for these; the clients that were seen use this one.
            _ if is_reserved(number) => (SALT_DRAFT_29, b"quic ", 0),
            _ => return None,
        };
        Some(Version { number, salt, label, initial })
    }
}

/// Returns whether a version has the form 0x?a?a?a?a (RFC 9000 §15).
///
/// Such versions make a server list the versions that it supports.
fn is_reserved(number: u32) -> bool {
    number & 0x0f0f_0f0f == 0x0a0a_0a0a
}

/// Facebook's versions: the first uses draft 22, the others draft 27.
const MVFST_1: u32 = 0xface_b001;
const MVFST_2: u32 = 0xface_b002;
const MVFST_EXPERIMENTAL: u32 = 0xface_b00e;
/// Google's versions of the drafts 25 and 27, with TLS and with their own salts.
const GOOGLE_T050: u32 = u32::from_be_bytes(*b"T050");
const GOOGLE_T051: u32 = u32::from_be_bytes(*b"T051");

/// Salt of version 1 (RFC 9001 §5.2), and of the drafts 33 and 34 before it.
const SALT_1: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
    0xcc, 0xbb, 0x7f, 0x0a,
];
/// Salt of version 2 (RFC 9369 §3.3.1).
const SALT_2: [u8; 20] = [
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb,
    0xf9, 0xbd, 0x2e, 0xd9,
];
/// Salt of the drafts 29 to 32 (draft-ietf-quic-tls-29 §5.2), the last widely used drafts.
const SALT_DRAFT_29: [u8; 20] = [
    0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0,
    0x43, 0x90, 0xa8, 0x99,
];

/// Salt of the drafts 23 to 28 (draft-ietf-quic-tls-23 §5.2).
const SALT_DRAFT_23: [u8; 20] = [
    0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65,
    0xbe, 0xf9, 0xf5, 0x02,
];
/// Salt of the drafts 21 and 22 (draft-ietf-quic-tls-21 §5.2).
const SALT_DRAFT_21: [u8; 20] = [
    0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd,
    0x7a, 0x02, 0x64, 0x4a,
];
const SALT_T050: [u8; 20] = [
    0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c,
    0x60, 0x48, 0x83, 0x10,
];
const SALT_T051: [u8; 20] = [
    0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc,
    0xda, 0x6e, 0x03, 0x3d,
];

/// All salts; `keys` prepares each one once.
pub(super) const SALTS: [[u8; 20]; 7] =
    [SALT_1, SALT_2, SALT_DRAFT_29, SALT_DRAFT_23, SALT_DRAFT_21, SALT_T050, SALT_T051];

/// An Initial packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Initial<'a> {
    pub version: Version,
    /// Destination connection ID.
    pub dcid: &'a [u8],
    /// The whole packet, protected.
    pub bytes: &'a [u8],
    /// Offset of the packet number in `bytes`.
    pub number: usize,
}

/// Reads the next packet and removes it from the front of `datagram`.
///
/// Returns `Some(None)` if the packet is not an Initial packet, and `None` if there is no further
/// packet with a long header.
pub(super) fn next<'a>(datagram: &mut &'a [u8]) -> Option<Option<Initial<'a>>> {
    const INITIAL: u8 = 0;
    const RETRY: u8 = 3;

    let bytes = *datagram;
    let mut reader = Reader::new(bytes);
    let (first, version) = start(&mut reader)?;
    let dcid = connection_id(&mut reader)?;
    let _source = connection_id(&mut reader)?;
    let kind = (first >> 4).wrapping_sub(version.initial) & 3;
    if kind == RETRY {
        *datagram = &[]; // a Retry packet has no length, and no packet follows it
        return Some(None);
    }
    if kind == INITIAL {
        let length = varint::length(&mut reader)?;
        let _token = reader.take(length)?;
    }
    let length = varint::length(&mut reader)?;
    let number = bytes.len() - reader.rest().len();
    let _payload = reader.take(length)?;
    *datagram = reader.rest();
    let bytes = bytes.get(..number + length)?;
    Some((kind == INITIAL).then_some(Initial { version, dcid, bytes, number }))
}

/// Reads the first byte and the version of a long header.
pub(super) fn start(reader: &mut Reader<'_>) -> Option<(u8, Version)> {
    let first = reader.u8().filter(|first| first & LONG_HEADER == LONG_HEADER)?;
    Some((first, Version::of(reader.u32()?)?))
}

fn connection_id<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    reader.vector8().filter(|id| id.len() <= MAX_CONNECTION_ID)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INITIAL: [u8; 17] = [
        0xc1, 0x00, 0x00, 0x00, 0x01, // Initial of version 1
        0x02, 0xd1, 0xd2, // destination connection ID
        0x01, 0x51, // source connection ID
        0x01, 0x70, // token
        0x40, 0x03, // length
        0x00, 0x01, 0x02, // packet number and payload
    ];

    #[test]
    fn the_packet_number_begins_behind_token_and_length() {
        let mut datagram = &[&INITIAL[..], &[0x40, 0x00]].concat()[..];
        let initial = next(&mut datagram).flatten().unwrap();
        assert_eq!(initial.dcid, [0xd1, 0xd2]);
        assert_eq!(initial.bytes, INITIAL);
        assert_eq!(initial.number, 14);
        assert_eq!(next(&mut datagram), None); // short header
    }

    #[test]
    fn the_types_are_rotated_in_version_2() {
        let of = |first: u8, version: u32| {
            let mut bytes = INITIAL;
            bytes[0] = first;
            bytes[1..5].copy_from_slice(&version.to_be_bytes());
            next(&mut &bytes[..]).map(|packet| packet.is_some())
        };
        assert_eq!(of(0xc0, 1), Some(true));
        assert_eq!(of(0xf0, 1), Some(false)); // Retry
        assert_eq!(of(0xd0, 0x6b33_43cf), Some(true));
        assert_eq!(of(0xc0, 0x6b33_43cf), Some(false)); // Retry
        assert_eq!(of(0xc0, 0xff00_001d), Some(true));
        assert_eq!(of(0xc0, 2), None);
    }

    #[test]
    fn drafts_and_reserved_versions_have_the_salt_of_their_time() {
        let salt = |number: u32| Version::of(number).map(|version| version.salt);
        for (numbers, expected) in [
            (&[0xff00_0014, 0xff00_0023, 0x0a1a_2a3b, 0][..], None),
            (&[0xff00_0015, 0xface_b001], Some(SALT_DRAFT_21)),
            (&[0xff00_0017, 0xff00_001c, 0xface_b002], Some(SALT_DRAFT_23)),
            (&[0xff00_001d, 0xff00_0020, 0x0a1a_2a3a, 0xfafa_fafa], Some(SALT_DRAFT_29)),
            (&[0xff00_0021, 1], Some(SALT_1)),
            (&[0x5430_3530], Some(SALT_T050)),
        ] {
            for number in numbers {
                assert_eq!(salt(*number), expected, "{number:08x}");
            }
        }
    }

    #[test]
    fn every_version_has_one_of_the_salts_that_are_prepared() {
        let drafts = 0xff00_0015..=0xff00_0022;
        let others =
            [1, 0x6b33_43cf, MVFST_1, MVFST_2, MVFST_EXPERIMENTAL, GOOGLE_T050, GOOGLE_T051];
        for number in drafts.chain(others).chain([0x0a1a_2a3a]) {
            let salt = Version::of(number).map(|version| version.salt);
            assert!(salt.is_some_and(|salt| SALTS.contains(&salt)), "{number:08x}");
        }
    }

    #[test]
    fn a_packet_longer_than_its_datagram_is_refused() {
        assert_eq!(next(&mut &INITIAL[..16]), None);
        let mut long_id = INITIAL;
        long_id[5] = 21;
        assert_eq!(next(&mut &long_id[..]), None);
    }
}
