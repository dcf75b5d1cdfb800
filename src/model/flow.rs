//! Flows: their keys, end points, counters and flags.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub use minewatch_record::FlowEndReason;

use super::Timestamp;
use super::chunk::Direction;
use super::link::LinkInfo;

/// IP protocol of a flow (IANA assigned numbers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Another protocol, with its number.
    Other(u8),
}

impl Transport {
    /// Returns the protocol's number.
    pub const fn number(self) -> u8 {
        match self {
            Transport::Tcp => 6,
            Transport::Udp => 17,
            Transport::Other(number) => number,
        }
    }

    /// Returns the protocol with this number.
    pub const fn from_number(number: u8) -> Transport {
        match number {
            6 => Transport::Tcp,
            17 => Transport::Udp,
            other => Transport::Other(other),
        }
    }
}

/// An IP address and a port. The port is 0 if the protocol has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// IP address.
    pub ip: IpAddr,
    /// Port.
    pub port: u16,
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Endpoint { ip: address.ip(), port: address.port() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip, self.port).fmt(f)
    }
}

/// One of the two ends of a [`FlowKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeySide {
    /// The end with the lower address, or with the lower port if the addresses are equal.
    A,
    /// The other end.
    B,
}

impl KeySide {
    /// Returns the opposite end.
    pub const fn other(self) -> KeySide {
        match self {
            KeySide::A => KeySide::B,
            KeySide::B => KeySide::A,
        }
    }
}

/// The 5-tuple of a flow, the same for both directions; optionally with the VLAN.
///
/// It consists of five words, so that it hashes and compares as one block of 40 bytes: two
/// addresses of 16 bytes (IPv4 as IPv4-mapped IPv6), then both ports, the VLAN and the protocol.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct FlowKey {
    words: [u64; 5],
}

impl PartialEq for FlowKey {
    /// Compares without a branch, because keys that are compared are most likely equal.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let differences = self.words.iter().zip(&other.words).map(|(a, b)| a ^ b);
        differences.fold(0, |all, difference| all | difference) == 0
    }
}

impl Eq for FlowKey {}

impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.words.iter().for_each(|&word| state.write_u64(word));
    }
}

impl FlowKey {
    /// The empty key: both ends are `::` and port 0.
    pub const BLANK: FlowKey = FlowKey { words: [0; 5] };

    /// Returns the key of a packet from `src` to `dst`, and the end that sent it.
    ///
    /// `vlan` is 0 unless flows of different VLANs must stay apart.
    pub fn new(
        src: Endpoint,
        dst: Endpoint,
        transport: Transport,
        vlan: u16,
    ) -> (FlowKey, KeySide) {
        let src = (AddressWords::from(src.ip), src.port);
        let dst = (AddressWords::from(dst.ip), dst.port);
        FlowKey::from_words(src, dst, transport, vlan)
    }

    /// Like [`FlowKey::new`], for addresses that a decoder has converted to words.
    #[inline(always)]
    pub fn from_words(
        src: (AddressWords, u16),
        dst: (AddressWords, u16),
        transport: Transport,
        vlan: u16,
    ) -> (FlowKey, KeySide) {
        let ((AddressWords(src), src_port), (AddressWords(dst), dst_port)) = (src, dst);
        let number = |words: [u64; 2]| u128::from(words[0]) << 64 | u128::from(words[1]);
        // No branch, because it would be unpredictable.
        let equal = number(src) == number(dst);
        let swap = (number(src) > number(dst)) | (equal & (src_port > dst_port));
        let differs = |src: u64, dst: u64| (src ^ dst) & u64::from(swap).wrapping_neg();
        let high = differs(src[0], dst[0]);
        let low = differs(src[1], dst[1]);
        let port = differs(src_port.into(), dst_port.into());
        let last = (u64::from(src_port) ^ port) << 48
            | (u64::from(dst_port) ^ port) << 32
            | u64::from(vlan) << 16
            | u64::from(transport.number());
        let words = [src[0] ^ high, src[1] ^ low, dst[0] ^ high, dst[1] ^ low, last];
        (FlowKey { words }, if swap { KeySide::B } else { KeySide::A })
    }

    /// Returns the five words, for hashing.
    pub const fn words(&self) -> &[u64; 5] {
        &self.words
    }

    /// Returns one end.
    #[inline]
    pub fn endpoint(&self, side: KeySide) -> Endpoint {
        let [a_high, a_low, b_high, b_low, last] = self.words;
        match side {
            KeySide::A => Endpoint { ip: address(a_high, a_low), port: (last >> 48) as u16 },
            KeySide::B => Endpoint { ip: address(b_high, b_low), port: (last >> 32) as u16 },
        }
    }

    /// Returns the ports of [`KeySide::A`] and [`KeySide::B`].
    pub const fn ports(&self) -> [u16; 2] {
        [(self.words[4] >> 48) as u16, (self.words[4] >> 32) as u16]
    }

    /// Returns the protocol.
    pub const fn transport(&self) -> Transport {
        Transport::from_number(self.words[4] as u8)
    }

    /// Returns the VLAN, or 0 if keys do not distinguish VLANs.
    pub const fn vlan(&self) -> u16 {
        (self.words[4] >> 16) as u16
    }
}

/// An IPv6 address, or an IPv4 address as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2), in two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressWords([u64; 2]);

impl AddressWords {
    /// Converts the bytes of an IPv4 address.
    #[inline]
    pub const fn v4(address: [u8; 4]) -> Self {
        AddressWords([0, 0xffff_0000_0000 | u32::from_be_bytes(address) as u64])
    }

    /// Converts the bytes of an IPv6 address.
    #[inline]
    pub const fn v6(address: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(address);
        AddressWords([(bits >> 64) as u64, bits as u64])
    }
}

impl From<IpAddr> for AddressWords {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => AddressWords::v4(v4.octets()),
            IpAddr::V6(v6) => AddressWords::v6(v6.octets()),
        }
    }
}

#[inline]
fn address(high: u64, low: u64) -> IpAddr {
    if high == 0 && low >> 32 == 0xffff {
        return IpAddr::V4(Ipv4Addr::from_bits(low as u32));
    }
    IpAddr::V6(Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low)))
}

/// The facts about a flow that do not need its payload. Arrays are indexed by
/// [`Direction::index`].
///
/// The size is 112 bytes, and the fields that change with every packet are next to the key, because
/// the flows do not fit into the CPU caches.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Flow {
    /// Addresses, ports and protocol.
    pub key: FlowKey,
    /// Packet time of the newest packet.
    pub last_seen: Timestamp,
    /// Packets per direction; saturates at the largest value.
    pub packets: [u32; 2],
    /// Bytes on the wire per direction.
    pub bytes: [u64; 2],
    /// Number of the first packet; unique in an input and the same in every replay.
    pub id: u64,
    /// Packet time of the first packet.
    pub first_seen: Timestamp,
    /// Link layer of the first packet of each direction.
    pub link: [LinkInfo; 2],
    /// The end that opened the flow: the sender of the SYN, otherwise a guess (see `flow`).
    pub initiator: KeySide,
    /// What was seen of the flow's beginning and end, and how its packets are treated.
    pub flags: FlowFlags,
}

impl Flow {
    /// Creates a flow with zero packets and bytes.
    pub const fn new(key: FlowKey, initiator: KeySide, id: u64, first_seen: Timestamp) -> Flow {
        Flow {
            key,
            last_seen: first_seen,
            packets: [0; 2],
            bytes: [0; 2],
            id,
            first_seen,
            link: [LinkInfo::NONE; 2],
            initiator,
            flags: FlowFlags::NOTHING,
        }
    }

    /// Returns whether the handshake was not seen: the capture started later than the connection.
    #[inline]
    pub const fn midstream(&self) -> bool {
        self.flags.has(FlowFlags::MIDSTREAM)
    }
}

impl FlowEnds for Flow {
    #[inline]
    fn key(&self) -> &FlowKey {
        &self.key
    }

    #[inline]
    fn initiator(&self) -> KeySide {
        self.initiator
    }
}

/// Gives the end points of a flow by role and by direction.
pub trait FlowEnds {
    /// Returns the flow's key.
    fn key(&self) -> &FlowKey;

    /// Returns the side of the key that opened the flow.
    fn initiator(&self) -> KeySide;

    /// Returns the end that opened the flow.
    #[inline]
    fn client(&self) -> Endpoint {
        self.key().endpoint(self.initiator())
    }

    /// Returns the end that did not open the flow.
    #[inline]
    fn server(&self) -> Endpoint {
        self.key().endpoint(self.initiator().other())
    }

    /// Returns the end that sends in `direction`.
    #[inline]
    fn sender(&self, direction: Direction) -> Endpoint {
        match direction {
            Direction::ToServer => self.client(),
            Direction::ToClient => self.server(),
        }
    }

    /// Returns the protocol.
    #[inline]
    fn transport(&self) -> Transport {
        self.key().transport()
    }
}

/// Bits for a flow's beginning and end, and for the treatment of its packets.
///
/// [`FlowFlags::SYN`] and [`FlowFlags::FIN`] are for [`Direction::ToServer`]; the bit above each of
/// them is for [`Direction::ToClient`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowFlags(u8);

impl FlowFlags {
    /// No bit is set.
    pub const NOTHING: FlowFlags = FlowFlags(0);

    /// The client sent a SYN; one bit higher: the server did.
    pub const SYN: u8 = 0x01;
    /// The client sent a FIN; one bit higher: the server did.
    pub const FIN: u8 = 0x04;
    /// The payload can tell nothing more.
    pub const SETTLED: u8 = 0x10;
    /// The flow ended for the handler; it is kept to absorb late packets.
    pub const CLOSED: u8 = 0x20;
    /// The first packet was not part of a handshake.
    pub const MIDSTREAM: u8 = 0x40;
    /// Segments are shown to the handler as they arrive, whether or not the flow is settled.
    pub const TAPPED: u8 = 0x80;

    /// Returns whether any of these bits is set.
    #[inline]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }

    /// Sets these bits.
    #[inline]
    pub const fn set(&mut self, bits: u8) {
        self.0 |= bits;
    }

    /// Clears these bits.
    pub const fn clear(&mut self, bits: u8) {
        self.0 &= !bits;
    }

    /// Returns whether packets are only counted: the flow is settled, not closed and not tapped.
    #[inline]
    pub const fn is_only_counted(self) -> bool {
        self.0 & (Self::SETTLED | Self::CLOSED | Self::TAPPED) == Self::SETTLED
    }

    /// Returns whether both ends have sent a FIN.
    pub const fn both_fins(self) -> bool {
        self.0 & (Self::FIN * 3) == Self::FIN * 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(ip: &str, port: u16) -> Endpoint {
        Endpoint { ip: ip.parse().unwrap(), port }
    }

    #[test]
    fn both_directions_have_one_key() {
        for (src, dst) in [
            (endpoint("10.0.0.1", 50000), endpoint("91.121.140.167", 3333)),
            (endpoint("2001:db8::1", 1), endpoint("2001:db8::2", 65535)),
            (endpoint("10.0.0.1", 9), endpoint("10.0.0.1", 7)),
        ] {
            let (there, from) = FlowKey::new(src, dst, Transport::Tcp, 7);
            let (back, from_back) = FlowKey::new(dst, src, Transport::Tcp, 7);
            assert_eq!(there, back);
            assert_eq!(from, from_back.other());
            assert_eq!(there.endpoint(from), src);
            assert_eq!(there.endpoint(from.other()), dst);
            assert_eq!(
                there.ports(),
                [KeySide::A, KeySide::B].map(|side| there.endpoint(side).port)
            );
            assert_eq!(there.vlan(), 7);
            assert_eq!(there.transport(), Transport::Tcp);
        }
    }

    #[test]
    fn protocol_vlan_and_port_tell_flows_apart() {
        let (a, b) = (endpoint("10.0.0.1", 1), endpoint("10.0.0.2", 2));
        let key = |t, v| FlowKey::new(a, b, t, v).0;
        assert_ne!(key(Transport::Tcp, 0), key(Transport::Udp, 0));
        assert_ne!(key(Transport::Tcp, 0), key(Transport::Tcp, 1));
        assert_ne!(
            key(Transport::Tcp, 0),
            FlowKey::new(a, endpoint("10.0.0.2", 3), Transport::Tcp, 0).0
        );
    }
}
