//! EVE `tls` and `quic` records: what a handshake shows in clear.

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::model::event::tls::Certificate;
use crate::model::event::{ClientHello, QuicInitial, TlsHandshake};
use crate::output::json::clipped;
use crate::protocol::tls::{ja3, ja4};

/// Bytes in JSON of a name: 255 bytes (RFC 6066 §3, RFC 1035 §2.3.4) if few need an escape.
const NAME: usize = 512;
/// Bytes in JSON of a distinguished name; a few attributes of 64 letters are usual (RFC 5280 A.1).
const DISTINGUISHED_NAME: usize = 1024;
/// Hexadecimal and colons of a serial number: at most 20 bytes (RFC 5280 §4.1.2.2).
const SERIAL: usize = 128;
/// A JA3 string longer than this is left to its hash alone: cut, it would be of no use.
const JA3_STRING: usize = 1024;

#[derive(Serialize)]
pub(in crate::output) struct TlsBody {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<String>,
    #[serde(flatten)]
    certificate: Option<Leaf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja3: Option<Ja3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja3s: Option<Ja3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja4: Option<String>,
}

/// The server's own certificate.
#[derive(Serialize)]
struct Leaf {
    subject: String,
    issuerdn: String,
    serial: String,
    /// SHA-1.
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    notbefore: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notafter: Option<String>,
}

#[derive(Serialize)]
pub(in crate::output) struct QuicBody {
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<String>,
    ja3: Ja3,
    ja4: String,
}

#[derive(Serialize)]
struct Ja3 {
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    string: Option<String>,
}

impl TlsBody {
    pub fn of(handshake: &TlsHandshake) -> Self {
        let client = handshake.client.as_ref();
        let server = handshake.server.as_ref();
        TlsBody {
            version: server.map_or("UNDETERMINED", |hello| version_name(hello.version)),
            sni: client.and_then(server_name),
            certificate: handshake.certificates.first().map(Leaf::of),
            ja3: client.map(|hello| ja3::client(hello).into()),
            ja3s: server.map(|hello| ja3::server(hello).into()),
            ja4: client.map(|hello| ja4::client(hello, false)),
        }
    }
}

impl QuicBody {
    pub fn of(initial: &QuicInitial) -> Self {
        QuicBody {
            version: quic_version(initial.version),
            sni: server_name(&initial.hello),
            ja3: ja3::client(&initial.hello).into(),
            ja4: ja4::client(&initial.hello, true),
        }
    }
}

impl Leaf {
    fn of(certificate: &Certificate) -> Self {
        Leaf {
            subject: clipped(&certificate.subject, DISTINGUISHED_NAME),
            issuerdn: clipped(&certificate.issuer, DISTINGUISHED_NAME),
            serial: clipped(&certificate.serial, SERIAL),
            fingerprint: fingerprint(&certificate.sha1),
            notbefore: certificate.not_before.and_then(date),
            notafter: certificate.not_after.and_then(date),
        }
    }
}

impl From<(String, String)> for Ja3 {
    /// From the string and the MD5 of it.
    fn from((string, hash): (String, String)) -> Self {
        Ja3 { hash, string: Some(string).filter(|string| string.len() <= JA3_STRING) }
    }
}

fn server_name(hello: &ClientHello) -> Option<String> {
    hello.sni.as_deref().map(|name| clipped(name, NAME))
}

/// The protocol version as Suricata spells it.
fn version_name(version: u16) -> &'static str {
    match version {
        0x0200 => "SSLv2",
        0x0300 => "SSLv3",
        0x0301 => "TLSv1",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        _ => "UNDETERMINED",
    }
}

/// Google's versions by name (`Q046`), others in hexadecimal: 1 is RFC 9000, 6b3343cf RFC 9369.
fn quic_version(version: u32) -> String {
    match version.to_be_bytes() {
        [b'Q' | b'T', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
            version.to_be_bytes().map(char::from).iter().collect()
        }
        _ => format!("{version:x}"),
    }
}

/// Lower case hexadecimal with colons.
fn fingerprint(digest: &[u8; 20]) -> String {
    digest.map(|byte| format!("{byte:02x}")).join(":")
}

/// `2026-01-01T00:00:00`, UTC; `None` for years that the schema's pattern does not know.
fn date(seconds: i64) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    if !(1000..3000).contains(&moment.year()) {
        return None;
    }
    moment.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quic_versions_are_named_as_others_name_them() {
        assert_eq!(quic_version(1), "1");
        assert_eq!(quic_version(0x6b33_43cf), "6b3343cf");
        assert_eq!(quic_version(0x5130_3436), "Q046");
        assert_eq!(quic_version(0x5430_3530), "T050");
    }

    #[test]
    fn a_date_that_the_schema_can_not_hold_is_left_out() {
        assert_eq!(date(0).as_deref(), Some("1970-01-01T00:00:00"));
        assert_eq!(date(253_402_300_799), None); // 9999-12-31, "no expiry" (RFC 5280 §4.1.2.5)
        assert_eq!(date(i64::MIN), None);
    }

    #[test]
    fn a_fingerprint_string_too_long_for_a_line_leaves_its_hash() {
        let ja3 = Ja3::from(("7".repeat(2000), "hash".to_owned()));
        assert_eq!((ja3.hash.as_str(), ja3.string), ("hash", None));
    }
}
