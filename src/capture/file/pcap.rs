//! Walks the records of a pcap file (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap>).
//!
//! Never panics: every read is bounds-checked, and lengths above [`MAX_PACKET`] are rejected.

use crate::model::Timestamp;
use crate::model::packet::{LinkType, PacketRecord};

use super::super::linktype;
use super::super::problem::ProblemReason;
use super::bytes::{ByteOrder, chunk};
use super::{PacketSink, WalkOutcome};

/// Largest number of captured bytes of one packet.
///
/// libpcap and Wireshark read no more either (`MAXIMUM_SNAPLEN`,
/// `WTAP_MAX_PACKET_SIZE_STANDARD`). A greater length is garbage.
pub(super) const MAX_PACKET: usize = 262_144;

/// Magics: microseconds, nanoseconds, and Kuznetzov's libpcap patch with a longer record header.
const MAGIC_MICROS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOS: u32 = 0xa1b2_3c4d;
const MAGIC_KUZNETZOV: u32 = 0xa1b2_cd34;

/// Length of the file header: magic, version, two unused fields, snap length, link type.
pub(super) const FILE_HEADER: usize = 24;
/// Length of a record header: seconds, fraction, captured length, original length.
const RECORD_HEADER: usize = 16;
/// Length of Kuznetzov's record header: adds interface index, protocol and packet type.
const KUZNETZOV_RECORD_HEADER: usize = 24;

/// Which field of a record holds the captured length; it moved in versions 2.3 and 2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    OriginalFirst,
    /// Version 2.3 writers disagreed: the captured length is the smaller one.
    SmallerIsCaptured,
}

/// The parsed header of a pcap file, which says how to read its records.
#[derive(Debug)]
pub(super) struct Pcap {
    order: ByteOrder,
    nanos_per_tick: u64,
    link: Result<LinkType, u32>,
    record_header: usize,
    lengths: Lengths,
}

/// Whether the first four bytes of a file are a pcap magic.
pub(super) fn is_magic(magic: [u8; 4]) -> bool {
    Pcap::order_and_magic(magic).is_some()
}

impl Pcap {
    fn order_and_magic(magic: [u8; 4]) -> Option<(ByteOrder, u32)> {
        [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .map(|order| (order, order.u32(magic)))
            .find(|(_, m)| matches!(*m, MAGIC_MICROS | MAGIC_NANOS | MAGIC_KUZNETZOV))
    }

    /// Parses the file header. Fails on an unknown magic and on a major version other than 2.
    pub(super) fn parse(header: &[u8; FILE_HEADER]) -> Result<Pcap, ProblemReason> {
        let [m0, m1, m2, m3, a0, a1, i0, i1, _, _, _, _, _, _, _, _, _, _, _, _, l0, l1, l2, l3] =
            *header;
        let Some((order, magic)) = Self::order_and_magic([m0, m1, m2, m3]) else {
            return Err(ProblemReason::NotACapture);
        };
        let (major, minor) = (order.u16([a0, a1]), order.u16([i0, i1]));
        if major != 2 {
            return Err(ProblemReason::Corrupt(format!(
                "pcap version {major}.{minor}, known is 2.x"
            )));
        }
        // The upper six bits describe the frame check sequence, not the link type.
        let link = order.u32([l0, l1, l2, l3]) & 0x03ff_ffff;
        Ok(Pcap {
            order,
            nanos_per_tick: if magic == MAGIC_NANOS { 1 } else { 1000 },
            link: linktype::supported(link),
            record_header: if magic == MAGIC_KUZNETZOV {
                KUZNETZOV_RECORD_HEADER
            } else {
                RECORD_HEADER
            },
            lengths: match minor {
                0..=2 => Lengths::OriginalFirst,
                3 => Lengths::SmallerIsCaptured,
                _ => Lengths::CapturedFirst,
            },
        })
    }

    /// Walks the complete records of `bytes` from `at` on.
    pub(super) fn walk(
        &self,
        bytes: &[u8],
        mut at: usize,
        sink: &mut PacketSink<'_>,
    ) -> WalkOutcome {
        while let Some(header) = chunk::<RECORD_HEADER>(bytes, at) {
            let [s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, o0, o1, o2, o3] = *header;
            let first = self.order.u32([c0, c1, c2, c3]);
            let second = self.order.u32([o0, o1, o2, o3]);
            let (captured, wire_len) = match self.lengths {
                Lengths::CapturedFirst => (first, second),
                Lengths::OriginalFirst => (second, first),
                Lengths::SmallerIsCaptured => (first.min(second), first.max(second)),
            };
            if captured as usize > MAX_PACKET {
                return WalkOutcome::broken(
                    at,
                    format!("a packet of {captured} bytes, more than {MAX_PACKET}"),
                );
            }
            let offset = at + self.record_header;
            let end = offset + captured as usize;
            if end > bytes.len() {
                break;
            }
            match self.link {
                Ok(link) => sink.records.push(PacketRecord {
                    time: Timestamp::from_parts(
                        u64::from(self.order.u32([s0, s1, s2, s3])),
                        u64::from(self.order.u32([f0, f1, f2, f3])) * self.nanos_per_tick,
                    ),
                    offset: offset as u32,
                    captured,
                    wire_len,
                    link,
                }),
                Err(value) => sink.unsupported.count(value),
            }
            at = end;
        }
        WalkOutcome::until(at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Seen, read_all};
    use super::*;

    /// The file header: little endian, microseconds, version 2.4, snap length 96, Ethernet.
    const HEADER: [u8; 24] = [
        0xd4, 0xc3, 0xb2, 0xa1, // magic
        2, 0, 4, 0, // version 2.4
        0, 0, 0, 0, 0, 0, 0, 0, // zone, accuracy
        96, 0, 0, 0, // snap length
        1, 0, 0, 0, // LINKTYPE_ETHERNET
    ];
    /// 1.000002 s, 3 of 60 bytes.
    const RECORD: [u8; 19] =
        [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 60, 0, 0, 0, /* bytes */ 0xaa, 0xbb, 0xcc];

    fn seen(nanos: u64, wire_len: u32) -> Seen {
        Seen { nanos, link: 1, wire_len, bytes: vec![0xaa, 0xbb, 0xcc] }
    }

    #[test]
    fn a_record_gives_time_lengths_and_bytes() {
        let (packets, stats) = read_all([&HEADER[..], &RECORD, &RECORD].concat());
        assert_eq!(packets, [seen(1_000_002_000, 60), seen(1_000_002_000, 60)]);
        assert_eq!(stats.problems, []);
        assert_eq!((stats.packets, stats.bytes), (2, 6));
    }

    #[test]
    fn big_endian_nanoseconds_with_fcs_bits_are_read() {
        let file: [u8; 43] = [
            0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, //
            0x24, 0, 0, 1, // a frame check sequence of 2 × 16 bits, Ethernet
            0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 60, 0xaa, 0xbb, 0xcc,
        ];
        let (packets, stats) = read_all(file.to_vec());
        assert_eq!(packets, [seen(1_000_000_002, 60)]);
        assert_eq!(stats.problems, []);
    }

    #[test]
    fn kuznetzovs_longer_record_header_is_stepped_over() {
        let mut header = HEADER;
        header[..2].copy_from_slice(&[0x34, 0xcd]);
        let record = [&RECORD[..16], &[7, 0, 0, 0, 8, 0, 4, 0], &RECORD[16..]].concat();
        let (packets, _) = read_all([&header[..], &record, &record].concat());
        assert_eq!(packets, [seen(1_000_002_000, 60), seen(1_000_002_000, 60)]);
    }

    #[test]
    fn old_versions_put_the_original_length_first() {
        let mut header = HEADER;
        header[6] = 2;
        let record = [1, 0, 0, 0, 2, 0, 0, 0, 60, 0, 0, 0, 3, 0, 0, 0, 0xaa, 0xbb, 0xcc];
        let (packets, _) = read_all([&header[..], &record].concat());
        assert_eq!(packets, [seen(1_000_002_000, 60)]);
    }

    #[test]
    fn more_captured_than_on_the_wire_or_than_the_snap_length_is_tolerated() {
        let mut header = HEADER;
        header[16] = 2;
        let mut record = RECORD;
        record[12] = 1;
        let (packets, stats) = read_all([&header[..], &record].concat());
        assert_eq!(packets, [seen(1_000_002_000, 1)]);
        assert_eq!(stats.problems, []);
    }

    #[test]
    fn a_cut_file_gives_what_is_whole_and_says_where_it_ends() {
        let whole = [&HEADER[..], &RECORD, &RECORD].concat();
        for cut in 25..whole.len() {
            let (packets, stats) = read_all(whole[..cut].to_vec());
            assert_eq!(packets.len(), (cut - 24) / 19);
            let problem = stats.problems.first().map(|p| (p.offset, p.reason.clone()));
            let start = 24 + (cut - 24) / 19 * 19;
            let expected = (start < cut).then_some((Some(start as u64), ProblemReason::Truncated));
            assert_eq!(problem, expected, "cut at {cut}");
        }
    }

    #[test]
    fn an_absurd_length_stops_the_file_at_its_offset() {
        let mut record = RECORD;
        record[10] = 0xff;
        let (packets, stats) = read_all([&HEADER[..], &RECORD, &record, &RECORD].concat());
        assert_eq!(packets.len(), 1);
        let problem = stats.problems.first().expect("a problem");
        assert_eq!(problem.offset, Some(24 + 19));
        assert!(matches!(problem.reason, ProblemReason::Corrupt(_)), "{problem}");
    }

    #[test]
    fn an_unknown_link_type_is_reported_once_and_its_packets_counted() {
        let mut header = HEADER;
        header[20] = 147;
        let (packets, stats) = read_all([&header[..], &RECORD, &RECORD].concat());
        assert_eq!(packets, []);
        assert_eq!(stats.unsupported, 2);
        let reasons: Vec<_> = stats.problems.iter().map(|p| p.reason.clone()).collect();
        assert_eq!(reasons, [ProblemReason::UnsupportedLinkType(147)]);
    }
}
