//! Multicast DNS (RFC 6762) and LLMNR (RFC 4795): a host announces the name of its address.

use std::net::IpAddr;

use crate::model::event::dns::record_type;
use crate::protocol::dns;

/// Returns the name of `sender`, in lower case, if it answers with a record of its own address.
///
/// Names of services and concealing names give `None`.
pub(super) fn read(sender: IpAddr, bytes: &[u8]) -> Option<String> {
    /// QR, OPCODE and RCODE. Messages with other values must be ignored (RFC 6762 §18, RFC 4795
    /// §2.1.1).
    const MASK: u16 = 0xf80f;
    const RESPONSE: u16 = 0x8000;
    let &[_, _, f0, f1, ..] = bytes else { return None };
    if u16::from_be_bytes([f0, f1]) & MASK != RESPONSE {
        return None;
    }
    // The class is not checked, because mDNS has a flag in it (RFC 6762 §10.2).
    let owner = dns::owner(bytes, |rtype, data| match sender {
        IpAddr::V4(ip) => rtype == record_type::A && data == ip.octets(),
        IpAddr::V6(ip) => rtype == record_type::AAAA && data == ip.octets(),
    })?;
    let is_service = owner.split('.').any(|label| label.starts_with('_'));
    if is_service || is_concealing(&owner) { None } else { super::name(owner.as_bytes()) }
}

/// Returns whether the name is a UUID that a browser made up to hide an address.
///
/// Browsers hide it from the peers of a call (draft-ietf-mmusic-mdns-ice-candidates). Such a name
/// would replace the host's own name.
fn is_concealing(name: &str) -> bool {
    /// Number of digits in each group of a UUID (RFC 9562 §4).
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let Some(label) = name.strip_suffix(".local") else { return false };
    let is_hex = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    label.split('-').map(str::len).eq(GROUPS) && label.split('-').all(is_hex)
}

#[cfg(test)]
pub(super) mod samples {
    /// Returns a record for the name `owner`, of class IN with the cache-flush bit; TTL 120.
    pub(crate) fn record(owner: &[u8], rtype: u8, data: &[u8]) -> Vec<u8> {
        let fields = [0, rtype, 0x80, 1, 0, 0, 0, 120, 0, data.len() as u8];
        [owner, &fields, data].concat()
    }

    /// Returns a message with these flags, numbers of entries, and entries.
    pub(crate) fn message(flags: u16, counts: [u8; 4], rest: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0, 0];
        bytes.extend(flags.to_be_bytes());
        bytes.extend(counts.iter().flat_map(|&count| [0, count]));
        bytes.extend(rest.concat());
        bytes
    }

    /// Returns a response that says: `lab-pc-7.local` has this address.
    pub(crate) fn response(address: &[u8]) -> Vec<u8> {
        let rtype = if address.len() == 4 { 1 } else { 28 };
        let answer = record(b"\x08Lab-PC-7\x05local\0", rtype, address);
        message(0x8400, [0, 1, 0, 0], &[&answer])
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{message, record, response};
    use super::*;

    const ADDRESS: [u8; 4] = [10, 0, 0, 7];
    const V6: [u8; 16] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    const HOST: &[u8] = b"\x08lab-pc-7\x05local\0";

    fn told(bytes: &[u8]) -> Option<String> {
        read(ADDRESS.into(), bytes)
    }

    #[test]
    fn an_answer_with_the_address_of_the_sender_names_it() {
        assert_eq!(told(&response(&ADDRESS)).as_deref(), Some("lab-pc-7.local"));
        assert_eq!(read(V6.into(), &response(&V6)).as_deref(), Some("lab-pc-7.local"));
    }

    #[test]
    fn an_additional_record_names_the_sender_as_well() {
        let bytes = message(
            0x8400,
            [0, 2, 1, 2],
            &[
                // PTR: _ssh._tcp.local -> lab._ssh._tcp.local; its data begins at 39
                &record(b"\x04_ssh\x04_tcp\x05local\0", 12, b"\x03lab\xc0\x0c"),
                &record(b"\xc0\x27", 33, b"\0\0\0\0\0\x16\x08lab-pc-7\xc0\x16"), // SRV; name at 63
                &record(b"\x03her\xc0\x16", 1, &ADDRESS), // authorities name nobody
                &record(b"\xc0\x3f", 28, &V6),
                &record(b"\xc0\x3f", 1, &ADDRESS),
            ],
        );
        assert_eq!(told(&bytes).as_deref(), Some("lab-pc-7.local"));
        for end in 0..bytes.len() {
            assert_eq!(told(&bytes[..end]), None, "{end} bytes");
        }
    }

    #[test]
    fn an_answer_to_llmnr_repeats_its_question() {
        let bytes = message(
            0x8000,
            [1, 1, 0, 0],
            &[b"\x08LAB-PC-7\0\0\x01\0\x01", &record(b"\xc0\x0c", 1, &ADDRESS)],
        );
        assert_eq!(told(&bytes).as_deref(), Some("lab-pc-7"));
    }

    #[test]
    fn records_of_others_name_nobody() {
        assert_eq!(told(&response(&[10, 0, 0, 8])), None);
        assert_eq!(told(&response(&V6)), None);
        let text = message(0x8400, [0, 1, 0, 0], &[&record(HOST, 16, &ADDRESS)]);
        assert_eq!(told(&text), None, "not an address");
        let second = [record(b"\x01x\0", 1, &[10, 0, 0, 8]), record(HOST, 1, &ADDRESS)].concat();
        let bytes = message(0x8400, [0, 2, 0, 0], &[&second]);
        assert_eq!(told(&bytes).as_deref(), Some("lab-pc-7.local"));
    }

    #[test]
    fn only_good_responses_name() {
        let answer = record(HOST, 1, &ADDRESS);
        let with = |flags| told(&message(flags, [0, 1, 0, 0], &[&answer]));
        assert!(with(0x8000).is_some());
        assert_eq!(with(0x0000), None, "a query with what its sender knows");
        assert_eq!(with(0x8403), None, "NXDOMAIN");
        assert_eq!(with(0xac00), None, "opcode 5");
    }

    #[test]
    fn services_and_concealing_names_are_no_hosts() {
        let owned =
            |owner: &[u8]| told(&message(0x8400, [0, 1, 0, 0], &[&record(owner, 1, &ADDRESS)]));
        assert_eq!(owned(b"\x03lab\x04_ssh\x04_tcp\x05local\0"), None);
        assert_eq!(owned(b"\x2401234567-89ab-4cde-8f01-23456789abcd\x05local\0"), None);
        assert_eq!(
            owned(b"\x2401234567-89ab-4cde-8f01-23456789abcx\x05local\0").as_deref(),
            Some("01234567-89ab-4cde-8f01-23456789abcx.local")
        );
        assert_eq!(owned(b"\x08lab-pc_7\0").as_deref(), Some("lab-pc_7"));
        assert_eq!(owned(b"\0"), None);
    }

    #[test]
    fn a_cut_message_names_nobody() {
        let bytes = response(&ADDRESS);
        for end in 0..bytes.len() {
            assert_eq!(told(&bytes[..end]), None, "{end} bytes");
        }
    }
}
