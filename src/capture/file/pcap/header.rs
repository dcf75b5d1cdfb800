//! Parses the header of a pcap file, of all writers that are known.

use super::super::super::linktype;
use super::super::super::problem::ProblemReason;
use super::super::bytes::ByteOrder;
use super::odd::References;
use super::{Lengths, MICROS, NANOS, Pcap, RECORD_HEADER};

/// Magics: microseconds, nanoseconds, and Kuznetzov's libpcap patch with a longer record header.
const MAGIC_MICROS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOS: u32 = 0xa1b2_3c4d;
const MAGIC_KUZNETZOV: u32 = 0xa1b2_cd34;

/// Length of the file header: magic, version, two unused fields, snap length, link type.
pub(in super::super) const FILE_HEADER: usize = 24;
/// Length of Kuznetzov's record header: adds interface index, protocol and packet type.
const KUZNETZOV_RECORD_HEADER: usize = 24;
/// Major version that the tcpdump of DG/UX writes.
const VERSION_DG_UX: u16 = 543;

/// Whether the first four bytes of a file are a pcap magic.
pub(in super::super) fn is_magic(magic: [u8; 4]) -> bool {
    order_and_magic(magic).is_some()
}

fn order_and_magic(magic: [u8; 4]) -> Option<(ByteOrder, u32)> {
    [ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .map(|order| (order, order.u32(magic)))
        .find(|(_, m)| matches!(*m, MAGIC_MICROS | MAGIC_NANOS | MAGIC_KUZNETZOV))
}

/// The link type for an interface type (RFC 1573), as the tcpdump of AIX writes it.
fn aix_link(interface_type: u32) -> Option<u32> {
    match interface_type {
        6 => Some(1),   // Ethernet
        9 => Some(6),   // token ring: LINKTYPE_IEEE802_5
        15 => Some(10), // FDDI
        24 => Some(0),  // loopback: LINKTYPE_NULL
        _ => None,
    }
}

impl Pcap {
    /// Parses the file header. Fails on an unknown magic or version.
    pub(in super::super) fn parse(header: &[u8; FILE_HEADER]) -> Result<Pcap, ProblemReason> {
        let [m0, m1, m2, m3, a0, a1, i0, i1, _, _, _, _, _, _, _, _, _, _, _, _, l0, l1, l2, l3] =
            *header;
        let Some((order, magic)) = order_and_magic([m0, m1, m2, m3]) else {
            return Err(ProblemReason::NotACapture);
        };
        // The upper six bits describe the frame check sequence, not the link type.
        let link = order.u32([l0, l1, l2, l3]) & 0x03ff_ffff;
        let (major, minor) = (order.u16([a0, a1]), order.u16([i0, i1]));
        // AIX writes version 2.2 with nanoseconds, and the lengths in the order of version 2.4.
        let aix = aix_link(link).filter(|_| (major, minor) == (2, 2));
        let lengths = match (major, minor) {
            _ if aix.is_some() => Lengths::CapturedFirst,
            (2, 0..=2) | (VERSION_DG_UX, 0) => Lengths::OriginalFirst,
            (2, 3) => Lengths::SmallerIsCaptured,
            (2, _) => Lengths::CapturedFirst,
            _ => {
                return Err(ProblemReason::Corrupt(format!(
                    "expected pcap version 2.x, found {major}.{minor}"
                )));
            }
        };
        Ok(Pcap {
            order,
            fractions: if magic == MAGIC_NANOS || aix.is_some() { NANOS } else { MICROS },
            link: linktype::supported(aix.unwrap_or(link)),
            record_header: if magic == MAGIC_KUZNETZOV {
                KUZNETZOV_RECORD_HEADER
            } else {
                RECORD_HEADER
            },
            lengths,
            references: References::default(),
            nanos_found: false,
        })
    }
}
