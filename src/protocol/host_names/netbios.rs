//! NetBIOS over UDP (RFC 1002): reads names that a host registers, confirms, or sends from.

use std::net::Ipv4Addr;

use crate::model::text::is_plain;
use crate::protocol::dns;

/// Type of a record with flags and addresses (RFC 1002 §4.2.1.3).
const NB: u16 = 0x20;
/// Suffixes of the unique names that every host has, for its workstation and its file service.
///
/// Names with other suffixes belong to users and to roles in a workgroup.
const HOST_SUFFIXES: [u8; 2] = [0x00, 0x20];
/// Bytes of a name in first-level encoding: two for each of 16 bytes (RFC 1001 §14.1).
const ENCODED: usize = 32;

/// Reads the name of `sender` in a message of the name service (RFC 1002 §4.2).
///
/// The message must register or refresh the name for `sender`, or confirm that `sender` has it.
pub(super) fn read_name(sender: Ipv4Addr, bytes: &[u8]) -> Option<String> {
    let &[_, _, f0, f1, ..] = bytes else { return None };
    let flags = u16::from_be_bytes([f0, f1]);
    let (is_response, opcode, rcode) = (flags & 0x8000 != 0, flags >> 11 & 0xf, flags & 0xf);
    let is_claim = match opcode {
        0 => is_response && rcode == 0,
        // Registration, refresh (under two numbers), multihomed registration.
        5 | 8 | 9 | 15 => !is_response,
        _ => false,
    };
    if !is_claim {
        return None;
    }
    let owner = dns::owner(bytes, |rtype, data| {
        let (addresses, _) = data.as_chunks();
        rtype == NB && addresses.iter().any(|entry| is_own(entry, sender))
    })?;
    let label = owner.split('.').next()?; // the rest is the scope
    host_name(label.as_bytes().try_into().ok()?)
}

/// Returns whether an address entry (RFC 1002 §4.2.2) gives `sender` a unique name, not a group's.
fn is_own(&[flags, _, a, b, c, d]: &[u8; 6], sender: Ipv4Addr) -> bool {
    const GROUP: u8 = 0x80;
    flags & GROUP == 0 && Ipv4Addr::new(a, b, c, d) == sender
}

/// Reads the source name in a message of the datagram service that `sender` sent (RFC 1002 §4.4.2).
pub(super) fn read_datagram(sender: Ipv4Addr, bytes: &[u8]) -> Option<String> {
    // Type, flags, identifier, address and port of the source, length, offset.
    let (&[kind, _, _, _, a, b, c, d, _, _, l0, l1, _, _], rest) = bytes.split_first_chunk()?;
    // Direct unique, direct group, broadcast.
    let is_data = matches!(kind, 0x10..=0x12);
    let is_whole = rest.len() >= usize::from(u16::from_be_bytes([l0, l1]));
    if !is_data || !is_whole || Ipv4Addr::new(a, b, c, d) != sender {
        return None;
    }
    let (&length, rest) = rest.split_first()?;
    let name = rest.first_chunk().filter(|_| usize::from(length) == ENCODED)?;
    host_name(name)
}

/// Decodes the name of a host. Returns `None` if the name is not that of a host.
fn host_name(encoded: &[u8; ENCODED]) -> Option<String> {
    let [name @ .., suffix] = decode(encoded)?;
    let name = super::name(&name)?;
    // `*` stands for any name (RFC 1001 §5.2).
    let is_special = name.starts_with('*') || name == "__MSBROWSE__";
    let is_host = HOST_SUFFIXES.contains(&suffix) && is_plain(name.as_bytes()) && !is_special;
    is_host.then_some(name)
}

/// Decodes a name in first-level encoding (RFC 1001 §14.1): each letter from A to P is half a byte.
fn decode(encoded: &[u8; ENCODED]) -> Option<[u8; ENCODED / 2]> {
    let half = |letter: u8| match letter.to_ascii_uppercase() {
        letter @ b'A'..=b'P' => Some(letter - b'A'),
        _ => None,
    };
    let mut name = [0; ENCODED / 2];
    let (pairs, _) = encoded.as_chunks();
    for (byte, &[high, low]) in name.iter_mut().zip(pairs) {
        *byte = half(high)? << 4 | half(low)?;
    }
    Some(name)
}

#[cfg(test)]
pub(super) mod samples {
    /// Returns an encoded name with its suffix: a label of 32 letters and the root.
    pub(crate) fn encoded(name: &[u8], suffix: u8) -> Vec<u8> {
        let mut bytes = vec![b' '; 15];
        bytes[..name.len()].copy_from_slice(name);
        bytes.push(suffix);
        let letters = bytes.iter().flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 0xf)]);
        std::iter::once(32).chain(letters).chain([0]).collect()
    }

    /// Returns a request with these flags for `name`, with 10.0.0.7 and `nb_flags` as its entry.
    pub(crate) fn request(flags: u16, name: &[u8], nb_flags: u8) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34];
        bytes.extend(flags.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 0, 0, 0, 1]); // a question, an additional record
        bytes.extend(name);
        bytes.extend([0, 0x20, 0, 1]); // NB, IN
        bytes.extend([0xc0, 12, 0, 0x20, 0, 1, 0, 4, 0x93, 0xe0, 0, 6]); // same name, TTL, length
        bytes.extend([nb_flags, 0, 10, 0, 0, 7]);
        bytes
    }

    /// Returns a broadcast in which 10.0.0.7 registers `LAB-PC-7`.
    pub(crate) fn registration() -> Vec<u8> {
        request(0x2910, &encoded(b"LAB-PC-7", 0x00), 0)
    }

    /// Returns a datagram that 10.0.0.7 sends to its workgroup as `name`.
    pub(crate) fn datagram_from(name: &[u8]) -> Vec<u8> {
        let rest = [name, &encoded(b"LAB", 0x1d), b"announcement"].concat();
        let mut bytes =
            vec![0x11, 0x0a, 0x12, 0x34, 10, 0, 0, 7, 0, 138, 0, rest.len() as u8, 0, 0];
        bytes.extend(rest);
        bytes
    }

    pub(crate) fn datagram() -> Vec<u8> {
        datagram_from(&encoded(b"LAB-PC-7", 0x20))
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{datagram, datagram_from, encoded, registration, request};
    use super::*;

    const SENDER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);
    const OTHER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 8);
    const HOST: Option<&str> = Some("LAB-PC-7");

    /// Returns a response that gives `LAB-PC-7` these entries of flags and address.
    fn response(flags: u16, entries: &[[u8; 6]]) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34];
        bytes.extend(flags.to_be_bytes());
        bytes.extend([0, 0, 0, 1, 0, 0, 0, 0]); // an answer
        bytes.extend(encoded(b"LAB-PC-7", 0x20));
        // NB, IN, TTL, length
        bytes.extend([0, 0x20, 0, 1, 0, 4, 0x93, 0xe0, 0, 6 * entries.len() as u8]);
        bytes.extend(entries.concat());
        bytes
    }

    #[test]
    fn registrations_and_refreshes_name_who_sends_them() {
        for opcode in [5, 8, 9, 15] {
            let bytes = request(opcode << 11 | 0x0110, &encoded(b"LAB-PC-7", 0x20), 0x60);
            assert_eq!(read_name(SENDER, &bytes).as_deref(), HOST, "opcode {opcode}");
            assert_eq!(read_name(OTHER, &bytes), None, "from somebody else");
        }
        for flags in [0x3000, 0x0110, 0xad80] {
            let bytes = request(flags, &encoded(b"LAB-PC-7", 0x20), 0x60);
            assert_eq!(read_name(SENDER, &bytes), None, "release, query, response: {flags:#x}");
        }
    }

    #[test]
    fn a_positive_response_names_the_sender_if_it_has_the_name() {
        let (own, other) = ([0x60, 0, 10, 0, 0, 7], [0x60, 0, 10, 0, 0, 8]);
        assert_eq!(read_name(SENDER, &response(0x8500, &[own])).as_deref(), HOST);
        assert_eq!(read_name(SENDER, &response(0x8500, &[other, own])).as_deref(), HOST);
        assert_eq!(read_name(SENDER, &response(0x8500, &[other])), None);
        assert_eq!(read_name(SENDER, &response(0x8583, &[own])), None, "an error");
    }

    #[test]
    fn names_of_groups_and_roles_name_nobody() {
        let name_of = |name: &[u8], nb_flags| read_name(SENDER, &request(0x2910, name, nb_flags));
        assert!(name_of(&encoded(b"LAB-PC-7", 0x00), 0).is_some());
        assert_eq!(name_of(&encoded(b"LAB", 0x00), 0x80), None, "a workgroup");
        assert_eq!(name_of(&encoded(b"LAB", 0x1d), 0), None, "its master browser");
        assert_eq!(name_of(&encoded(b"\x01\x02__MSBROWSE__\x02", 0x01), 0), None);
        assert_eq!(name_of(&encoded(b"__MSBROWSE__", 0x00), 0), None);
        assert_eq!(name_of(&encoded(b"*", 0x00), 0), None);
        assert_eq!(name_of(&encoded(b"", 0x00), 0), None);
        assert_eq!(name_of(&encoded(b"LAB\xc4", 0x00), 0), None);
        assert_eq!(name_of(&encoded("LÄB".as_bytes(), 0x00), 0), None);
        assert_eq!(name_of(b"\x08lab-pc-7\0", 0), None, "not encoded");
    }

    #[test]
    fn a_name_may_have_a_scope() {
        let mut name = encoded(b"LAB-PC-7", 0x00);
        name.pop();
        name.extend(b"\x03lab\0");
        assert_eq!(read_name(SENDER, &request(0x2910, &name, 0)).as_deref(), HOST);
        assert_eq!(read_datagram(SENDER, &datagram_from(&name)).as_deref(), HOST);
    }

    #[test]
    fn a_datagram_names_its_source() {
        for kind in 0x10..=0x12 {
            let mut bytes = datagram();
            bytes[0] = kind;
            assert_eq!(read_datagram(SENDER, &bytes).as_deref(), HOST);
            assert_eq!(read_datagram(OTHER, &bytes), None, "forwarded for somebody else");
        }
        let mut error = datagram();
        error[0] = 0x13;
        assert_eq!(read_datagram(SENDER, &error), None);
        let role = datagram_from(&encoded(b"LAB", 0x1d));
        assert_eq!(read_datagram(SENDER, &role), None);
    }

    #[test]
    fn cut_messages_name_nobody() {
        let (message, datagram) = (registration(), datagram());
        assert!(read_name(SENDER, &message).is_some());
        for end in 0..message.len() {
            assert_eq!(read_name(SENDER, &message[..end]), None, "{end} bytes");
        }
        for end in 0..datagram.len() {
            assert_eq!(read_datagram(SENDER, &datagram[..end]), None, "{end} bytes");
        }
    }
}
