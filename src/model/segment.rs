//! Decoded TCP segments, UDP datagrams and other IP packets with their payload, in batches.

use std::ops::Deref;

use super::Timestamp;
use super::event::Moment;
use super::flow::{FlowKey, KeySide};
use super::link::LinkInfo;
use super::packet::PacketBatch;

/// TCP header fields that reassembly needs (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpHeader {
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// Control bits.
    pub flags: TcpFlags,
}

/// TCP control bits, in the order of the header's byte 13.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

#[allow(missing_docs)] // names of RFC 9293 §3.1
impl TcpFlags {
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const PSH: u8 = 0x08;
    pub const ACK: u8 = 0x10;

    /// Whether FIN is set.
    pub const fn fin(self) -> bool {
        self.0 & Self::FIN != 0
    }
    /// Whether SYN is set.
    pub const fn syn(self) -> bool {
        self.0 & Self::SYN != 0
    }
    /// Whether RST is set.
    pub const fn rst(self) -> bool {
        self.0 & Self::RST != 0
    }
    /// Whether ACK is set.
    pub const fn ack(self) -> bool {
        self.0 & Self::ACK != 0
    }
}

/// The transport header in front of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportHeader {
    /// A TCP segment.
    Tcp(TcpHeader),
    /// A UDP datagram.
    Udp,
    /// Any other IP protocol: its packets count in a flow, but their payload is not inspected.
    Other,
}

/// The header fields of one decoded packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHead {
    /// Key of the flow to which the packet belongs.
    pub key: FlowKey,
    /// Packet time.
    pub time: Timestamp,
    /// [`super::Packet::number`] of the packet, or of the fragment that completed it.
    pub packet: u64,
    /// Link layer around the innermost IP packet.
    pub link: LinkInfo,
    /// Transport header.
    pub header: TransportHeader,
    /// Payload bytes that the headers announce but the capture lacks (snap length).
    pub missing: u32,
    /// Bytes of the whole packet on the wire, for counters.
    pub wire_len: u32,
    /// The end of `key` that sent the packet.
    pub from: KeySide,
}

impl SegmentHead {
    /// The empty value that a decoder starts with.
    pub const BLANK: SegmentHead = SegmentHead {
        key: FlowKey::BLANK,
        time: Timestamp::ZERO,
        packet: 0,
        link: LinkInfo::NONE,
        header: TransportHeader::Other,
        missing: 0,
        wire_len: 0,
        from: KeySide::A,
    };
}

/// One decoded packet, ready for its flow. It dereferences to its [`SegmentHead`].
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The header fields.
    pub head: &'a SegmentHead,
    /// The payload, as far as it was captured.
    pub payload: &'a [u8],
}

impl Segment<'_> {
    /// Returns when the segment was seen.
    #[inline]
    pub fn moment(&self) -> Moment {
        Moment { time: self.head.time, packet: self.head.packet }
    }
}

impl Deref for Segment<'_> {
    type Target = SegmentHead;

    #[inline]
    fn deref(&self) -> &SegmentHead {
        self.head
    }
}

/// The segments of a batch of packets. Their payload stays in the packets' buffer.
///
/// Batches are recycled like [`PacketBatch`].
#[derive(Debug, Default)]
pub struct SegmentBatch {
    /// The packets. Datagrams reassembled from fragments are appended to the packets' bytes.
    pub packets: PacketBatch,
    /// The segments, in order.
    pub records: Vec<SegmentRecord>,
    /// For each worker, the indices in `records` of the segments of its flows.
    pub dealt: Vec<Vec<u32>>,
    /// The places at which packet time enters a new second.
    pub ticks: Vec<Tick>,
}

/// A segment's headers, and the place of its payload in the batch.
#[derive(Clone, Copy, Debug)]
pub struct SegmentRecord {
    /// The header fields.
    pub head: SegmentHead,
    /// Offset of the payload in [`PacketBatch::bytes`].
    pub offset: u32,
    /// Length of the payload in bytes.
    pub length: u32,
}

/// The place in a batch at which packet time enters a new second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Number of segments of the batch that come before it.
    pub before: usize,
    /// Packet time of the packet that causes the tick.
    pub time: Timestamp,
    /// Number of that packet.
    pub packet: u64,
}

impl SegmentRecord {
    /// The empty value that a decoder starts with.
    pub const BLANK: SegmentRecord =
        SegmentRecord { head: SegmentHead::BLANK, offset: 0, length: 0 };

    /// Returns the segment, with its payload in `bytes`.
    ///
    /// The payload is empty if the record points outside `bytes`.
    #[inline]
    pub fn segment<'a>(&'a self, bytes: &'a [u8]) -> Segment<'a> {
        let start = self.offset as usize;
        let payload = bytes.get(start..start + self.length as usize).unwrap_or_default();
        Segment { head: &self.head, payload }
    }
}
