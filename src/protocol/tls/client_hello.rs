//! Reads a ClientHello (RFC 8446 §4.1.2), also a truncated one.

use super::reader::{Reader, numbers};
use super::text;
use crate::model::event::ClientHello;

/// ALPN names kept; clients offer two or three.
const MAX_ALPN: usize = 32;
/// Longest session id, in bytes (RFC 8446 §4.1.2). A longer one shows that this is no ClientHello.
const MAX_SESSION_ID: usize = 32;
/// Name type `host_name` (RFC 6066 §3).
const HOST_NAME: u8 = 0;

/// Extension types (IANA, TLS ExtensionType Values).
pub(super) const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const EC_POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
pub(super) const ALPN: u16 = 16;
pub(super) const SUPPORTED_VERSIONS: u16 = 43;
const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;

/// Reads the body of a ClientHello; `whole` is `false` if its end is missing.
///
/// Returns `None` if the bytes are not a ClientHello, or too few to decide. If a list is cut or
/// does not fit, reading ends and `truncated` is set. If `brief` is set, the lists stay empty: only
/// fingerprints need them.
pub(in crate::protocol) fn read(body: &[u8], whole: bool, brief: bool) -> Option<ClientHello> {
    let mut reader = Reader::new(body);
    let version = reader.u16().filter(|version| version >> 8 == 3)?;
    let _random: [u8; 32] = reader.array()?;
    reader.vector8().filter(|id| id.len() <= MAX_SESSION_ID)?;
    let mut hello = ClientHello { version, ..ClientHello::default() };
    if whole && reader.clone().vector16().is_none_or(<[u8]>::is_empty) {
        return None;
    }
    let complete = lists(&mut hello, reader, brief).is_some();
    hello.truncated = !(whole && complete);
    Some(hello)
}

/// Reads what follows the session id. Returns `None` if it is cut.
fn lists(hello: &mut ClientHello, mut reader: Reader<'_>, brief: bool) -> Option<()> {
    let cipher_suites = numbers(reader.vector16()?);
    if !brief {
        hello.cipher_suites = cipher_suites.collect();
    }
    let _compression_methods = reader.vector8()?;
    if reader.is_empty() {
        return Some(()); // before RFC 3546 there were no extensions
    }
    let length = usize::from(reader.u16()?);
    let bytes = reader.up_to(length);
    let extensions = Extensions(Reader::new(bytes));
    if !brief {
        hello.extensions.reserve_exact(extensions.count());
    }
    let mut read = 0;
    for (kind, data) in extensions {
        read += EXTENSION_HEADER + data.len();
        // A malformed extension is skipped; the others are still read.
        let _ = match kind {
            SERVER_NAME => server_name(Reader::new(data)).map(|name| hello.sni = Some(name)),
            ENCRYPTED_CLIENT_HELLO => {
                hello.ech = true;
                Some(())
            }
            _ if brief => None,
            _ => list(hello, kind, Reader::new(data)),
        };
        if !brief {
            hello.extensions.push(kind);
        }
    }
    (read == length).then_some(())
}

fn list(hello: &mut ClientHello, kind: u16, mut data: Reader<'_>) -> Option<()> {
    match kind {
        SUPPORTED_GROUPS => hello.groups = numbers(data.vector16()?).collect(),
        EC_POINT_FORMATS => hello.point_formats = data.vector8()?.to_vec(),
        SIGNATURE_ALGORITHMS => {
            hello.signature_algorithms = numbers(data.vector16()?).collect();
        }
        ALPN => hello.alpn = protocols(data).collect(),
        SUPPORTED_VERSIONS => hello.supported_versions = numbers(data.vector8()?).collect(),
        _ => {}
    }
    Some(())
}

/// Returns the first host name (RFC 6066 §3).
fn server_name(mut data: Reader<'_>) -> Option<String> {
    let mut list = Reader::new(data.vector16()?);
    loop {
        let (kind, name) = (list.u8()?, list.vector16()?);
        if kind == HOST_NAME {
            return (!name.is_empty()).then(|| text::host(name));
        }
    }
}

/// Reads the ALPN protocol names (RFC 7301 §3.1) of a ClientHello or ServerHello.
pub(super) fn protocols(mut data: Reader<'_>) -> impl Iterator<Item = String> {
    let mut list = Reader::new(data.vector16().unwrap_or_default());
    std::iter::from_fn(move || list.vector8()).map(text::escaped).take(MAX_ALPN)
}

/// Bytes of an extension's type and length.
const EXTENSION_HEADER: usize = 4;

/// Iterates over types and data of extensions, up to the first that is cut.
#[derive(Clone, Copy)]
pub(super) struct Extensions<'a>(pub Reader<'a>);

impl<'a> Iterator for Extensions<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let kind = self.0.u16()?;
        Some((kind, self.0.vector16()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tls::samples::{self, client_hello, server_name, vector};
    use proptest::prelude::*;
    use tls_parser::{TlsExtension, TlsExtensionType};

    fn read(body: &[u8], whole: bool) -> Option<ClientHello> {
        super::read(body, whole, false)
    }

    const HELLO: [u8; 73] = [
        0x03, 0x03, // legacy_version: TLS 1.2
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, // random
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,   //
        0x00, // no session id
        0x00, 0x04, 0x13, 0x01, 0xc0, 0x2f, // two cipher suites
        0x01, 0x00, // no compression
        0x00, 0x1c, // extensions
        0x00, 0x00, 0x00, 0x0f, 0x00, 0x0d, 0x00, 0x00, 0x0a, // server_name, host_name
        b'P', b'.', b'e', b'x', b'a', b'm', b'p', b'l', b'e', b'.', //
        0xfe, 0x0d, 0x00, 0x01, 0x00, // encrypted_client_hello, outer
        0x00, 0x17, 0x00, 0x00, // extended_master_secret
    ];

    #[test]
    fn a_hello_is_read_to_its_end() {
        let hello = ClientHello {
            version: 0x0303,
            sni: Some("p.example.".into()),
            cipher_suites: vec![0x1301, 0xc02f],
            extensions: vec![0, 0xfe0d, 23],
            ech: true,
            ..ClientHello::default()
        };
        assert_eq!(read(&HELLO, true), Some(hello));
    }

    #[test]
    fn a_browsers_hello_shows_its_lists() {
        let hello = read(&samples::usual_hello("www.example"), true).unwrap();
        assert_eq!(hello.alpn, ["h2", "http/1.1"]);
        assert_eq!(hello.groups, [0xbaba, 0x11ec, 0x001d, 0x0017]);
        assert_eq!(hello.point_formats, [0]);
        assert_eq!(hello.signature_algorithms, [0x0403, 0x0804]);
        assert_eq!(hello.supported_versions, [0x5a5a, 0x0304, 0x0303]);
        assert!(!hello.truncated && !hello.ech);
    }

    #[test]
    fn a_cut_hello_shows_what_is_before_the_cut() {
        let body = samples::usual_hello("www.example");
        let whole = read(&body, true).unwrap();
        for length in 0..body.len() {
            let Some(cut) = read(&body[..length], false) else {
                assert!(length < 2 + 32 + 1 + 32);
                continue;
            };
            assert!(cut.truncated);
            assert!(whole.extensions.starts_with(&cut.extensions));
            assert!(cut.sni.is_none() || cut.sni == whole.sni, "half a name at {length}");
        }
        assert_eq!(read(&body[..body.len() - 1], false).unwrap().sni, whole.sni);
    }

    #[test]
    fn in_brief_a_hello_shows_its_name_and_nothing_else_of_weight() {
        let brief = super::read(&samples::usual_hello("www.example"), true, true).unwrap();
        let expected = ClientHello {
            version: brief.version,
            sni: Some("www.example".into()),
            ech: brief.ech,
            ..ClientHello::default()
        };
        assert_eq!(brief, expected);
    }

    #[test]
    fn a_hello_without_extensions_is_whole() {
        let body = &HELLO[..43];
        let hello = read(body, true).unwrap();
        assert_eq!(hello.cipher_suites, [0x1301, 0xc02f]);
        assert!(!hello.truncated);
    }

    #[test]
    fn what_is_no_hello_is_refused() {
        assert_eq!(read(b"an attempt at something else, with text for it", true), None);
        let mut long_session_id = HELLO;
        long_session_id[34] = 33;
        assert_eq!(read(&long_session_id, true), None);
        assert_eq!(read(&client_hello(&[], &[]), true), None);
    }

    #[test]
    fn a_name_is_the_first_of_type_host_name_and_printable() {
        let name = |data: Vec<u8>| read(&client_hello(&[1], &[(0, data)]), true).unwrap().sni;
        let other = [&[9], &vector::<2>(b"other")[..]].concat();
        let host = [&[0], &vector::<2>(b"EVIL\x1b[2J")[..]].concat();
        assert_eq!(name(vector::<2>(&[other, host].concat())).as_deref(), Some("evil\\x1b[2j"));
        assert_eq!(name(server_name("")), None);
        assert_eq!(name(vec![]), None);
        assert_eq!(name(server_name(&"x".repeat(300))).map(|name| name.len()), Some(255));
    }

    #[test]
    fn a_malformed_extension_hides_only_itself() {
        let body = client_hello(&[1], &[(16, vec![0xff, 0xff]), (0, server_name("a.example"))]);
        let hello = read(&body, true).unwrap();
        assert_eq!(hello.sni.as_deref(), Some("a.example"));
        assert!(hello.alpn.is_empty() && !hello.truncated);
    }

    #[test]
    fn a_list_of_protocols_ends_somewhere() {
        let list = vector::<2>(&vector::<1>(b"h2").repeat(MAX_ALPN + 1));
        let hello = read(&client_hello(&[1], &[(16, list)]), true).unwrap();
        assert_eq!(hello.alpn.len(), MAX_ALPN);
    }

    /// Reads the same bytes with `tls_parser`.
    fn oracle(body: &[u8]) -> ClientHello {
        let (_, parsed) = tls_parser::parse_tls_handshake_client_hello(body).unwrap();
        let mut hello = ClientHello {
            version: parsed.version.0,
            cipher_suites: parsed.ciphers.iter().map(|suite| suite.0).collect(),
            ..ClientHello::default()
        };
        let bytes = parsed.ext.unwrap_or_default();
        let (_, extensions) = tls_parser::parse_tls_client_hello_extensions(bytes).unwrap();
        for extension in extensions {
            hello.extensions.push(match extension {
                TlsExtension::Grease(kind, _) => kind,
                _ => TlsExtensionType::from(&extension).0,
            });
            match extension {
                TlsExtension::SNI(names) => hello.sni = Some(text::host(names[0].1)),
                TlsExtension::ALPN(names) => {
                    hello.alpn = names.into_iter().map(text::escaped).collect();
                }
                TlsExtension::EllipticCurves(groups) => {
                    hello.groups = groups.iter().map(|group| group.0).collect();
                }
                TlsExtension::EcPointFormats(formats) => hello.point_formats = formats.to_vec(),
                TlsExtension::SignatureAlgorithms(list) => hello.signature_algorithms = list,
                TlsExtension::SupportedVersions(versions) => {
                    hello.supported_versions = versions.iter().map(|version| version.0).collect();
                }
                _ => {}
            }
        }
        hello
    }

    fn extension() -> impl Strategy<Value = (u16, Vec<u8>)> {
        let list = || prop::collection::vec(any::<u16>(), 1..8).prop_map(|v| samples::numbers(&v));
        let names = prop::collection::vec("[!-~]{1,9}", 1..4).prop_map(|names| {
            let names = names.iter().flat_map(|name| vector::<1>(name.as_bytes()));
            vector::<2>(&names.collect::<Vec<u8>>())
        });
        prop_oneof![
            "[!-~]{1,80}".prop_map(|name| (0, server_name(&name))),
            list().prop_map(|list| (10, vector::<2>(&list))),
            list().prop_map(|list| (11, vector::<1>(&list))),
            list().prop_map(|list| (13, vector::<2>(&list))),
            names.prop_map(|names| (16, names)),
            list().prop_map(|list| (43, vector::<1>(&list))),
            // Types that neither parser interprets.
            (0x4000u16..0xf000, prop::collection::vec(any::<u8>(), 0..20)),
        ]
    }

    proptest! {
        #[test]
        fn another_parser_reads_the_same(
            suites in prop::collection::vec(any::<u16>(), 1..20),
            extensions in prop::collection::vec(extension(), 1..9),
        ) {
            let body = client_hello(&suites, &extensions);
            prop_assert_eq!(read(&body, true), Some(oracle(&body)));
        }

        #[test]
        fn a_damaged_hello_never_panics(
            position in any::<prop::sample::Index>(),
            value in any::<u8>(),
            length in any::<prop::sample::Index>(),
        ) {
            let mut body = samples::usual_hello("www.example");
            let position = position.index(body.len());
            body[position] = value;
            let _ = read(&body, true);
            let _ = read(&body[..length.index(body.len())], false);
        }

        #[test]
        fn random_bytes_never_panic(tail in prop::collection::vec(any::<u8>(), 0..300)) {
            let body = [&HELLO[..35], &tail].concat();
            let _ = read(&body, true);
            let _ = read(&tail, false);
        }
    }
}
