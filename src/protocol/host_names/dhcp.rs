//! DHCP (RFC 2131): reads the address that a client requests or gets, and the client's name.

use std::net::Ipv4Addr;

/// Bytes before the magic cookie, from `op` to `file` (RFC 2131 §2).
const FIXED: usize = 236;
/// The bytes before the options (RFC 2131 §3).
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

/// Values of `op` (RFC 2131 §2).
mod op {
    pub(super) const BOOTREQUEST: u8 = 1;
    pub(super) const BOOTREPLY: u8 = 2;
}

/// Message types (RFC 2132 §9.6) that show who has an address.
///
/// The other types only offer an address or release it.
mod kind {
    pub(super) const REQUEST: u8 = 3;
    pub(super) const ACK: u8 = 5;
    pub(super) const INFORM: u8 = 8;
}

/// Option codes (RFC 2132; RFC 4702 §2).
mod option {
    pub(super) const PAD: u8 = 0;
    pub(super) const HOST_NAME: u8 = 12;
    pub(super) const REQUESTED_ADDRESS: u8 = 50;
    pub(super) const MESSAGE_TYPE: u8 = 53;
    pub(super) const CLIENT_FQDN: u8 = 81;
    pub(super) const END: u8 = 255;
}

/// Reads the client's address and name. Returns `None` if the message does not show both.
pub(super) fn read(bytes: &[u8]) -> Option<(Ipv4Addr, String)> {
    let (fixed, rest) = bytes.split_at_checked(FIXED)?;
    let options = DhcpOptions::read(rest.strip_prefix(&MAGIC_COOKIE)?)?;
    let ciaddr = address(fixed.get(12..16)?)?;
    let yiaddr = address(fixed.get(16..20)?)?;
    let addresses = match (*fixed.first()?, options.kind) {
        (op::BOOTREQUEST, kind::REQUEST) => [options.requested, ciaddr],
        (op::BOOTREQUEST, kind::INFORM) => [ciaddr, ciaddr],
        (op::BOOTREPLY, kind::ACK) => [yiaddr, ciaddr],
        _ => return None,
    };
    let ip = addresses.into_iter().find(|ip| !ip.is_unspecified())?;
    // The host name counts only without a name in the FQDN option (RFC 4702 §3.1). Servers often
    // leave that one empty.
    let name = fqdn(options.fqdn).or_else(|| super::name(options.host_name))?;
    Some((ip, name))
}

/// The options that matter. Missing options are empty or zero.
#[derive(Debug)]
struct DhcpOptions<'a> {
    kind: u8,
    requested: Ipv4Addr,
    host_name: &'a [u8],
    fqdn: &'a [u8],
}

impl<'a> DhcpOptions<'a> {
    /// Reads the options. Returns `None` if they are malformed or have no end option.
    fn read(mut bytes: &'a [u8]) -> Option<DhcpOptions<'a>> {
        let mut options =
            DhcpOptions { kind: 0, requested: Ipv4Addr::UNSPECIFIED, host_name: &[], fqdn: &[] };
        loop {
            let (&code, rest) = bytes.split_first()?;
            match code {
                option::PAD => {
                    bytes = rest;
                    continue;
                }
                option::END => return Some(options),
                _ => {}
            }
            let (&length, rest) = rest.split_first()?;
            let (data, rest) = rest.split_at_checked(length.into())?;
            bytes = rest;
            match code {
                option::HOST_NAME => options.host_name = data,
                option::REQUESTED_ADDRESS => options.requested = address(data)?,
                option::MESSAGE_TYPE => options.kind = *data.first()?,
                option::CLIENT_FQDN => options.fqdn = data,
                _ => {}
            }
        }
    }
}

fn address(bytes: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from)
}

/// Reads the name in a client FQDN option (RFC 4702 §2), after the flags and two response codes.
fn fqdn(data: &[u8]) -> Option<String> {
    /// Flag E: the name is encoded as in DNS, not as text.
    const ENCODED: u8 = 0x04;
    let (&[flags, _, _], text) = data.split_first_chunk()?;
    if flags & ENCODED == 0 { super::name(text) } else { super::name(&labels(text)?) }
}

/// Converts DNS labels to text. The root label at the end is optional (RFC 4702 §2.3.1).
fn labels(mut bytes: &[u8]) -> Option<Vec<u8>> {
    /// Longest label, in bytes (RFC 1035 §2.3.4).
    const MAX_LABEL: u8 = 63;
    let mut text = Vec::new(); // no longer than an option
    while let Some((&length, rest)) = bytes.split_first()
        && length > 0
    {
        let (label, rest) = rest.split_at_checked(length.into())?;
        if length > MAX_LABEL {
            return None;
        }
        if !text.is_empty() {
            text.push(b'.');
        }
        text.extend_from_slice(label);
        bytes = rest;
    }
    Some(text)
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// Returns a message with this `op`, `ciaddr`, `yiaddr` and these options.
    pub(crate) fn message(op: u8, ciaddr: [u8; 4], yiaddr: [u8; 4], options: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![op, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef]; // htype, hlen, hops, xid
        bytes.extend([0; 4]); // secs, flags
        bytes.extend(ciaddr);
        bytes.extend(yiaddr);
        bytes.resize(FIXED, 0);
        bytes.extend(MAGIC_COOKIE);
        bytes.extend(options.concat());
        bytes.push(255);
        bytes
    }

    /// Returns a REQUEST of `lab-pc-7` for 10.0.0.7.
    pub(crate) fn request() -> Vec<u8> {
        let options: [&[u8]; 4] =
            [b"\x35\x01\x03", b"\x32\x04\x0a\0\0\x07", b"\0\0", b"\x0c\x08lab-pc-7"];
        message(1, [0; 4], [0; 4], &options)
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{message, request};
    use super::*;

    const NONE: [u8; 4] = [0; 4];
    const CLIENT: [u8; 4] = [10, 0, 0, 7];
    const OTHER: [u8; 4] = [10, 0, 0, 8];
    const NAME: &[u8] = b"\x0c\x08lab-pc-7"; // option 12

    /// Option 53.
    fn kind(kind: u8) -> [u8; 3] {
        [53, 1, kind]
    }

    fn named(ip: [u8; 4], name: &str) -> Option<(Ipv4Addr, String)> {
        Some((ip.into(), name.into()))
    }

    #[test]
    fn a_request_names_the_address_it_asks_for() {
        assert_eq!(read(&request()), named(CLIENT, "lab-pc-7"));
        let padded = [&request()[..], &[0; 40]].concat();
        assert_eq!(read(&padded), named(CLIENT, "lab-pc-7"));
    }

    #[test]
    fn a_renewal_names_the_address_that_is_in_use() {
        assert_eq!(read(&message(1, CLIENT, OTHER, &[&kind(3), NAME])), named(CLIENT, "lab-pc-7"));
        assert_eq!(read(&message(1, CLIENT, OTHER, &[&kind(8), NAME])), named(CLIENT, "lab-pc-7"));
    }

    #[test]
    fn an_acknowledgement_names_the_address_it_gives() {
        assert_eq!(read(&message(2, NONE, CLIENT, &[&kind(5), NAME])), named(CLIENT, "lab-pc-7"));
        assert_eq!(read(&message(2, OTHER, CLIENT, &[&kind(5), NAME])), named(CLIENT, "lab-pc-7"));
        let to_inform = message(2, CLIENT, NONE, &[&kind(5), NAME]);
        assert_eq!(read(&to_inform), named(CLIENT, "lab-pc-7"));
        assert_eq!(read(&message(2, NONE, CLIENT, &[&kind(5)])), None, "no name");
    }

    #[test]
    fn offers_and_refusals_tell_nothing() {
        for (op, other) in [(1, 1), (2, 2), (1, 4), (2, 6), (1, 7), (2, 3), (1, 5), (2, 8)] {
            let bytes = message(op, CLIENT, CLIENT, &[&kind(other), NAME]);
            assert_eq!(read(&bytes), None, "op {op}, type {other}");
        }
        assert_eq!(read(&message(1, CLIENT, CLIENT, &[NAME])), None, "BOOTP");
        assert_eq!(read(&message(1, NONE, CLIENT, &[&kind(3), NAME])), None, "no address");
    }

    #[test]
    fn a_domain_name_goes_before_a_host_name() {
        let with = |fqdn: &[u8]| {
            let head = [81, fqdn.len() as u8];
            read(&message(1, CLIENT, NONE, &[&kind(3), &head, fqdn, NAME]))
        };
        // Flag E: encoded as in DNS, a full or a partial name.
        let whole = named(CLIENT, "pc.lab.example");
        assert_eq!(with(b"\x05\0\0\x02pc\x03lab\x07example\0"), whole);
        assert_eq!(with(b"\x04\0\0\x02pc"), named(CLIENT, "pc"));
        assert_eq!(with(b"\x01\0\0pc.lab.example."), whole);
        // Unusable: empty, cut, a pointer, too short.
        for fqdn in [&b"\x03\xff\xff"[..], b"\x04\0\0\x05pc", b"\x04\0\0\xc0\x0c", b"\x04\0"] {
            assert_eq!(with(fqdn), named(CLIENT, "lab-pc-7"), "{fqdn:?}");
        }
    }

    #[test]
    fn a_wrong_or_cut_message_tells_nothing() {
        let bytes = request();
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None, "{end} bytes");
        }
        let mut wrong = bytes.clone();
        wrong[FIXED] ^= 1;
        assert_eq!(read(&wrong), None, "the magic cookie");
        let short = message(1, CLIENT, NONE, &[&kind(3), b"\x32\x03\x0a\0\0", NAME]);
        assert_eq!(read(&short), None, "an address of three bytes");
    }
}
