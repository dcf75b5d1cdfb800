//! Reads a ServerHello (RFC 8446 §4.1.3).

use super::client_hello::{ALPN, Extensions, SUPPORTED_VERSIONS, protocols};
use super::reader::Reader;
use crate::model::event::tls::ServerHello;

/// The `random` of a HelloRetryRequest: the SHA-256 of that word (RFC 8446 §4.1.3).
pub(super) const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Reads the body of a ServerHello. Also returns whether it is a HelloRetryRequest.
///
/// Returns `None` if the body is not a ServerHello.
pub(super) fn read(body: &[u8]) -> Option<(ServerHello, bool)> {
    let mut reader = Reader::new(body);
    let legacy_version = reader.u16().filter(|version| version >> 8 == 3)?;
    let random: [u8; 32] = reader.array()?;
    let _session_id = reader.vector8()?;
    let cipher_suite = reader.u16()?;
    let _compression_method = reader.u8()?;
    let mut hello = ServerHello {
        version: legacy_version,
        legacy_version,
        cipher_suite,
        ..ServerHello::default()
    };
    let extensions = Extensions(Reader::new(reader.vector16().unwrap_or_default()));
    hello.extensions.reserve_exact(extensions.count());
    for (kind, data) in extensions {
        hello.extensions.push(kind);
        let mut data = Reader::new(data);
        match kind {
            SUPPORTED_VERSIONS => hello.version = data.u16().unwrap_or(legacy_version),
            ALPN => hello.alpn = protocols(data).next(),
            _ => {}
        }
    }
    Some((hello, random == HELLO_RETRY_REQUEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tls::samples;

    #[test]
    fn a_hello_of_tls_1_2_chooses_a_protocol() {
        let (hello, retry) = read(&samples::server_hello(0x0303, [1; 32])).unwrap();
        assert_eq!((hello.version, hello.legacy_version), (0x0303, 0x0303));
        assert_eq!(hello.cipher_suite, 0xc02f);
        assert_eq!(hello.extensions, [0xff01, 16]);
        assert_eq!(hello.alpn.as_deref(), Some("http/1.1"));
        assert!(!retry);
    }

    #[test]
    fn a_hello_of_tls_1_3_tells_its_version_in_an_extension() {
        let (hello, _) = read(&samples::server_hello(0x0304, [1; 32])).unwrap();
        assert_eq!((hello.version, hello.legacy_version), (0x0304, 0x0303));
        assert_eq!(hello.extensions, [51, 43]);
    }

    #[test]
    fn its_random_makes_a_retry_request() {
        let (_, retry) = read(&samples::server_hello(0x0304, HELLO_RETRY_REQUEST)).unwrap();
        assert!(retry);
    }

    #[test]
    fn a_hello_may_end_before_the_extensions() {
        let body = samples::server_hello(0x0303, [1; 32]);
        assert!(read(&body[..70]).is_some_and(|(hello, _)| hello.extensions.is_empty()));
        assert_eq!(read(&body[..69]), None);
    }
}
