//! Packets of a capture, in batches that share one buffer.

use super::Timestamp;

/// The type of the outermost header of a packet.
///
/// The value is from the `LINKTYPE_` registry (<https://www.tcpdump.org/linktypes.html>); it is not
/// a platform's `DLT_` number.
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
    pub const FRELAY: LinkType = LinkType(107);
    pub const LOOP: LinkType = LinkType(108);
    pub const ENC: LinkType = LinkType(109);
    pub const LINUX_SLL: LinkType = LinkType(113);
    pub const PFLOG: LinkType = LinkType(117);
    pub const IEEE802_11_PRISM: LinkType = LinkType(119);
    pub const IEEE802_11_RADIOTAP: LinkType = LinkType(127);
    pub const IEEE802_11_AVS: LinkType = LinkType(163);
    pub const JUNIPER_ETHER: LinkType = LinkType(178);
    pub const PPI: LinkType = LinkType(192);
    pub const PPP_WITH_DIR: LinkType = LinkType(204);
    pub const C_HDLC_WITH_DIR: LinkType = LinkType(205);
    pub const FRELAY_WITH_DIR: LinkType = LinkType(206);
    pub const IPV4: LinkType = LinkType(228);
    pub const IPV6: LinkType = LinkType(229);
    pub const NFLOG: LinkType = LinkType(239);
    pub const PKTAP: LinkType = LinkType(258);
    pub const LINUX_SLL2: LinkType = LinkType(276);
    pub const DSA_TAG_BRCM: LinkType = LinkType(281);
    pub const DSA_TAG_BRCM_PREPEND: LinkType = LinkType(282);
    pub const DSA_TAG_DSA: LinkType = LinkType(284);
    pub const DSA_TAG_EDSA: LinkType = LinkType(285);
}

/// The place of one packet in its batch, with the metadata of the capture.
#[derive(Clone, Copy, Debug)]
pub struct PacketRecord {
    /// When the packet was captured.
    pub time: Timestamp,
    /// Offset of the first byte in [`PacketBatch::bytes`].
    pub offset: u32,
    /// Number of bytes captured.
    pub captured: u32,
    /// Number of bytes on the wire; more than `captured` if the snap length cut the packet.
    pub wire_len: u32,
    /// Type of the outermost header.
    pub link: LinkType,
}

/// One packet, borrowed from its batch.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Position in the whole input, from 1; it identifies the packet in every run.
    pub number: u64,
    /// When the packet was captured.
    pub time: Timestamp,
    /// Type of the outermost header.
    pub link: LinkType,
    /// Number of bytes on the wire.
    pub wire_len: u32,
    /// The bytes that were captured.
    pub bytes: &'a [u8],
}

/// Capacity that a recycled buffer keeps at most, in bytes: several times the bytes of a batch.
///
/// A buffer holds more only if packets are very large, or if many datagrams were reassembled from
/// fragments.
const KEEP_CAPACITY: usize = 8 << 20;

/// Consecutive packets in capture order, with one buffer for all their bytes.
///
/// Batches are recycled: a source clears a batch and fills it again, so the steady state allocates
/// nothing.
#[derive(Debug, Default)]
pub struct PacketBatch {
    /// Number of the first packet ([`Packet::number`]).
    pub first_packet: u64,
    /// The bytes of all packets, one after the other.
    pub bytes: Vec<u8>,
    /// The place of each packet.
    pub records: Vec<PacketRecord>,
}

impl PacketBatch {
    /// Empties the batch and keeps its memory, the buffer up to 8 MiB.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEEP_CAPACITY);
        self.records.clear();
    }

    /// Appends a copy of a packet, for sources that cannot hand over whole blocks.
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

    /// Returns the number of the last packet ([`Packet::number`]).
    pub fn last_packet(&self) -> u64 {
        (self.first_packet + self.records.len() as u64).saturating_sub(1)
    }

    /// Returns the packets, in order. A record that points outside the buffer yields an empty
    /// packet.
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
