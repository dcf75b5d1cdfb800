//! Reads the names, serial numbers, validity and hashes of X.509 certificates (RFC 5280).

use ring::digest;
use time::{Date, Month, Time, UtcDateTime};

use super::der::{self, Element, Elements};
use super::reader::Reader;
use super::text;
use crate::model::event::tls::Certificate;
use crate::model::text::printable_bounded;

/// Certificates read of a chain: the leaf and its issuers. Longer chains repeat themselves.
const MAX_CERTIFICATES: usize = 4;
/// Names kept of a certificate: the shared ones of content networks have about 100.
const MAX_NAMES: usize = 128;
/// Bytes of text after which a subject or issuer gets no further attribute; real ones have 300.
const MAX_TEXT: usize = 1024;
/// Bytes kept of a serial number: RFC 5280 §4.1.2.2 allows 20, and some issuers use more.
const MAX_SERIAL: usize = 64;

/// subjectAltName (RFC 5280 §4.2.1.6): 2.5.29.17.
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 0x11];
/// Tag `[2]` of a GeneralName: `dNSName`.
const DNS_NAME: u8 = 0x82;

/// Reads the body of a Certificate message before TLS 1.3 (RFC 5246 §7.4.2), leaf first.
///
/// If the message is cut, the result has the certificates before the cut. If `brief` is set, it has
/// only the names of the leaf.
pub(super) fn chain(body: &[u8], brief: bool) -> Vec<Certificate> {
    let mut reader = Reader::new(body);
    let Some(length) = reader.u24() else { return Vec::new() };
    let mut list = Reader::new(reader.up_to(length));
    std::iter::from_fn(move || {
        let length = list.u24()?;
        list.take(length)
    })
    .take(if brief { 1 } else { MAX_CERTIFICATES })
    .map(|certificate| if brief { names(certificate) } else { read(certificate) })
    .collect()
}

/// Reads one certificate. Fields after a malformed element stay empty.
fn read(bytes: &[u8]) -> Certificate {
    let mut certificate = Certificate {
        sha1: digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes)
            .as_ref()
            .try_into()
            .unwrap_or_default(),
        ..Certificate::default()
    };
    let _ = fields(&mut certificate, bytes);
    certificate
}

/// Reads the fields of a TBSCertificate (RFC 5280 §4.1) in their order.
fn fields(certificate: &mut Certificate, bytes: &[u8]) -> Option<()> {
    let mut signed = Elements::new(bytes).inside(der::SEQUENCE)?.inside(der::SEQUENCE)?;
    let _version = signed.tagged(der::context(0));
    certificate.serial = serial(signed.tagged(der::INTEGER)?);
    let _signature = signed.tagged(der::SEQUENCE)?;
    certificate.issuer = distinguished_name(signed.inside(der::SEQUENCE)?);
    let mut validity = signed.inside(der::SEQUENCE)?;
    certificate.not_before = validity.next().and_then(timestamp);
    certificate.not_after = validity.next().and_then(timestamp);
    certificate.subject = distinguished_name(signed.inside(der::SEQUENCE)?);
    let _public_key = signed.tagged(der::SEQUENCE)?;
    certificate.names = subject_alt_names(signed)?;
    Some(())
}

/// Reads only the subject's alternative names.
fn names(bytes: &[u8]) -> Certificate {
    let signed =
        Elements::new(bytes).inside(der::SEQUENCE).and_then(|mut c| c.inside(der::SEQUENCE));
    let names = signed.and_then(subject_alt_names).unwrap_or_default();
    Certificate { names, ..Certificate::default() }
}

/// Reads the subject's alternative names from the extensions of a TBSCertificate.
fn subject_alt_names(mut signed: Elements<'_>) -> Option<Vec<String>> {
    let extensions = signed.find(|element| element.tag == der::context(3))?;
    let extensions = Elements::new(extensions.content).inside(der::SEQUENCE)?;
    extensions.filter_map(alternative_names).next()
}

fn serial(number: &[u8]) -> String {
    let digits: Vec<String> =
        number.iter().take(MAX_SERIAL).map(|byte| format!("{byte:02X}")).collect();
    digits.join(":")
}

/// Returns the DNS names of an extension, or `None` if it is not subjectAltName.
fn alternative_names(extension: Element<'_>) -> Option<Vec<String>> {
    let mut parts = Elements::new(extension.content);
    parts.tagged(der::OBJECT_IDENTIFIER).filter(|id| *id == SUBJECT_ALT_NAME)?;
    let value = parts.find(|part| part.tag == der::OCTET_STRING)?;
    let names = Elements::new(value.content).inside(der::SEQUENCE)?;
    let names = names.filter(|name| name.tag == DNS_NAME).take(MAX_NAMES);
    Some(names.map(|name| text::host(name.content)).collect())
}

/// Formats a name as `C=IT, ST=Pool, CN=mining.pool`, in the order of the certificate.
fn distinguished_name(sets: Elements<'_>) -> String {
    let mut text = String::new();
    for set in sets.filter(|set| set.tag == der::SET) {
        for (index, attribute) in Elements::new(set.content).enumerate() {
            if text.len() > MAX_TEXT {
                return text;
            }
            let Some((name, value)) = attribute_parts(attribute) else { continue };
            if !text.is_empty() {
                text.push_str(if index == 0 { ", " } else { " + " });
            }
            text.push_str(&name);
            text.push('=');
            text.push_str(&value);
        }
    }
    text
}

/// Returns type and value of an AttributeTypeAndValue (RFC 5280 §4.1.2.4).
fn attribute_parts(attribute: Element<'_>) -> Option<(String, String)> {
    let mut parts = Elements::new(attribute.content);
    let identifier = parts.tagged(der::OBJECT_IDENTIFIER)?;
    let name = match identifier {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 4] => "SN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 9] => "street",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x55, 4, 12] => "title",
        [0x55, 4, 42] => "GN",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "emailAddress",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        other => return Some((der::dotted(other)?, string(parts.next()?))),
    };
    Some((name.to_owned(), string(parts.next()?)))
}

/// Decodes a DirectoryString or IA5String to printable text.
fn string(value: Element<'_>) -> String {
    let text: String = match value.tag {
        der::BMP_STRING => {
            let units = value.content.as_chunks().0.iter().map(|unit| u16::from_be_bytes(*unit));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        der::UNIVERSAL_STRING => {
            let units = value.content.as_chunks().0.iter().map(|unit| u32::from_be_bytes(*unit));
            units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        der::UTF8_STRING => String::from_utf8_lossy(value.content).into_owned(),
        // T61String is read as Latin-1, as other programs do.
        _ => value.content.iter().copied().map(char::from).collect(),
    };
    printable_bounded(&text)
}

/// Parses a time (RFC 5280 §4.1.2.5) as seconds since the Unix epoch.
fn timestamp(value: Element<'_>) -> Option<i64> {
    let (year, rest) = match value.tag {
        der::UTC_TIME => {
            let (digits, rest) = value.content.split_first_chunk()?;
            let year = i32::from(two_digits(digits)?);
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        der::GENERALIZED_TIME => {
            let ([a, b, c, d], rest) = value.content.split_first_chunk()?;
            let century = two_digits(&[*a, *b])?;
            (i32::from(century) * 100 + i32::from(two_digits(&[*c, *d])?), rest)
        }
        _ => return None,
    };
    let (pairs, end) = rest.as_chunks();
    let [month, day, hour, minute, second] = pairs else { return None };
    if end != b"Z" {
        return None;
    }
    let month = Month::try_from(two_digits(month)?).ok()?;
    let date = Date::from_calendar_date(year, month, two_digits(day)?).ok()?;
    let time = Time::from_hms(two_digits(hour)?, two_digits(minute)?, two_digits(second)?).ok()?;
    Some(UtcDateTime::new(date, time).unix_timestamp())
}

fn two_digits(digits: &[u8; 2]) -> Option<u8> {
    let [tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tls::samples;
    use proptest::prelude::*;

    fn chain(body: &[u8]) -> Vec<Certificate> {
        super::chain(body, false)
    }

    #[test]
    fn in_brief_the_leaf_shows_its_names() {
        let leaf = samples::certificate(&["pool.example", "www.pool.example"]);
        let body = samples::chain(&[leaf.clone(), samples::certificate(&["root.example"])]);
        let names = read(&leaf).names;
        assert_eq!(super::chain(&body, true), [Certificate { names, ..Certificate::default() }]);
    }

    #[test]
    fn a_certificate_says_who_it_is_for() {
        let bytes = samples::certificate(&["*.Pool.EXAMPLE", "xmr.example"]);
        let certificate = read(&bytes);
        assert_eq!(certificate.subject, "C=IT, O=Invented Pool, CN=pool.example");
        assert_eq!(certificate.issuer, certificate.subject);
        assert_eq!(certificate.serial, "00:C4:0B");
        assert_eq!(certificate.names, ["*.pool.example", "xmr.example"]);
        assert_eq!(certificate.not_before, Some(1_709_208_000)); // 2024-02-29 12:00:00
        assert_eq!(certificate.not_after, Some(4_864_924_800)); // 2124-03-01 00:00:00
    }

    /// FIPS 180-2 Appendix A.1 hashes `abc`.
    #[test]
    fn what_is_no_certificate_still_has_its_hash() {
        let certificate = read(b"abc");
        assert!(certificate.sha1.starts_with(&[0xa9, 0x99, 0x3e, 0x36]));
        assert_eq!(certificate.subject, "");
    }

    #[test]
    fn a_cut_chain_keeps_the_leaf() {
        let leaf = samples::certificate(&["leaf.example"]);
        let body = samples::chain(&[leaf.clone(), samples::certificate(&["root.example"])]);
        assert_eq!(chain(&body).len(), 2);
        let cut = chain(&body[..body.len() - 1]);
        assert_eq!(cut, [read(&leaf)]);
        assert_eq!(chain(&body[..leaf.len()]), []);
    }

    #[test]
    fn long_chains_and_lists_of_names_end_somewhere() {
        let names = vec!["a.example"; MAX_NAMES + 1];
        let body = samples::chain(&vec![samples::certificate(&names); MAX_CERTIFICATES + 1]);
        let certificates = chain(&body);
        assert_eq!(certificates.len(), MAX_CERTIFICATES);
        assert_eq!(certificates[0].names.len(), MAX_NAMES);
    }

    #[test]
    fn strings_of_any_kind_are_printable() {
        let shown = |tag, content| string(Element { tag, content });
        assert_eq!(shown(der::UTF8_STRING, "Grüße\n".as_bytes()), "Grüße\\u{a}");
        assert_eq!(shown(der::BMP_STRING, &[0, b'P', 0x20, 0xac]), "P€");
        assert_eq!(shown(der::UNIVERSAL_STRING, &[0, 0, 0, b'P', 0xff, 0, 0, 0]), "P\u{fffd}");
        assert_eq!(shown(20, &[b'P', 0xe4]), "Pä"); // T61String
    }

    #[test]
    fn a_name_of_many_attributes_is_cut() {
        let attribute = [
            samples::element(der::OBJECT_IDENTIFIER, &[0x55, 4, 11]),
            samples::element(der::UTF8_STRING, &[b'x'; 100]),
        ];
        let set = samples::element(der::SET, &samples::element(der::SEQUENCE, &attribute.concat()));
        let text = distinguished_name(Elements::new(&set.repeat(100)));
        assert!((MAX_TEXT..MAX_TEXT + 200).contains(&text.len()));
    }

    #[test]
    fn times_that_no_calendar_has_are_left_out() {
        let read = |tag, content| timestamp(Element { tag, content });
        assert_eq!(read(der::UTC_TIME, b"700101000000Z"), Some(0));
        assert_eq!(read(der::UTC_TIME, b"491231235959Z"), Some(2_524_607_999));
        for time in [&b"230229000000Z"[..], b"2301010000Z", b"230101000000+0100", b"+30101000000Z"]
        {
            assert_eq!(read(der::UTC_TIME, time), None);
        }
    }

    proptest! {
        #[test]
        fn damaged_certificates_never_panic(
            position in any::<prop::sample::Index>(),
            value in any::<u8>(),
        ) {
            let mut bytes = samples::certificate(&["pool.example"]);
            let position = position.index(bytes.len());
            bytes[position] = value;
            let certificate = read(&bytes);
            prop_assert!(certificate.names.len() <= 1);
        }

        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(chain(&bytes).len() <= MAX_CERTIFICATES);
        }
    }
}
