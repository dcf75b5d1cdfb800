//! Packets as they come from a capture, in batches that share one buffer.

use super::Timestamp;

/// What the first byte of a packet is: a value of the `LINKTYPE_` registry
/// (<https://www.tcpdump.org/linktypes.html>), not of a platform's `DLT_` numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

#[allow(missing_docs)] // names of the registry
impl LinkType {
    pub const NULL: LinkType = LinkType(0);
    pub const ETHERNET: LinkType = LinkType(1);
    pub const PPP: LinkType = LinkType(9);
    pub const PPP_HDLC: LinkType = LinkType(50);
    pub const PPP_ETHER: LinkType = LinkType(51);
    pub const RAW: LinkType = LinkType(101);
    pub const C_HDLC: LinkType = LinkType(104);
    pub const IEEE802_11: LinkType = LinkType(105);
    pub const LOOP: LinkType = LinkType(108);
    pub const ENC: LinkType = LinkType(109);
    pub const LINUX_SLL: LinkType = LinkType(113);
    pub const PFLOG: LinkType = LinkType(117);
    pub const IEEE802_11_PRISM: LinkType = LinkType(119);
    pub const IEEE802_11_RADIOTAP: LinkType = LinkType(127);
    pub const IEEE802_11_AVS: LinkType = LinkType(163);
    pub const JUNIPER_ETHER: LinkType = LinkType(178);
    pub const PPI: LinkType = LinkType(192);
    pub const IPV4: LinkType = LinkType(228);
    pub const IPV6: LinkType = LinkType(229);
    pub const NFLOG: LinkType = LinkType(239);
    pub const PKTAP: LinkType = LinkType(258);
    pub const LINUX_SLL2: LinkType = LinkType(276);
}

/// Where one packet lies in its batch, and what the capture says about it.
#[derive(Clone, Copy, Debug)]
pub struct PacketRecord {
    /// When it was captured.
    pub time: Timestamp,
    /// Offset of the first byte in [`PacketBatch::bytes`].
    pub offset: u32,
    /// Bytes captured.
    pub captured: u32,
    /// Bytes on the wire; more than `captured` where the snap length cut the packet.
    pub wire_len: u32,
    /// What its first byte is.
    pub link: LinkType,
}

/// One packet, borrowed from its batch.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Position in the whole input, from 1: a unique, reproducible name for the packet.
    pub number: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// What its first byte is.
    pub link: LinkType,
    /// Bytes on the wire.
    pub wire_len: u32,
    /// The bytes that were captured.
    pub bytes: &'a [u8],
}

/// Bytes of a buffer that is recycled: several times those of a batch. More it holds only where packets
/// are very large, or where many datagrams were put together from fragments.
const KEEP_CAPACITY: usize = 8 << 20;

/// A run of packets in capture order, with one buffer for all their bytes.
///
/// Batches are recycled: a source clears one and fills it again, so that the steady state
/// allocates nothing.
#[derive(Debug, Default)]
pub struct PacketBatch {
    /// Number of the first packet ([`Packet::number`]).
    pub first_packet: u64,
    /// The bytes of all packets, one after the other.
    pub bytes: Vec<u8>,
    /// Where each packet lies.
    pub records: Vec<PacketRecord>,
}

impl PacketBatch {
    /// Empties the batch; keeps its memory unless that is unusually much.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEEP_CAPACITY);
        self.records.clear();
    }

    /// Copies a packet in: for sources that cannot hand over whole blocks.
    pub fn push(&mut self, time: Timestamp, link: LinkType, wire_len: u32, bytes: &[u8]) {
        let offset = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        self.records.push(PacketRecord {
            time,
            offset,
            captured: bytes.len() as u32,
            wire_len,
            link,
        });
    }

    /// Number of the last packet ([`Packet::number`]).
    pub fn last_packet(&self) -> u64 {
        (self.first_packet + self.records.len() as u64).saturating_sub(1)
    }

    /// The packets, in order. A record that points outside the buffer yields an empty packet.
    pub fn packets(&self) -> impl Iterator<Item = Packet<'_>> {
        (self.first_packet..).zip(&self.records).map(|(number, record)| {
            let start = record.offset as usize;
            Packet {
                number,
                time: record.time,
                link: record.link,
                wire_len: record.wire_len,
                bytes: self.bytes.get(start..start + record.captured as usize).unwrap_or(&[]),
            }
        })
    }
}
