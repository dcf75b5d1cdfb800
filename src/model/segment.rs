//! One decoded transport-layer unit: a TCP segment or a UDP datagram, with its payload.

use super::flow::{FlowKey, Side};
use super::link::LinkInfo;
use super::time::Timestamp;

/// TCP header fields that reassembly needs (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpHeader {
    pub seq: u32,
    pub ack: u32,
    pub flags: TcpFlags,
    pub window: u16,
}

/// TCP control bits, in the order of the header's byte 13.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const PSH: u8 = 0x08;
    pub const ACK: u8 = 0x10;

    pub const fn fin(self) -> bool {
        self.0 & Self::FIN != 0
    }
    pub const fn syn(self) -> bool {
        self.0 & Self::SYN != 0
    }
    pub const fn rst(self) -> bool {
        self.0 & Self::RST != 0
    }
    pub const fn ack(self) -> bool {
        self.0 & Self::ACK != 0
    }
}

/// What carries the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportHeader {
    Tcp(TcpHeader),
    Udp,
    /// Any other IP protocol: counted in a flow, its payload is not looked at.
    Other,
}

/// One decoded packet, ready for its flow.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// [`super::Packet::number`] of the packet that completed it.
    pub packet: u64,
    pub time: Timestamp,
    pub key: FlowKey,
    /// Which end of `key` sent it.
    pub from: Side,
    pub link: LinkInfo,
    pub header: TransportHeader,
    pub payload: &'a [u8],
    /// Payload bytes that the headers announce and the capture lacks (snap length).
    pub missing: u32,
    /// Bytes of the whole packet on the wire, for counters.
    pub wire_len: u32,
}
