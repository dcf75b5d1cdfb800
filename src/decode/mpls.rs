//! MPLS label stacks, and what they carry: IP, or an Ethernet pseudowire.
//!
//! Nothing in a label says what follows the stack. The usual guess by the first half byte takes MAC
//! addresses for IP headers, so the bytes behind it decide here.

use super::ip;
use super::layer::{Layer, LayerStep};
use super::link::ethertype;
use super::stats::DecodeStop;

/// Bytes of the control word of a pseudowire (RFC 4385 §3).
const CONTROL_WORD: usize = 4;

/// Skips an MPLS label stack (RFC 3032).
///
/// IP follows it, or Ethernet with or without a control word (RFC 4448).
pub(super) fn mpls(mut bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    /// Maximum number of labels in a stack. Real stacks have up to about six.
    const MAX_LABELS: usize = 16;
    const BOTTOM_OF_STACK: u8 = 0x01;
    for _ in 0..MAX_LABELS {
        let (label, rest) = bytes.split_first_chunk::<4>().ok_or(DecodeStop::LinkTruncated)?;
        bytes = rest;
        if label[2] & BOTTOM_OF_STACK != 0 {
            return inside(bytes);
        }
    }
    Err(DecodeStop::TooDeep)
}

/// IP, or a frame with or without a control word (RFC 4448 §4.6).
fn inside(bytes: &[u8]) -> Result<LayerStep<'_>, DecodeStop> {
    let version = bytes.first().ok_or(DecodeStop::LinkTruncated)? >> 4;
    if let Some(step) = ip::unannounced(bytes) {
        return Ok(step);
    }
    let frame = |bytes| Ok(LayerStep::new(Layer::Ethernet, bytes));
    let after_word = bytes.get(CONTROL_WORD..).filter(|_| version == 0);
    match (is_frame(bytes), after_word.filter(|rest| is_frame(rest))) {
        (false, Some(rest)) => frame(rest),
        (true, None) => frame(bytes),
        // An address of zeros or a word of zeros: most senders leave flags and sequence at 0.
        (true, Some(rest)) if bytes[..CONTROL_WORD] == [0; CONTROL_WORD] => frame(rest),
        (true, Some(_)) => frame(bytes),
        // A header that offload or damage has left wrong.
        (false, None) => match version {
            4 => Ok(LayerStep::new(Layer::Ipv4, bytes)),
            6 => Ok(LayerStep::new(Layer::Ipv6, bytes)),
            _ => Err(DecodeStop::NotUnderstood),
        },
    }
}

/// Whether these bytes make sense as an Ethernet frame: its EtherType is common, and IP of the right
/// version follows where it says so.
fn is_frame(bytes: &[u8]) -> bool {
    /// Tags that are stepped over.
    const MAX_TAGS: usize = 4;
    const ADDRESSES: usize = 12;
    const ARP: u16 = 0x0806;
    const MULTICAST: u8 = 0x01;
    const SOURCE: usize = 6;
    let Some(mut rest) = bytes.get(ADDRESSES..) else { return false };
    if bytes[SOURCE] & MULTICAST != 0 {
        return false;
    }
    for _ in 0..MAX_TAGS {
        let Some((value, after)) = rest.split_first_chunk::<2>() else { return false };
        match u16::from_be_bytes(*value) {
            ethertype::IPV4 => return matches!(after, [0x45..=0x4f, ..]),
            ethertype::IPV6 => return matches!(after, [0x60..=0x6f, ..]),
            ARP => return matches!(after, [0, 1, 0x08, 0x00, ..]),
            value if ethertype::is_vlan(value) => match after.get(2..) {
                Some(tagged) => rest = tagged,
                None => return false,
            },
            ethertype::MPLS | ethertype::PPPOE_SESSION | ethertype::PPPOE_DISCOVERY => return true,
            // 802.3: the frame is as long as it says, or padded to 60 bytes.
            length => {
                let length = usize::from(length);
                return length >= 3 && (length == after.len() || length < 46 && after.len() == 46);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A label at the bottom of the stack.
    const LABEL: [u8; 4] = [0x00, 0x06, 0x41, 0xff];
    /// 20 bytes of IPv4 without payload from 10.0.0.1 to 10.0.0.2.
    const IPV4: [u8; 20] =
        [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0x66, 0xe2, 10, 0, 0, 1, 10, 0, 0, 2];

    fn step(parts: &[&[u8]]) -> Result<(Layer, usize), DecodeStop> {
        mpls(&[&LABEL[..], &parts.concat()].concat()).map(|step| (step.layer, step.bytes.len()))
    }

    fn frame(first: u8) -> Vec<u8> {
        [&[first, 0x11, 0x22, 0x33, 0x44, 0x55][..], &[2, 0, 0, 0, 0, 9, 8, 0], &IPV4].concat()
    }

    #[test]
    fn ip_follows_the_stack() {
        assert_eq!(step(&[&IPV4]), Ok((Layer::Ipv4, 20)));
        let ipv6 = [&[0x60, 0, 0, 0, 0, 0, 59, 64][..], &[0; 32]].concat();
        assert_eq!(step(&[&ipv6]), Ok((Layer::Ipv6, 40)));
    }

    #[test]
    fn no_first_byte_of_an_address_is_taken_for_ip_or_a_control_word() {
        for first in (0..=255).step_by(2) {
            let frame = frame(first);
            assert_eq!(step(&[&frame]), Ok((Layer::Ethernet, 34)), "{first:#04x}");
            assert_eq!(step(&[&[0; 4], &frame]), Ok((Layer::Ethernet, 34)), "{first:#04x}");
            assert_eq!(step(&[&[0, 0, 0, 7], &frame]), Ok((Layer::Ethernet, 34)), "{first:#04x}");
        }
    }

    #[test]
    fn tags_inside_a_pseudowire_are_stepped_over() {
        let mut tagged = frame(0x02);
        tagged.splice(12..12, [0x81, 0x00, 0, 42]);
        assert_eq!(step(&[&tagged]), Ok((Layer::Ethernet, 38)));
        assert_eq!(step(&[&[0; 4], &tagged]), Ok((Layer::Ethernet, 38)));
    }

    #[test]
    fn bytes_that_are_neither_are_not_understood() {
        assert_eq!(step(&[&[0x07; 40]]), Err(DecodeStop::NotUnderstood));
        assert_eq!(step(&[]), Err(DecodeStop::LinkTruncated));
        assert_eq!(step(&[&[0x45; 12]]), Ok((Layer::Ipv4, 12)), "IP is told as damaged");
    }

    #[test]
    fn a_stack_without_a_bottom_is_too_deep() {
        assert_eq!(mpls(&[0; 200]).map(|step| step.layer), Err(DecodeStop::TooDeep));
        assert_eq!(mpls(&[0; 7]).map(|step| step.layer), Err(DecodeStop::LinkTruncated));
    }
}
