//! Walks the records of a pcap file (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap>).
//!
//! Never panics: every read is bounds-checked, and lengths above [`MAX_PACKET`] are rejected. The
//! loop over ordinary records has two comparisons for what is odd; everything odd is in `odd.rs`.

mod header;
mod odd;

pub(super) use header::{FILE_HEADER, is_magic};

use crate::model::Timestamp;
use crate::model::packet::{LinkType, PacketRecord};

use super::bytes::{ByteOrder, chunk};
use super::walk::{PacketSink, WalkOutcome, WalkStop, Window};
use odd::{OddRecord, References};

/// Largest number of captured bytes of one packet.
///
/// libpcap and Wireshark read no more either (`MAXIMUM_SNAPLEN`,
/// `WTAP_MAX_PACKET_SIZE_STANDARD`). A greater length is garbage.
pub(super) const MAX_PACKET: usize = 262_144;

/// Longest packet that is read without a look at what else its record says.
///
/// Most packets of a network are shorter, and most wrong lengths are longer.
const ORDINARY: u32 = 2048;

/// Length of a record header: seconds, fraction, captured length, original length.
const RECORD_HEADER: usize = 16;
/// Fractions of a second in microseconds, and in nanoseconds.
const MICROS: u32 = 1_000_000;
const NANOS: u32 = 1_000_000_000;

/// Which field of a record holds the captured length; it moved in versions 2.3 and 2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    OriginalFirst,
    /// Version 2.3 writers disagreed: the captured length is the smaller one.
    SmallerIsCaptured,
}

/// The parsed header of a pcap file, which says how to read its records.
///
/// `header.rs` parses it; `odd.rs` judges records that are not ordinary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcap {
    order: ByteOrder,
    /// Fractions of a second: [`MICROS`] or [`NANOS`].
    fractions: u32,
    link: Result<LinkType, u32>,
    record_header: usize,
    lengths: Lengths,
    /// Times by which the search for the next record judges candidates.
    references: References,
    /// Whether nanoseconds were found under the magic of microseconds.
    pub nanos_found: bool,
}

/// The fields of a record header.
#[derive(Clone, Copy, Debug)]
struct RecordFields {
    seconds: u32,
    fraction: u32,
    captured: u32,
    wire_len: u32,
}

impl RecordFields {
    #[inline(always)]
    fn parse(header: &[u8; RECORD_HEADER], order: ByteOrder, lengths: Lengths) -> RecordFields {
        let [s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, o0, o1, o2, o3] = *header;
        let first = order.u32([c0, c1, c2, c3]);
        let second = order.u32([o0, o1, o2, o3]);
        let (captured, wire_len) = match lengths {
            Lengths::CapturedFirst => (first, second),
            Lengths::OriginalFirst => (second, first),
            Lengths::SmallerIsCaptured => (first.min(second), first.max(second)),
        };
        RecordFields {
            seconds: order.u32([s0, s1, s2, s3]),
            fraction: order.u32([f0, f1, f2, f3]),
            captured,
            wire_len,
        }
    }
}

impl Pcap {
    fn fields(&self, header: &[u8; RECORD_HEADER]) -> RecordFields {
        RecordFields::parse(header, self.order, self.lengths)
    }

    /// Walks the complete records of the window from `at` on.
    pub(super) fn walk(
        &mut self,
        window: Window<'_>,
        at: usize,
        sink: &mut PacketSink<'_>,
    ) -> WalkOutcome {
        let usual = (ByteOrder::Little, Lengths::CapturedFirst, RECORD_HEADER);
        let known = sink.records.len();
        let outcome = match (self.order, self.lengths, self.record_header) == usual {
            true => self.walk_records::<true>(window, at, sink),
            false => self.walk_records::<false>(window, at, sink),
        };
        self.references.learn(sink.records.get(known..).unwrap_or_default());
        match outcome.stop {
            WalkStop::Nanoseconds => {
                self.fractions = NANOS;
                self.nanos_found = true;
                self.walk(window, outcome.next, sink)
            }
            _ => outcome,
        }
    }

    /// Walks records; `USUAL` ones need no look at the byte order or the kind of header.
    fn walk_records<const USUAL: bool>(
        &self,
        window: Window<'_>,
        mut at: usize,
        sink: &mut PacketSink<'_>,
    ) -> WalkOutcome {
        let known = sink.records.len();
        let record_header = if USUAL { RECORD_HEADER } else { self.record_header };
        let bytes = window.bytes;
        let nanos_per_tick = u64::from(NANOS / self.fractions);
        while let Some(header) = chunk::<RECORD_HEADER>(bytes, at) {
            let mut fields = match USUAL {
                true => RecordFields::parse(header, ByteOrder::Little, Lengths::CapturedFirst),
                false => self.fields(header),
            };
            // An empty packet is as odd as one that is too long: a file header, or zeros.
            if fields.captured.wrapping_sub(1) >= ORDINARY || fields.fraction >= self.fractions {
                let walked = sink.records.get(known..).unwrap_or_default();
                match self.judge(window, at, fields, walked) {
                    OddRecord::Packet { fraction } => fields.fraction = fraction,
                    OddRecord::Stop(stop) => return WalkOutcome { next: at, stop },
                }
            }
            let offset = at + record_header;
            let end = offset + fields.captured as usize;
            if end > bytes.len() {
                break;
            }
            match self.link {
                Ok(link) => sink.records.push(PacketRecord {
                    time: Timestamp::from_parts(
                        u64::from(fields.seconds),
                        u64::from(fields.fraction) * nanos_per_tick,
                    ),
                    offset: offset as u32,
                    captured: fields.captured,
                    wire_len: fields.wire_len,
                    link,
                }),
                Err(value) => sink.lost.count_unsupported(value),
            }
            at = end;
        }
        WalkOutcome::incomplete(at)
    }

    /// Returns where a record ends.
    pub(super) fn end(&self, record: &PacketRecord) -> usize {
        record.offset as usize + record.captured as usize
    }

    /// Returns where a record starts, from the place of its packet.
    pub(super) fn start(&self, record: &PacketRecord) -> usize {
        (record.offset as usize).saturating_sub(self.record_header)
    }
}

#[cfg(test)]
mod tests;
