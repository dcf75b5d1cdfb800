//! L2TP: PPP sessions over UDP (version 2, RFC 2661), and pseudowires over UDP or IP (version 3,
//! RFC 3931).
//!
//! A pseudowire's packets do not say where the frame begins, nor what kind of frame it is: both
//! ends have agreed on that beforehand. Such a packet counts as a tunnel only if a whole IP packet
//! shows where the frame is.

use super::ip;
use super::layer::{Layer, LayerStep};
use super::link::{self, ethertype};
use super::stats::DecodeStop;
use super::stop::Stop;

/// Flags in the first two bytes of a message (RFC 2661 §3.1, RFC 3931 §3.2.1).
mod head {
    pub(super) const CONTROL: u16 = 0x8000;
    pub(super) const LENGTH: u16 = 0x4000;
    pub(super) const SEQUENCE: u16 = 0x0800;
    pub(super) const OFFSET: u16 = 0x0200;
    pub(super) const PRIORITY: u16 = 0x0100;
    /// A control message has a length and sequence numbers, and no other optional field.
    pub(super) const CONTROL_2: u16 = CONTROL | LENGTH | SEQUENCE | 2;
    pub(super) const CONTROL_3: u16 = CONTROL | LENGTH | SEQUENCE | 3;
    pub(super) const DATA_3: u16 = 3;
}

/// Finds the frame in an L2TP message over UDP.
///
/// Returns `None` if the payload is not L2TP, and fails with [`DecodeStop::Signalling`] for control
/// messages.
pub(super) fn over_udp(payload: &[u8]) -> Result<Option<LayerStep<'_>>, Stop> {
    const OPTIONAL: u16 = head::LENGTH | head::SEQUENCE | head::OFFSET | head::PRIORITY;
    match word(payload, 0) {
        Some(head::CONTROL_2 | head::CONTROL_3) if is_as_long_as_it_says(payload) => {
            Err(DecodeStop::Signalling.into())
        }
        Some(flags) if flags & !OPTIONAL == 2 => ppp_session(flags, payload).transpose(),
        // Two reserved bytes follow (RFC 3931 §4.1.2.1).
        Some(head::DATA_3) if word(payload, 2) == Some(0) => {
            Ok(payload.get(4..).and_then(pseudowire))
        }
        _ => Ok(None),
    }
}

/// Finds the frame in an L2TP message directly over IP (RFC 3931 §4.1.1).
///
/// Returns `None` if there is none. Control messages have session 0 and fail with
/// [`DecodeStop::Signalling`].
pub(super) fn over_ip(bytes: &[u8]) -> Result<Option<LayerStep<'_>>, DecodeStop> {
    match bytes {
        [0, 0, 0, 0, message @ ..] if word(message, 0) == Some(head::CONTROL_3) => {
            Err(DecodeStop::Signalling)
        }
        _ => Ok(pseudowire(bytes)),
    }
}

/// Reads a data message of version 2 (RFC 2661 §3.1).
///
/// It has flags, length, tunnel, session, sequence numbers, offset and a PPP frame. Without a
/// length that matches, the PPP frame must prove that this is L2TP.
fn ppp_session(flags: u16, payload: &[u8]) -> Option<Result<LayerStep<'_>, Stop>> {
    let size_of = |flag: u16, size: usize| if flags & flag != 0 { size } else { 0 };
    let tunnel = 2 + size_of(head::LENGTH, 2);
    let mut ppp = tunnel + 4 + size_of(head::SEQUENCE, 4);
    if flags & head::OFFSET != 0 {
        ppp += 2 + usize::from(word(payload, ppp)?);
    }
    let frame = payload.get(ppp..)?;
    let sure = flags & head::LENGTH != 0 && is_as_long_as_it_says(payload);
    (word(payload, tunnel)? != 0 && (sure || is_ppp(frame))).then(|| link::ppp(frame))
}

/// Whether a frame is recognizable as PPP (IANA "PPP Numbers").
///
/// Either its protocol is IP and an IP header follows, or its protocol is LCP, PAP, CHAP, or the
/// control protocol of IP, IPv6 or compression.
fn is_ppp(frame: &[u8]) -> bool {
    matches!(
        frame.strip_prefix(&[0xff, 0x03]).unwrap_or(frame),
        [0x00, 0x21, 0x45..=0x4f, ..]
            | [0x21, 0x45..=0x4f, ..]
            | [0x00, 0x57, 0x60..=0x6f, ..]
            | [0x57, 0x60..=0x6f, ..]
            | [0xc0, 0x21 | 0x23, ..]
            | [0xc2, 0x23, ..]
            | [0x80, 0x21 | 0x57 | 0xfd, ..]
    )
}

/// Finds the frame in a data message of version 3 that begins with its session (RFC 3931 §4.1).
///
/// After the session come a cookie of 0, 4 or 8 bytes and a sublayer of 0 or 4 bytes (§4.6).
fn pseudowire(bytes: &[u8]) -> Option<LayerStep<'_>> {
    let (session, rest) = bytes.split_first_chunk::<4>()?;
    if *session == [0; 4] {
        return None;
    }
    [0, 4, 8, 12].into_iter().filter_map(|before| rest.get(before..)).find_map(with_ip)
}

/// Returns the first step into an Ethernet or PPP frame, if that holds a whole IP packet.
fn with_ip(frame: &[u8]) -> Option<LayerStep<'_>> {
    /// Maximum number of VLAN tags: a customer's tag inside a provider's.
    const MAX_TAGS: usize = 2;
    if let Ok(step) = link::ppp(frame)
        && is_whole(step)
    {
        return Some(step);
    }
    let (header, mut rest) = frame.split_first_chunk::<14>()?;
    let &[.., sender, _, _, _, _, _, high, low] = header;
    let mut value = u16::from_be_bytes([high, low]);
    for _ in 0..MAX_TAGS {
        if let [_, _, high, low, after @ ..] = rest
            && ethertype::is_vlan(value)
        {
            (value, rest) = (u16::from_be_bytes([*high, *low]), after);
        }
    }
    let layer = match value {
        ethertype::IPV4 => Layer::Ipv4,
        ethertype::IPV6 => Layer::Ipv6,
        _ => return None,
    };
    // A group address is never a sender.
    let is_frame = sender & 1 == 0 && is_whole(LayerStep::new(layer, rest));
    is_frame.then_some(LayerStep::new(Layer::Ethernet, frame))
}

/// Whether a step leads to an IP packet of the length that its header announces.
///
/// Ethernet's padding may follow it.
fn is_whole(step: LayerStep<'_>) -> bool {
    matches!((step.layer, step.bytes.first()), (Layer::Ipv4, Some(0x40..=0x4f)) | (Layer::Ipv6, _))
        && ip::has_announced_length(step.bytes)
}

/// Whether the length field of a message (RFC 2661 §3.1) equals the length of the UDP payload.
fn is_as_long_as_it_says(message: &[u8]) -> bool {
    word(message, 2).is_some_and(|length| usize::from(length) == message.len())
}

fn word(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|word| u16::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// UDP from 10.0.0.1:7 to 10.0.0.2:9 with the payload "hi".
    const IP: [u8; 30] = [
        0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
        0, 7, 0, 9, 0, 10, 0, 0, b'h', b'i', // UDP
    ];
    const MACS: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

    fn layer<E: Into<Stop>>(
        found: Result<Option<LayerStep<'_>>, E>,
    ) -> Result<Option<Layer>, DecodeStop> {
        found.map(|step| step.map(|step| step.layer)).map_err(|stop| stop.into().reason)
    }

    #[test]
    fn a_ppp_session_has_any_of_the_optional_fields() {
        for (header, ppp) in [
            (&[0x00, 0x02, 0, 7, 0, 9][..], &[0xff, 0x03, 0x00, 0x21][..]),
            (&[0x00, 0x02, 0, 7, 0, 9], &[0x21]), // everything compressed
            (&[0x01, 0x02, 0, 7, 0, 9], &[0x00, 0x21]), // priority
            (&[0x40, 0x02, 0, 40, 0, 7, 0, 9], &[0x00, 0x21]),
            (&[0x40, 0x02, 9, 9, 0, 7, 0, 9], &[0x00, 0x21]), // the capture cut it
            (&[0x08, 0x02, 0, 7, 0, 9, 0, 1, 0, 2], &[0x00, 0x21]), // sequence numbers
            (&[0x02, 0x02, 0, 7, 0, 9, 0, 3, 0, 0, 0], &[0x00, 0x21]), // an offset of 3
            (
                &[0x4b, 0x02, 0, 46, 0, 7, 0, 9, 0, 1, 0, 2, 0, 0], // all of them
                &[0x00, 0x21],
            ),
        ] {
            let message = [header, ppp, &IP].concat();
            assert_eq!(layer(over_udp(&message)), Ok(Some(Layer::Ipv4)), "{header:x?}");
        }
    }

    #[test]
    fn control_messages_and_ppp_s_own_are_signalling() {
        let hello = [0xc8, 0x02, 0, 20, 0, 7, 0, 0, 0, 1, 0, 2, 0x80, 8, 0, 0, 0, 0, 0, 6];
        let version3 = [0xc8, 0x03, 0, 12, 0, 0, 0, 7, 0, 1, 0, 2];
        let echo = [0x00, 0x02, 0, 7, 0, 9, 0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0];
        for message in [&hello[..], &version3, &echo] {
            assert_eq!(layer(over_udp(message)), Err(DecodeStop::Signalling), "{message:x?}");
        }
        let over = [&[0; 4][..], &version3].concat();
        assert_eq!(layer(over_ip(&over)), Err(DecodeStop::Signalling));
    }

    #[test]
    fn what_is_not_l2tp_is_left_alone() {
        let data = [&[0x00, 0x02, 0, 7, 0, 9][..], &[0x00, 0x21], &IP].concat();
        let with = |index: usize, value: u8| {
            let mut message = data.clone();
            message[index] = value;
            message
        };
        for message in [
            vec![],
            vec![0x00],
            vec![0x00, 0x02, 0, 7],
            with(0, 0x10),                                   // a reserved bit
            with(1, 0x12),                                   // another
            with(1, 0x01),                                   // L2F
            with(3, 0),                                      // no tunnel
            with(7, 0x22),                                   // no protocol that PPP carries
            with(8, 0x65),                                   // IPv6 in IPv4's place
            vec![0xc8, 0x02, 0, 13, 0, 7, 0, 0, 0, 1, 0, 2], // a wrong length
            vec![0x02, 0x02, 0, 7, 0, 9, 0xff, 0xff],        // an offset beyond the end
            vec![0x00, 0x03, 0, 0, 0, 0, 0, 9],
        ] {
            assert_eq!(layer(over_udp(&message)), Ok(None), "{message:x?}");
        }
    }

    #[test]
    fn a_pseudowire_s_frame_is_found_behind_any_cookie() {
        let ethernet = [&MACS[..], &[0x08, 0x00], &IP].concat();
        let padded = [&ethernet[..], &[0; 16]].concat();
        let tagged = [&MACS[..], &[0x81, 0, 0, 12, 0x08, 0x00], &IP].concat();
        let ppp = [&[0xff, 0x03, 0x00, 0x21][..], &IP].concat();
        let session = [0, 0, 0, 9];
        for before in [0, 4, 8, 12] {
            let cookie = vec![0xa5; before];
            for (frame, expected) in [
                (&ethernet, Layer::Ethernet),
                (&padded, Layer::Ethernet),
                (&tagged, Layer::Ethernet),
                (&ppp, Layer::Ipv4),
            ] {
                let message = [&session[..], &cookie, frame].concat();
                assert_eq!(layer(over_ip(&message)), Ok(Some(expected)), "{message:x?}");
                let message = [&[0, 3, 0, 0], &message[..]].concat();
                assert_eq!(layer(over_udp(&message)), Ok(Some(expected)), "{message:x?}");
            }
        }
    }

    #[test]
    fn a_pseudowire_without_a_whole_ip_packet_is_left_alone() {
        let ethernet = [&MACS[..], &[0x08, 0x00], &IP].concat();
        let arp = [&MACS[..], &[0x08, 0x06], &[0; 28]].concat();
        let cut = ethernet[..ethernet.len() - 1].to_vec();
        let longer = [&ethernet[..], &[0; 17]].concat();
        let mut group = ethernet.clone();
        group[6] |= 1;
        for frame in [arp, cut, longer, group] {
            let message = [&[0, 0, 0, 9, 1, 2, 3, 4][..], &frame].concat();
            assert_eq!(layer(over_ip(&message)), Ok(None), "{frame:x?}");
        }
        let no_session = [&[0; 4][..], &ethernet].concat();
        assert_eq!(layer(over_ip(&no_session)), Ok(None));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(
            flags in prop::sample::select(vec![0u8, 0x40, 0x4b, 0xc8]),
            version in 2..=3u8,
            bytes in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let _ = (over_udp(&bytes), over_ip(&bytes));
            let _ = over_udp(&[&[flags, version], &bytes[..]].concat());
        }
    }
}
