//! The overload bypass: leaves out packets of settled flows before they are copied.
//!
//! The bypass stands between the kernel's ring and the batch. While it is off, it costs a branch.
//! While it is active, it learns from packets that pass which flows are settled, and leaves out
//! further packets of these flows. All other packets pass: those that open or end a flow, first
//! payload, and everything that is neither TCP nor UDP.

use std::hash::BuildHasher;

use serde::Serialize;

use crate::model::Timestamp;
use crate::model::flow::{AddressWords, FlowKey, Transport};
use crate::model::packet::LinkType;
use crate::model::segment::TcpFlags;

/// Number of places for settled flows, of 8 bytes each.
///
/// At most a few thousand flows overload a sensor. If two flows have the same place, the later one
/// takes it; packets of the other pass until it takes the place back. The places need 1 MiB, which
/// fits into the L2 cache.
const PLACES: usize = 1 << 17;

/// Packets that the overload bypass left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BypassStats {
    /// Packets left out.
    pub packets: u64,
    /// Bytes of these packets, by their length on the wire.
    pub bytes: u64,
    /// Milliseconds the bypasses were active, added up over the workers.
    pub milliseconds: u64,
}

impl BypassStats {
    /// Adds the counters of another bypass.
    pub fn merge(&mut self, other: BypassStats) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.milliseconds += other.milliseconds;
    }
}

/// Leaves out packets of settled flows while it is active.
#[derive(Debug)]
pub struct Bypass {
    vlan_in_key: bool,
    hasher: foldhash::fast::RandomState,
    /// One settled flow per entry: the upper bits of its hash, and in the bits of [`SECONDS`] the
    /// second in which one of its packets last passed. Empty until the first activation.
    places: Vec<u64>,
    active_since: Option<Timestamp>,
    newest: Timestamp,
    stats: BypassStats,
}

/// Mask of the 16 bits of a place that hold the second; the other 48 bits identify the flow.
///
/// The second recurs after 18 hours. No flow that was silent for that long is remembered.
const SECONDS: u64 = 0xffff;

impl Bypass {
    /// Creates a bypass that is off. `vlan_in_key`: flows of different VLANs are kept apart.
    pub fn new(vlan_in_key: bool) -> Self {
        Bypass {
            vlan_in_key,
            hasher: foldhash::fast::RandomState::default(),
            places: Vec::new(),
            active_since: None,
            newest: Timestamp::ZERO,
            stats: BypassStats::default(),
        }
    }

    /// Starts to leave packets out; does nothing while the bypass is active.
    ///
    /// Forgets the flows of the last activation, since they may have ended in the meantime.
    pub fn activate(&mut self, now: Timestamp) {
        if self.active_since.is_none() {
            self.active_since = Some(now);
            self.places.clear();
            self.places.resize(PLACES, 0);
        }
    }

    /// Lets all packets pass again.
    pub fn deactivate(&mut self, now: Timestamp) {
        if let Some(since) = self.active_since.take() {
            self.stats.milliseconds += milliseconds(since, now);
        }
    }

    /// Whether packets are left out at the moment.
    pub fn is_active(&self) -> bool {
        self.active_since.is_some()
    }

    /// Returns the counters, including the time of the current activation until `now`.
    pub fn stats(&self, now: Timestamp) -> BypassStats {
        let current = self.active_since.map_or(0, |since| milliseconds(since, now));
        BypassStats { milliseconds: self.stats.milliseconds + current, ..self.stats }
    }

    /// Packet time of the newest packet that was left out.
    pub fn newest(&self) -> Timestamp {
        self.newest
    }

    /// Records that a packet of a settled flow has passed. Does nothing while the bypass is off.
    #[inline]
    pub fn settled(&mut self, key: &FlowKey, now: Timestamp) {
        if self.is_active() {
            let hash = self.hasher.hash_one(key);
            if let Some(place) = self.place(hash) {
                *place = passed(hash, now);
            }
        }
    }

    /// Forgets a flow that has ended: the next one with its addresses and ports is another flow.
    pub fn ended(&mut self, key: &FlowKey) {
        if self.is_active() {
            let hash = self.hasher.hash_one(key);
            if let Some(place) = self.place(hash).filter(|place| same_flow(**place, hash)) {
                *place = 0;
            }
        }
    }

    /// Whether to leave a packet out. Counts the packet if so.
    ///
    /// One packet of each flow passes every second. This keeps flows alive, and corrects a flow
    /// that was taken for another because its hash has the same 48 bits.
    #[inline]
    pub fn bypasses(
        &mut self,
        time: Timestamp,
        link: LinkType,
        wire_len: u32,
        bytes: &[u8],
    ) -> bool {
        self.is_active() && self.bypasses_active(time, link, wire_len, bytes)
    }

    fn bypasses_active(
        &mut self,
        time: Timestamp,
        link: LinkType,
        wire_len: u32,
        bytes: &[u8],
    ) -> bool {
        if link != LinkType::ETHERNET {
            return false;
        }
        let Some(plain) = PlainPacket::read(bytes, self.vlan_in_key) else { return false };
        let hash = self.hasher.hash_one(plain.key);
        let place = self.place(hash).filter(|place| same_flow(**place, hash));
        let Some(place) = place else { return false };
        if plain.last {
            *place = 0;
            return false;
        }
        let now = passed(hash, time);
        if *place != now {
            *place = now;
            return false;
        }
        self.newest = self.newest.max(time);
        self.stats.packets += 1;
        self.stats.bytes += u64::from(wire_len);
        true
    }

    /// The place for a flow with this hash; `None` before the first activation.
    fn place(&mut self, hash: u64) -> Option<&mut u64> {
        self.places.get_mut((hash >> 32) as usize % PLACES)
    }
}

/// The place's value after a packet of the flow passed at `time`.
fn passed(hash: u64, time: Timestamp) -> u64 {
    let second = time.as_nanos() / 1_000_000_000;
    (hash & !SECONDS) | (second & SECONDS)
}

fn same_flow(place: u64, hash: u64) -> bool {
    (place ^ hash) & !SECONDS == 0
}

fn milliseconds(since: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX)
}

/// A TCP segment or a UDP datagram in a plain packet.
///
/// Plain means Ethernet with at most one VLAN tag, IP without fragments, and IPv6 without
/// extension headers. Bulk traffic looks like this; all other packets are left to the decoder.
struct PlainPacket {
    key: FlowKey,
    /// Whether the segment has SYN, FIN or RST. Later packets may then belong to another flow,
    /// before [`Bypass::ended`] is called.
    last: bool,
}

impl PlainPacket {
    fn read(frame: &[u8], vlan_in_key: bool) -> Option<PlainPacket> {
        const IPV4: [u8; 2] = [0x08, 0x00];
        const IPV6: [u8; 2] = [0x86, 0xdd];
        /// IEEE 802.1Q and 802.1ad.
        const TAGS: [[u8; 2]; 2] = [[0x81, 0x00], [0x88, 0xa8]];
        let (_, rest) = frame.split_first_chunk::<12>()?;
        let (&(mut ether_type), mut rest) = rest.split_first_chunk::<2>()?;
        let mut vlan = 0;
        if TAGS.contains(&ether_type) {
            let (&[high, low, ..], _) = rest.split_first_chunk::<4>()?;
            ether_type = [*rest.get(2)?, *rest.get(3)?];
            rest = rest.get(4..)?;
            vlan = u16::from_be_bytes([high, low]) & 0x0fff;
        }
        let (src, dst, protocol, segment) = match ether_type {
            IPV4 => ipv4(rest)?,
            IPV6 => ipv6(rest)?,
            _ => return None,
        };
        let transport = Transport::from_number(protocol);
        let last = match transport {
            Transport::Tcp => {
                // RFC 9293 §3.1.
                let header = segment.first_chunk::<20>()?;
                header[13] & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST) != 0
            }
            // A datagram does not show the end of a flow; the flow table waits for silence.
            Transport::Udp => false,
            Transport::Other(_) => return None,
        };
        let &[s0, s1, d0, d1] = segment.first_chunk()?;
        let [source, destination] = [[s0, s1], [d0, d1]].map(u16::from_be_bytes);
        let vlan = if vlan_in_key { vlan } else { 0 };
        let (key, _) = FlowKey::from_words((src, source), (dst, destination), transport, vlan);
        Some(PlainPacket { key, last })
    }
}

/// Returns source, destination, protocol and payload (RFC 791 §3.1); `None` for a fragment.
fn ipv4(bytes: &[u8]) -> Option<(AddressWords, AddressWords, u8, &[u8])> {
    /// The bits of the fragment field without "don't fragment".
    const FRAGMENT: u16 = 0xbfff;
    let header = bytes.first_chunk::<20>()?;
    let header_length = usize::from(header[0] & 0x0f) * 4;
    let fragment = u16::from_be_bytes([header[6], header[7]]) & FRAGMENT;
    if header[0] >> 4 != 4 || header_length < header.len() || fragment != 0 {
        return None;
    }
    let [.., protocol, _, _, a, b, c, d, e, f, g, h] = *header;
    let (src, dst) = (AddressWords::v4([a, b, c, d]), AddressWords::v4([e, f, g, h]));
    Some((src, dst, protocol, bytes.get(header_length..)?))
}

/// Returns source, destination, next header and payload (RFC 8200 §3).
fn ipv6(bytes: &[u8]) -> Option<(AddressWords, AddressWords, u8, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<40>()?;
    if header[0] >> 4 != 6 {
        return None;
    }
    let (src, dst) = (header[8..].first_chunk()?, header[24..].first_chunk()?);
    Some((AddressWords::v6(*src), AddressWords::v6(*dst), header[6], rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Endpoint;
    use proptest::prelude::*;

    const ACK: u8 = TcpFlags::ACK;
    const NOW: Timestamp = Timestamp::from_parts(1_700_000_000, 0);

    /// A frame from 10.0.0.7:5000 to 198.51.100.9:443.
    fn frame(flags: u8, payload: &[u8]) -> Vec<u8> {
        let total = (40 + payload.len() as u16).to_be_bytes();
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00];
        frame.extend([0x45, 0, total[0], total[1], 0, 7, 0x40, 0, 64, 6, 0, 0]); // don't fragment
        frame.extend([10, 0, 0, 7, 198, 51, 100, 9]);
        frame.extend([0x13, 0x88, 0x01, 0xbb, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags]);
        frame.extend([0xff, 0xff, 0, 0, 0, 0]);
        frame.extend(payload);
        frame
    }

    fn key(vlan: u16) -> FlowKey {
        let client = Endpoint { ip: "10.0.0.7".parse().unwrap(), port: 5000 };
        let server = Endpoint { ip: "198.51.100.9".parse().unwrap(), port: 443 };
        FlowKey::new(server, client, Transport::Tcp, vlan).0
    }

    /// An active bypass for which the flow of [`frame`] is settled.
    fn bypass() -> Bypass {
        let mut bypass = Bypass::new(false);
        bypass.activate(NOW);
        bypass.settled(&key(0), NOW);
        bypass
    }

    fn bypasses(bypass: &mut Bypass, frame: &[u8]) -> bool {
        bypass.bypasses(NOW, LinkType::ETHERNET, frame.len() as u32, frame)
    }

    fn tagged(tag: [u8; 4], frame: &[u8]) -> Vec<u8> {
        [&frame[..12], &tag, &frame[12..]].concat()
    }

    #[test]
    fn packets_of_a_settled_flow_are_left_out_and_counted() {
        let mut bypass = bypass();
        let bulk = frame(ACK, &[0; 100]);
        assert!(bypasses(&mut bypass, &bulk) && bypasses(&mut bypass, &bulk));
        assert!(bypasses(&mut bypass, &tagged([0x81, 0, 0xe0, 12], &bulk)));
        assert!(bypasses(&mut bypass, &frame(ACK, &[])));
        let stats = bypass.stats(NOW.plus_nanos(5_000_000));
        assert_eq!((stats.packets, stats.bytes, stats.milliseconds), (4, 3 * 154 + 4 + 54, 5));
        assert_eq!(bypass.newest(), NOW);
    }

    #[test]
    fn an_inactive_bypass_leaves_nothing_out_and_one_that_is_activated_anew_has_to_learn() {
        let bulk = frame(ACK, &[0; 100]);
        let mut bypass = bypass();
        bypass.deactivate(NOW.plus_nanos(2_000_000));
        assert!(!bypasses(&mut bypass, &bulk));
        bypass.settled(&key(0), NOW);
        bypass.activate(NOW);
        assert!(!bypasses(&mut bypass, &bulk));
        bypass.settled(&key(0), NOW);
        assert!(bypasses(&mut bypass, &bulk));
        assert_eq!(bypass.stats(NOW).milliseconds, 2);
    }

    #[test]
    fn flows_of_which_nothing_is_known_pass() {
        let mut bypass = Bypass::new(false);
        bypass.activate(NOW);
        assert!(!bypasses(&mut bypass, &frame(ACK, &[0; 100])));
        bypass.settled(&key(7), NOW); // in a VLAN, where they are kept apart
        assert!(!bypasses(&mut bypass, &frame(ACK, &[0; 100])));
    }

    #[test]
    fn a_vlan_is_part_of_the_key_where_flows_are_kept_apart() {
        let mut bypass = Bypass::new(true);
        bypass.activate(NOW);
        bypass.settled(&key(12), NOW);
        let bulk = frame(ACK, &[0; 100]);
        assert!(bypasses(&mut bypass, &tagged([0x88, 0xa8, 0, 12], &bulk)));
        assert!(!bypasses(&mut bypass, &tagged([0x81, 0, 0, 13], &bulk)));
        assert!(!bypasses(&mut bypass, &bulk));
    }

    #[test]
    fn what_opens_or_ends_a_flow_passes_and_so_does_what_follows() {
        for flag in [TcpFlags::SYN, TcpFlags::FIN, TcpFlags::RST] {
            let mut bypass = bypass();
            assert!(!bypasses(&mut bypass, &frame(ACK | flag, &[0; 100])));
            assert!(!bypasses(&mut bypass, &frame(ACK, &[0; 100])));
        }
    }

    #[test]
    fn the_next_flow_with_the_same_ends_passes() {
        let mut bypass = bypass();
        bypass.ended(&key(0));
        assert!(!bypasses(&mut bypass, &frame(ACK, &[0; 100])));
    }

    #[test]
    fn one_packet_a_second_keeps_a_flow_alive() {
        let mut bypass = bypass();
        let bulk = frame(ACK, &[0; 100]);
        let mut passed = 0;
        for tenth in 0..100 {
            let time = NOW.plus_nanos(tenth * 100_000_000);
            passed += u64::from(!bypass.bypasses(time, LinkType::ETHERNET, 154, &bulk));
        }
        assert_eq!(passed, 9); // after the first second, in which one had passed
    }

    #[test]
    fn datagrams_of_a_settled_flow_are_left_out_and_those_of_tcp_with_the_same_ends_are_not() {
        let mut bypass = Bypass::new(false);
        bypass.activate(NOW);
        let client = Endpoint { ip: "10.0.0.7".parse().unwrap(), port: 5000 };
        let server = Endpoint { ip: "198.51.100.9".parse().unwrap(), port: 443 };
        bypass.settled(&FlowKey::new(client, server, Transport::Udp, 0).0, NOW);
        let stream = frame(ACK, &[0; 100]);
        let mut datagram = stream.clone();
        datagram[23] = Transport::Udp.number();
        assert!(bypasses(&mut bypass, &datagram) && bypasses(&mut bypass, &datagram[..42]));
        assert!(!bypasses(&mut bypass, &datagram[..37]) && !bypasses(&mut bypass, &stream));
    }

    #[test]
    fn only_whole_segments_in_plain_ethernet_are_left_out() {
        let plain = frame(ACK, &[0; 100]);
        let with = |at: usize, value: u8| {
            let mut frame = plain.clone();
            frame[at] = value;
            frame
        };
        let tag = [0x81, 0, 0, 12];
        let others = [
            with(23, 17),   // UDP, another flow
            with(23, 47),   // GRE
            with(20, 0x20), // more fragments
            with(21, 1),    // a later fragment
            with(14, 0x44), // a header too short
            with(13, 0x06), // ARP
            tagged(tag, &tagged(tag, &plain)),
            plain[..53].to_vec(),
        ];
        let mut bypass = bypass();
        for (index, other) in others.iter().enumerate() {
            assert!(!bypasses(&mut bypass, other), "{index}");
        }
        assert!(!bypass.bypasses(NOW, LinkType::RAW, 140, &plain[14..]));
        assert!(bypasses(&mut bypass, &plain));
    }

    proptest! {
        #[test]
        fn no_frame_makes_it_panic(
            mut bytes in prop::collection::vec(any::<u8>(), 0..100),
            kind in prop::sample::select(vec![[8u8, 0], [0x86, 0xdd], [0x81, 0]]),
        ) {
            if let Some(place) = bytes.get_mut(12..14) {
                place.copy_from_slice(&kind);
            }
            bypasses(&mut bypass(), &bytes);
        }
    }
}
