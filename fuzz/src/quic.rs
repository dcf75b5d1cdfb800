//! Seals frames in QUIC Initial packets (RFC 9001 §5), as a client does it: no fuzzer finds the key.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey, quic};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};

/// For version 1 (RFC 9001 §5.2).
const SALT: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
    0xcc, 0xbb, 0x7f, 0x0a,
];
const CONNECTION_ID: [u8; 8] = *b"destinat";
/// Bytes of a client's first datagrams at least (RFC 9000 §14.1).
const DATAGRAM: usize = 1200;
const TAG: usize = 16;

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label (RFC 8446 §7.1).
fn expand<const N: usize>(secret: &Prk, label: &str) -> [u8; N] {
    let label = format!("tls13 {label}");
    let info =
        [&(N as u16).to_be_bytes()[..], &[label.len() as u8], label.as_bytes(), &[0]].concat();
    let mut out = [0; N];
    let info = [&info[..]];
    let material = secret.expand(&info, Length(N)).expect("a short output");
    material.fill(&mut out).expect("the length asked for");
    out
}

/// A datagram with one Initial packet that has this number and these frames, padded.
pub fn seal(number: u64, frames: &[u8]) -> Vec<u8> {
    let initial = Salt::new(HKDF_SHA256, &SALT).extract(&CONNECTION_ID);
    let secret = Prk::new_less_safe(HKDF_SHA256, &expand::<32>(&initial, "client in"));
    let key: [u8; 16] = expand(&secret, "quic key");
    let iv: [u8; 12] = expand(&secret, "quic iv");
    let hp: [u8; 16] = expand(&secret, "quic hp");

    // Long header, Initial, packet number of two bytes; version 1; no source id, no token.
    let mut packet = [&[0xc1, 0, 0, 0, 1, 8][..], &CONNECTION_ID, &[0, 0]].concat();
    let number_at = packet.len() + 2;
    let mut payload = frames.to_vec();
    let room = DATAGRAM - number_at - 2 - TAG;
    payload.resize(room.max(payload.len()), 0); // PADDING
    let length = 2 + payload.len() + TAG;
    packet.extend((0x4000 | length as u16 & 0x3fff).to_be_bytes()); // a varint of two bytes
    packet.extend((number as u16).to_be_bytes());

    let mut nonce = iv;
    for (byte, number) in nonce[10..].iter_mut().zip((number as u16).to_be_bytes()) {
        *byte ^= number;
    }
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).expect("16 bytes"));
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(&packet),
        &mut payload,
    )
    .expect("a short message");
    let hp = quic::HeaderProtectionKey::new(&quic::AES_128, &hp).expect("16 bytes");
    // The sample begins four bytes behind the beginning of the packet number.
    let mask = hp.new_mask(&payload[2..18]).expect("16 bytes");
    packet[0] ^= mask[0] & 0x0f;
    packet[number_at] ^= mask[1];
    packet[number_at + 1] ^= mask[2];
    packet.extend(payload);
    packet
}
