//! TLS over TCP (RFC 8446, RFC 5246): reads ClientHello, ServerHello and certificates.

mod certificate;
pub(super) mod client_hello;
mod der;
mod grease;
mod handshake;
pub mod ja3;
pub mod ja4;
pub(super) mod reader;
pub(super) mod record;
#[cfg(test)]
pub(super) mod samples;
mod server_hello;
mod text;

pub use handshake::HandshakeReader;

use super::description::{FirstBytes, StreamProtocol};
use super::parser::{Probe, after_first_chunk};
use record::{HANDSHAKE, RecordHeader};

pub(super) const STREAM: StreamProtocol = StreamProtocol {
    first_bytes: FirstBytes::Among(&[20..=23]),
    follows_clear: Some(begins_with_hello),
    first_chunk: Some(|context, chunk| Some(after_first_chunk::<HandshakeReader>(context, chunk)?)),
    ..StreamProtocol::new("tls", |_, head| probe(head), |_| Box::new(HandshakeReader::default()))
};

/// Handshake types at the start of a connection, or of a later record if the capture started late.
///
/// They are HelloRequest, ClientHello, ServerHello, Certificate, ServerKeyExchange,
/// CertificateRequest, ServerHelloDone and ClientKeyExchange (RFC 5246 §7.4).
const FIRST_MESSAGES: [u8; 8] = [0, 1, 2, 11, 12, 13, 14, 16];

/// Decides whether `bytes` begin with a TLS record, also one from the middle of a connection.
pub fn probe(bytes: &[u8]) -> Probe {
    let Some((header, rest)) = bytes.split_first_chunk() else {
        return match bytes {
            [] | [20..=23] | [20..=23, 3] | [20..=23, 3, 0..=4, ..] => Probe::Unsure,
            _ => Probe::NotForUs,
        };
    };
    let Some(header) = RecordHeader::parse(*header) else { return Probe::NotForUs };
    if header.content != HANDSHAKE {
        return Probe::Certain;
    }
    match rest {
        [] => Probe::Unsure,
        [kind, ..] if !FIRST_MESSAGES.contains(kind) => Probe::NotForUs,
        [_] => Probe::Unsure,
        // The first byte of the length is 0 in messages below 64 KiB. If the record has one byte,
        // the length is in the next record.
        [_, 0, ..] => Probe::Certain,
        _ if header.length == 1 => Probe::Certain,
        _ => Probe::NotForUs,
    }
}

/// Returns whether `bytes` begin with a ClientHello or ServerHello.
fn begins_with_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [HANDSHAKE, _, _, _, _, 1 | 2, ..]) && probe(bytes) == Probe::Certain
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: [u8; 11] = [
        22, 3, 1, 0x02, 0x00, // handshake record of 512 bytes, version 3.1
        1, 0x00, 0x01, 0xfc, // ClientHello of 508 bytes
        3, 3,
    ];

    #[test]
    fn a_hello_is_certain_from_its_seventh_byte() {
        for length in 0..=6 {
            assert_eq!(probe(&HELLO[..length]), Probe::Unsure, "{length} bytes");
        }
        for length in 7..=HELLO.len() {
            assert_eq!(probe(&HELLO[..length]), Probe::Certain, "{length} bytes");
        }
    }

    #[test]
    fn a_connection_that_is_under_way_is_recognised() {
        assert_eq!(probe(&[23, 3, 3, 0x01, 0x00, 0xde]), Probe::Certain);
        assert_eq!(probe(&[20, 3, 3, 0, 1, 1]), Probe::Certain);
        assert_eq!(probe(&[21, 3, 1, 0, 2, 2, 40]), Probe::Certain);
    }

    #[test]
    fn bytes_that_only_look_like_a_record_are_not_tls() {
        for bytes in [
            &[22, 3, 9][..],                 // no such version
            &[22, 3, 1, 0, 0],               // empty
            &[22, 3, 1, 0xff, 0xff],         // too long
            &[22, 3, 1, 0x02, 0x00, 77],     // no such message
            &[22, 3, 1, 0x02, 0x00, 1, 9],   // a hello of 9 * 64 KiB
            &[20, 3, 3, 0, 9, 1],            // ChangeCipherSpec is one byte
            &[0x80, 0x2e, 0x01, 0x03, 0x01], // a hello of SSL 2.0
            b"GET / HTTP/1.1",
        ] {
            assert_eq!(probe(bytes), Probe::NotForUs, "{bytes:x?}");
        }
    }

    #[test]
    fn a_message_header_may_be_cut_by_a_record() {
        assert_eq!(probe(&[22, 3, 1, 0, 1, 1, 22, 3, 1, 0, 4, 0, 0, 2, 0]), Probe::Certain);
    }
}
