//! Keys of Initial packets (RFC 9001 §5). Any observer of the first packet can derive them.

use std::sync::LazyLock;

use ring::aead::quic::{self, HeaderProtectionKey};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Okm, Prk, Salt};

use super::packet::{Initial, SALTS, Version};

/// Bytes from the start of the packet number to the sample of ciphertext that protects the header
/// (RFC 9001 §5.4.2).
const SAMPLE_OFFSET: usize = 4;

/// The keys that protect the Initial packets of a client.
pub(super) struct Keys {
    pub payload: LessSafeKey,
    pub iv: [u8; NONCE_LEN],
    pub header: HeaderProtectionKey,
}

impl Keys {
    /// Derives the keys of a client whose first packet has the destination connection ID `dcid`.
    pub(super) fn of_client(version: Version, dcid: &[u8]) -> Option<Keys> {
        /// The prepared [`SALTS`], the same for all connections.
        static PREPARED: LazyLock<[Salt; SALTS.len()]> =
            LazyLock::new(|| SALTS.map(|salt| Salt::new(HKDF_SHA256, &salt)));
        let (_, salt) = SALTS.iter().zip(&*PREPARED).find(|(salt, _)| **salt == version.salt)?;
        let initial = salt.extract(dcid);
        let secret =
            expand(&initial, [b"", b"client in"], HKDF_SHA256, |okm| Some(Prk::from(okm)))?;
        let quic = |name| [version.label, name];
        Some(Keys {
            payload: expand(&secret, quic(b"key"), &AES_128_GCM, |okm| {
                Some(LessSafeKey::new(UnboundKey::from(okm)))
            })?,
            iv: expand(&secret, quic(b"iv"), Iv, |okm| {
                let mut iv = [0; NONCE_LEN];
                okm.fill(&mut iv).ok().map(|()| iv)
            })?,
            header: expand(&secret, quic(b"hp"), &quic::AES_128, |okm| {
                Some(HeaderProtectionKey::from(okm))
            })?,
        })
    }

    /// Decrypts a packet into `buffer`, which then holds its frames.
    ///
    /// Returns `None` if the keys do not match.
    pub(super) fn open(&self, packet: &Initial<'_>, buffer: &mut Vec<u8>) -> Option<()> {
        buffer.clear();
        buffer.extend_from_slice(packet.bytes);
        let sample = buffer.get(packet.number + SAMPLE_OFFSET..)?.first_chunk::<16>()?;
        let [first_mask, number_mask @ ..] = self.header.new_mask(sample).ok()?;
        let first = buffer.first_mut()?;
        *first ^= first_mask & 0x0f;
        let number_length = usize::from(*first & 0x03) + 1;
        // Packet numbers of Initial packets are small, so the wire carries the whole number.
        let mut number = 0u32;
        let hidden = buffer.get_mut(packet.number..)?.iter_mut().take(number_length);
        for (byte, mask) in hidden.zip(number_mask) {
            *byte ^= mask;
            number = number << 8 | u32::from(*byte);
        }
        let header_length = packet.number + number_length;
        let (header, payload) = buffer.split_at_mut_checked(header_length)?;
        let aad = Aad::from(&*header);
        let length = self.payload.open_in_place(self.nonce(number), aad, payload).ok()?.len();
        buffer.truncate(header_length + length);
        buffer.drain(..header_length);
        Some(())
    }

    /// Returns the nonce for a packet number (RFC 9001 §5.3).
    pub(super) fn nonce(&self, number: u32) -> Nonce {
        let mut nonce = self.iv;
        for (byte, number) in nonce.iter_mut().rev().zip(number.to_le_bytes()) {
            *byte ^= number;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Computes HKDF-Expand-Label (RFC 8446 §7.1) with an empty context and a label in two parts.
fn expand<L: KeyType, K>(
    secret: &Prk,
    label: [&[u8]; 2],
    key: L,
    make: impl FnOnce(Okm<'_, L>) -> Option<K>,
) -> Option<K> {
    const PREFIX: &[u8] = b"tls13 ";
    let length = u16::try_from(key.len()).ok()?.to_be_bytes();
    let [first, second] = label;
    let label_length = u8::try_from(PREFIX.len() + first.len() + second.len()).ok()?;
    let info = [&length[..], &[label_length], PREFIX, first, second, &[0]];
    make(secret.expand(&info, key).ok()?)
}

/// An initialization vector, as a type of key with its length.
struct Iv;

impl KeyType for Iv {
    fn len(&self) -> usize {
        NONCE_LEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::quic::samples::{ClientPacket, PUBLISHED_DCID, published_frames};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 9001 Appendix A.2 and RFC 9369 Appendix A.2: the beginning of the packet, and its end,
    /// which authenticates everything before it.
    #[test]
    fn the_published_packets_come_out_bit_by_bit() {
        for (number, start, end) in [
            (
                0x0000_0001,
                "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
                "e221af44860018ab0856972e194cd934",
            ),
            (
                0x6b33_43cf,
                "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
                "a18b2faa745b6fe189cf772a9f84cbfc",
            ),
        ] {
            let packet = ClientPacket::new(number, PUBLISHED_DCID).number(2);
            let sealed = packet.sealed(&published_frames());
            assert_eq!(sealed.len(), 1200);
            assert!(hex(&sealed).starts_with(start));
            assert!(hex(&sealed).ends_with(end));
        }
    }

    #[test]
    fn a_packet_opens_with_its_own_keys_only() {
        let sealed = ClientPacket::new(1, b"client's").number(3).sealed(b"frames");
        let initial = super::super::packet::next(&mut &sealed[..]).flatten().unwrap();
        let open = |dcid: &[u8], initial: &Initial<'_>| {
            let mut frames = b"what was here before".to_vec();
            Keys::of_client(initial.version, dcid).unwrap().open(initial, &mut frames)?;
            Some(frames)
        };
        assert_eq!(open(b"client's", &initial).as_deref(), Some(&b"frames"[..]));
        assert_eq!(open(b"another", &initial), None);
        let short = Initial { bytes: &sealed[..sealed.len() - 1], ..initial };
        assert_eq!(open(b"client's", &short), None);
    }
}
