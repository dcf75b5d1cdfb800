//! The list of all protocols, in the order in which they are probed: one line for each.

use super::description::{DatagramProtocol, StreamProtocol};
use super::proxy_handshake::{proxy_protocol, socks};
use super::stats::MAX_PROTOCOLS;
use super::stratum::{duino, sv2, zkwork};
use super::{dns, host_names, http, p2pool, quic, stratum, tls, websocket};

/// Protocols that a TCP connection can speak. The first whose probe is certain is chosen.
pub(super) const STREAMS: [StreamProtocol; 11] = [
    tls::STREAM,
    http::STREAM,
    dns::STREAM,
    websocket::STREAM,
    stratum::STREAM,
    socks::STREAM,
    proxy_protocol::STREAM,
    sv2::STREAM,
    p2pool::STREAM,
    zkwork::STREAM,
    duino::STREAM,
];

/// Protocols that a UDP flow can speak. The first that accepts a datagram is chosen.
pub(super) const DATAGRAMS: [DatagramProtocol; 3] =
    [host_names::DATAGRAMS, dns::DATAGRAMS, quic::DATAGRAMS];

const _: () = assert!(STREAMS.len() + DATAGRAMS.len() <= MAX_PROTOCOLS);

/// The place of a protocol in [`STREAMS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamSlot(usize);

impl StreamSlot {
    pub(super) fn protocol(self) -> &'static StreamProtocol {
        &STREAMS[self.0]
    }

    /// Returns the slot in which the protocol's flows are counted.
    pub(super) fn index(self) -> usize {
        self.0
    }

    /// Returns the protocol with this name.
    pub(super) fn named(name: &str) -> Option<StreamSlot> {
        STREAMS.iter().position(|protocol| protocol.name == name).map(StreamSlot)
    }
}

/// Returns the slot in which the flows of the protocol at `place` in [`DATAGRAMS`] are counted.
pub(super) fn datagram_slot(place: usize) -> usize {
    STREAMS.len() + place
}

/// A set of protocols, with one bit for each place in [`STREAMS`].
type StreamSet = u16;

const ALL: StreamSet = (1 << STREAMS.len()) - 1;

/// For each byte, the protocols that can begin with it.
static BY_FIRST_BYTE: [StreamSet; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut place = 0;
        while place < STREAMS.len() {
            if STREAMS[place].first_bytes.contains(byte as u8) {
                table[byte] |= 1 << place;
            }
            place += 1;
        }
        byte += 1;
    }
    table
};

/// Returns the protocols whose first bytes allow `head`, in the order of [`STREAMS`].
pub(super) fn candidates(head: &[u8]) -> impl Iterator<Item = StreamSlot> {
    let mut left = head.first().map_or(ALL, |first| BY_FIRST_BYTE[usize::from(*first)]);
    std::iter::from_fn(move || {
        let place = (left != 0).then(|| left.trailing_zeros() as usize)?;
        left &= left - 1;
        Some(StreamSlot(place))
    })
}

/// Collects at compile time the places in [`STREAMS`] of the protocols that have a hook.
macro_rules! places_with {
    ($hook:ident) => {{
        const COUNT: usize = {
            let (mut place, mut count) = (0, 0);
            while place < STREAMS.len() {
                count += STREAMS[place].$hook.is_some() as usize;
                place += 1;
            }
            count
        };
        let mut places = [0; COUNT];
        let (mut place, mut count) = (0, 0);
        while place < STREAMS.len() {
            if STREAMS[place].$hook.is_some() {
                places[count] = place;
                count += 1;
            }
            place += 1;
        }
        places
    }};
}

const WITH_MESSAGE_START: &[usize] = &places_with!(message_start);
const WITH_TORN: &[usize] = &places_with!(is_torn);
const FOLLOWING_CLEAR: &[usize] = &places_with!(follows_clear);

/// Returns the first protocol whose message may begin in this chunk, and the message's offset.
pub(super) fn message_start(bytes: &[u8]) -> Option<(StreamSlot, usize)> {
    WITH_MESSAGE_START.iter().find_map(|&place| {
        let start = STREAMS[place].message_start?(bytes)?;
        Some((StreamSlot(place), start))
    })
}

/// Returns the protocol of which these bytes are the beginning of a message that was cut.
pub(super) fn torn(beginning: &[u8]) -> Option<StreamSlot> {
    let is_torn = |place: &&usize| STREAMS[**place].is_torn.is_some_and(|hook| hook(beginning));
    WITH_TORN.iter().find(is_torn).map(|&place| StreamSlot(place))
}

/// Returns the protocol that certainly begins with this chunk, after another one's exchange in
/// clear.
#[inline]
pub(super) fn following_clear(bytes: &[u8]) -> Option<StreamSlot> {
    let follows = |place: &&usize| STREAMS[**place].follows_clear.is_some_and(|hook| hook(bytes));
    FOLLOWING_CLEAR.iter().find(follows).map(|&place| StreamSlot(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chunk::Direction;
    use crate::protocol::parser::Probe;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_protocol_wants_what_its_first_byte_rules_out(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            client in any::<bool>(),
        ) {
            let direction = if client { Direction::ToServer } else { Direction::ToClient };
            for first in 0..=u8::MAX {
                let head = [&[first], &bytes[..]].concat();
                for protocol in &STREAMS {
                    if !protocol.first_bytes.contains(first) {
                        prop_assert_eq!((protocol.probe)(direction, &head), Probe::NotForUs);
                        prop_assert_eq!((protocol.probe)(direction, &[first]), Probe::NotForUs);
                    }
                }
            }
        }
    }

    #[test]
    fn protocols_are_asked_in_the_order_of_the_registry() {
        let names =
            |head: &[u8]| -> Vec<_> { candidates(head).map(|slot| slot.protocol().name).collect() };
        assert_eq!(names(b"\x16\x03"), ["tls", "dns", "stratum_v2"]);
        assert_eq!(names(b"{"), ["dns", "stratum", "stratum_v2"]);
        assert_eq!(names(b"").len(), STREAMS.len());
        assert_eq!(StreamSlot::named("http").map(StreamSlot::index), Some(1));
        assert_eq!(StreamSlot::named("gopher"), None);
    }
}
