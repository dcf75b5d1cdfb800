//! EVE `tls` and `quic` records: the unencrypted parts of a handshake.

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::super::json::clipped;
use crate::model::record::{CertificateEvent, QuicEvent, TlsEvent, TlsFingerprint};

/// Longest name, in bytes of JSON. It holds 255 bytes (RFC 6066 §3, RFC 1035 §2.3.4) if few need an
/// escape.
const NAME: usize = 512;
/// Longest distinguished name, in bytes of JSON. A few attributes of 64 letters are usual (RFC 5280
/// A.1).
const DISTINGUISHED_NAME: usize = 1024;
/// Longest serial number, as hexadecimal with colons. Serial numbers have at most 20 bytes (RFC
/// 5280 §4.1.2.2).
const SERIAL: usize = 128;
/// Longest JA3 string, in bytes. Of a longer one only the hash is written: cut, it would be of no
/// use.
const JA3_STRING: usize = 1024;

#[derive(Serialize)]
pub(super) struct TlsBody {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<String>,
    #[serde(flatten)]
    certificate: Option<LeafCertificate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja3: Option<Ja3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja3s: Option<Ja3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja4: Option<String>,
}

/// The server's own certificate.
#[derive(Serialize)]
struct LeafCertificate {
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
pub(super) struct QuicBody {
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

impl From<&TlsEvent> for TlsBody {
    fn from(event: &TlsEvent) -> Self {
        TlsBody {
            version: event.version.map_or("UNDETERMINED", version_name),
            sni: event.sni.as_deref().map(|name| clipped(name, NAME)),
            certificate: event.certificate.as_ref().map(LeafCertificate::from),
            ja3: event.ja3.as_ref().map(Ja3::from),
            ja3s: event.ja3s.as_ref().map(Ja3::from),
            ja4: event.ja4.clone(),
        }
    }
}

impl From<&QuicEvent> for QuicBody {
    fn from(event: &QuicEvent) -> Self {
        QuicBody {
            version: quic_version(event.version),
            sni: event.sni.as_deref().map(|name| clipped(name, NAME)),
            ja3: Ja3::from(&event.ja3),
            ja4: event.ja4.clone(),
        }
    }
}

impl From<&CertificateEvent> for LeafCertificate {
    fn from(certificate: &CertificateEvent) -> Self {
        LeafCertificate {
            subject: clipped(&certificate.subject, DISTINGUISHED_NAME),
            issuerdn: clipped(&certificate.issuer, DISTINGUISHED_NAME),
            serial: clipped(&certificate.serial, SERIAL),
            fingerprint: fingerprint(&certificate.sha1),
            notbefore: certificate.not_before.and_then(date),
            notafter: certificate.not_after.and_then(date),
        }
    }
}

impl From<&TlsFingerprint> for Ja3 {
    fn from(fingerprint: &TlsFingerprint) -> Self {
        let string = Some(&fingerprint.string).filter(|string| string.len() <= JA3_STRING);
        Ja3 { hash: fingerprint.hash.clone(), string: string.cloned() }
    }
}

/// Spells the protocol version as Suricata does.
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

/// Spells a QUIC version: Google's by name (`Q046`), others in hexadecimal. 1 is RFC 9000, 6b3343cf
/// is RFC 9369.
fn quic_version(version: u32) -> String {
    match version.to_be_bytes() {
        [b'Q' | b'T', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
            version.to_be_bytes().map(char::from).iter().collect()
        }
        _ => format!("{version:x}"),
    }
}

/// Formats a digest in lower-case hexadecimal with colons.
fn fingerprint(digest: &[u8; 20]) -> String {
    digest.map(|byte| format!("{byte:02x}")).join(":")
}

/// Formats a time as `2026-01-01T00:00:00`, UTC; `None` for years that the pattern of the schema
/// does not allow.
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
        let (string, hash) = ("7".repeat(2000), "hash".to_owned());
        let ja3 = Ja3::from(&TlsFingerprint { string, hash });
        assert_eq!((ja3.hash.as_str(), ja3.string), ("hash", None));
    }
}
