//! JA4, FoxIO's fingerprint of a TLS client.
//!
//! It has three parts: properties of the client, the hash of its sorted cipher suites, and the hash
//! of its sorted extensions.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::client_hello::{ALPN, SERVER_NAME};
use super::grease::is_grease;
use super::text::{first_byte, last_byte};
use crate::model::event::ClientHello;

/// Largest count shown: counts have two digits.
const MAX_COUNT: usize = 99;
/// Hexadecimal digits kept of each hash.
const HASH_DIGITS: usize = 12;

/// Returns the fingerprint of a client over TCP, or over QUIC if `quic` is set.
///
/// The result for a truncated hello is useless.
pub fn client(hello: &ClientHello, quic: bool) -> String {
    let mut suites = without_grease(&hello.cipher_suites);
    let mut extensions = without_grease(&hello.extensions);
    let mut text = String::from(if quic { 'q' } else { 't' });
    text.push_str(version(hello));
    text.push(if extensions.contains(&SERVER_NAME) { 'd' } else { 'i' });
    for list in [&suites, &extensions] {
        let _ = write!(text, "{:02}", list.len().min(MAX_COUNT));
    }
    text.push_str(&alpn(hello));

    suites.sort_unstable();
    text.push('_');
    text.push_str(&hashed(&listed(&suites)));

    extensions.retain(|kind| ![SERVER_NAME, ALPN].contains(kind));
    extensions.sort_unstable();
    let mut list = listed(&extensions);
    let algorithms = without_grease(&hello.signature_algorithms);
    if !algorithms.is_empty() {
        list.push('_');
        list.push_str(&listed(&algorithms));
    }
    text.push('_');
    text.push_str(&hashed(&list));
    text
}

fn without_grease(values: &[u16]) -> Vec<u16> {
    values.iter().copied().filter(|value| !is_grease(*value)).collect()
}

/// Returns the code of the highest version offered.
fn version(hello: &ClientHello) -> &'static str {
    let offered = hello.supported_versions.iter().copied().filter(|value| !is_grease(*value)).max();
    match offered.unwrap_or(hello.version) {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// Returns the first and last character of the first ALPN name.
///
/// If one of the two is not alphanumeric, they are taken from the name's hexadecimal form. Without
/// a name, the result is `00`.
fn alpn(hello: &ClientHello) -> String {
    let name = hello.alpn.first().map_or("", String::as_str);
    match (first_byte(name), last_byte(name)) {
        (Some(first), Some(last))
            if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() =>
        {
            [first, last].map(char::from).iter().collect()
        }
        (Some(first), Some(last)) => format!("{:x}{:x}", first >> 4, last & 0x0f),
        _ => "00".to_owned(),
    }
}

/// Formats a list as `0005,000a,ff01`.
fn listed(values: &[u16]) -> String {
    let mut text = String::with_capacity(5 * values.len());
    for (index, value) in values.iter().enumerate() {
        let _ = write!(text, "{}{value:04x}", if index == 0 { "" } else { "," });
    }
    text
}

/// Returns the first [`HASH_DIGITS`] digits of the SHA-256, or zeros for an empty list.
fn hashed(list: &str) -> String {
    if list.is_empty() {
        return "0".repeat(HASH_DIGITS);
    }
    let hash = Sha256::digest(list);
    hash.iter().take(HASH_DIGITS / 2).fold(String::with_capacity(HASH_DIGITS), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tls::text::escaped;

    /// The example of the specification, in wire order.
    fn published() -> ClientHello {
        ClientHello {
            version: 0x0303,
            sni: Some("site.example".into()),
            alpn: vec!["h2".into(), "http/1.1".into()],
            cipher_suites: vec![
                0x5a5a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
                0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
            ],
            extensions: vec![
                0xcaca, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005,
                0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0xbaba,
            ],
            signature_algorithms: vec![
                0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601,
            ],
            supported_versions: vec![0x6a6a, 0x0304, 0x0303],
            ..ClientHello::default()
        }
    }

    #[test]
    fn the_published_example_has_its_fingerprint() {
        assert_eq!(client(&published(), false), "t13d1516h2_8daaf6152771_e5627efa2ab1");
        assert_eq!(client(&published(), true), "q13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn without_signature_algorithms_the_list_ends_after_the_extensions() {
        let hello = ClientHello { signature_algorithms: vec![], ..published() };
        assert_eq!(client(&hello, false), "t13d1516h2_8daaf6152771_6d807ffa2a79");
    }

    #[test]
    fn empty_lists_are_zeros() {
        let hello = ClientHello { version: 0x0301, ..ClientHello::default() };
        assert_eq!(client(&hello, false), "t10i000000_000000000000_000000000000");
    }

    #[test]
    fn counts_stop_at_99() {
        let hello = ClientHello { cipher_suites: (0..120).collect(), ..published() };
        assert!(client(&hello, false).starts_with("t13d9916h2_"));
    }

    /// The specification's own examples, and names of one byte and of none.
    #[test]
    fn an_alpn_name_that_is_not_alphanumeric_shows_its_hexadecimal_ends() {
        for (name, ends) in [
            (&b"http/1.1"[..], "h1"),
            (b"x", "xx"),
            (b"", "00"),
            (b"\xab", "ab"),
            (b"\xab\xcd", "ad"),
            (b"\x30\xab", "3b"),
            (b"\x30\x31\xab\xcd", "3d"),
            (b"\x30\xab\xcd\x31", "01"),
        ] {
            let hello = ClientHello { alpn: vec![escaped(name)], ..ClientHello::default() };
            assert_eq!(alpn(&hello), ends);
        }
    }

    #[test]
    fn the_version_is_the_highest_offered() {
        let of = |version, offered: &[u16]| {
            let supported_versions = offered.to_vec();
            super::version(&ClientHello { version, supported_versions, ..Default::default() })
        };
        assert_eq!(of(0x0303, &[]), "12");
        assert_eq!(of(0x0303, &[0x0301, 0x0304, 0xfafa]), "13");
        assert_eq!(of(0x0300, &[]), "s3");
        assert_eq!(of(0x0303, &[0x7f1c, 0x0303]), "00");
    }
}
