//! Decoded transport-layer units: TCP segments and UDP datagrams with their payload, in batches.

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

/// What carries the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportHeader {
    /// A TCP segment.
    Tcp(TcpHeader),
    /// A UDP datagram.
    Udp,
    /// Any other IP protocol: counted in a flow, its payload is not looked at.
    Other,
}

/// What the headers of one decoded packet say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHead {
    /// The flow to which it belongs.
    pub key: FlowKey,
    /// Packet time.
    pub time: Timestamp,
    /// [`super::Packet::number`] of the packet that completed it.
    pub packet: u64,
    /// Link layer around the innermost packet.
    pub link: LinkInfo,
    /// Header of the transport.
    pub header: TransportHeader,
    /// Payload bytes that the headers announce and the capture lacks (snap length).
    pub missing: u32,
    /// Bytes of the whole packet on the wire, for counters.
    pub wire_len: u32,
    /// Which end of `key` sent it.
    pub from: KeySide,
}

impl SegmentHead {
    /// What a decoder begins with: nothing is known yet.
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

/// One decoded packet, ready for its flow; its head's fields are its own.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Its headers.
    pub head: &'a SegmentHead,
    /// Its payload, as far as it was captured.
    pub payload: &'a [u8],
}

impl Segment<'_> {
    /// When it was seen.
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

/// The segments of a batch of packets; they lie where their packets lie.
///
/// Batches are recycled, as those of packets are.
#[derive(Debug, Default)]
pub struct SegmentBatch {
    /// Behind the packets' bytes come datagrams that were put together from fragments.
    pub packets: PacketBatch,
    /// The segments, in order.
    pub records: Vec<SegmentRecord>,
    /// For each worker, which of the records belong to its flows.
    pub dealt: Vec<Vec<u32>>,
    /// When packet time enters a new second.
    pub ticks: Vec<Tick>,
}

/// A segment and where in its batch the payload lies.
#[derive(Clone, Copy, Debug)]
pub struct SegmentRecord {
    /// Its headers.
    pub head: SegmentHead,
    /// Offset in [`PacketBatch::bytes`].
    pub offset: u32,
    /// Bytes of payload.
    pub length: u32,
}

/// Packet time has entered a new second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// How many segments of the batch come before it.
    pub before: usize,
    /// The packet time that shows it.
    pub time: Timestamp,
    /// The packet that shows it.
    pub packet: u64,
}

impl SegmentRecord {
    /// What a decoder begins with.
    pub const BLANK: SegmentRecord =
        SegmentRecord { head: SegmentHead::BLANK, offset: 0, length: 0 };

    /// The segment, whose payload lies in `bytes`. A record that points outside yields no payload.
    #[inline]
    pub fn segment<'a>(&'a self, bytes: &'a [u8]) -> Segment<'a> {
        let start = self.offset as usize;
        let payload = bytes.get(start..start + self.length as usize).unwrap_or_default();
        Segment { head: &self.head, payload }
    }
}
