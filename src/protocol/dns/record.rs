//! Decodes the data of records that contain an address or a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::name;
use crate::model::event::dns::{AnswerData, record_type};
use crate::protocol::spare_names::SpareNames;

/// Service parameters (RFC 9460 §14.3.2).
mod parameter {
    pub(super) const IPV4HINT: u16 = 4;
    pub(super) const IPV6HINT: u16 = 6;
}

/// Most address hints kept of one record. Large content networks send two to eight.
const MAX_HINTS: usize = 16;

/// Decodes the data of a record of type `rtype` at `range` of `message`.
///
/// Returns `None` if the name in it cannot be decoded or ends after `range`. Data of other types,
/// and addresses of a wrong length, become [`AnswerData::Other`].
pub(super) fn read(
    message: &[u8],
    rtype: u16,
    range: Range<usize>,
    spare: &mut SpareNames,
) -> Option<AnswerData> {
    let data = message.get(range.clone()).unwrap_or_default();
    // Bytes before the name (RFC 1035 §3.3.9, RFC 2782, RFC 9460 §2.2).
    let before = match rtype {
        record_type::A => {
            let address = <[u8; 4]>::try_from(data).map(|octets| Ipv4Addr::from(octets).into());
            return Some(address.map_or(AnswerData::Other, AnswerData::Address));
        }
        record_type::AAAA => {
            let address = <[u8; 16]>::try_from(data).map(|octets| Ipv6Addr::from(octets).into());
            return Some(address.map_or(AnswerData::Other, AnswerData::Address));
        }
        record_type::CNAME | record_type::DNAME | record_type::NS | record_type::PTR => 0,
        record_type::MX | record_type::SVCB | record_type::HTTPS => 2,
        record_type::SRV => 6,
        _ => return Some(AnswerData::Other),
    };
    let mut target = spare.name();
    let end = name::read(message, range.start + before, &mut target);
    let Some(end) = end.filter(|&end| end <= range.end) else {
        spare.put_name(target);
        return None;
    };
    if !matches!(rtype, record_type::SVCB | record_type::HTTPS) {
        return Some(AnswerData::Name(target));
    }
    let mut hints = spare.hints();
    parameters(message.get(end..range.end).unwrap_or_default(), &mut hints);
    Some(AnswerData::Service { target, hints })
}

/// Appends the address hints among a service's parameters to `hints`.
fn parameters(mut rest: &[u8], hints: &mut Vec<IpAddr>) {
    while let Some((&[k0, k1, l0, l1], after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let Some((value, after)) = after.split_at_checked(length) else { break };
        rest = after;
        let room = MAX_HINTS.saturating_sub(hints.len());
        match u16::from_be_bytes([k0, k1]) {
            parameter::IPV4HINT => {
                let (addresses, _) = value.as_chunks::<4>();
                hints.extend(addresses.iter().take(room).map(|&a| IpAddr::from(a)));
            }
            parameter::IPV6HINT => {
                let (addresses, _) = value.as_chunks::<16>();
                hints.extend(addresses.iter().take(room).map(|&a| IpAddr::from(a)));
            }
            _ => {}
        }
    }
}
