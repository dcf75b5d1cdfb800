//! Judges pcap records that are not ordinary, and candidates of the search for the next record.

use crate::model::packet::PacketRecord;

use super::super::bytes::chunk;
use super::super::resync::{Link, RecordChain, continues, file_header};
use super::super::walk::{WalkStop, Window};
use super::{MAX_PACKET, MICROS, NANOS, Pcap, RECORD_HEADER, RecordFields};

/// Most seconds between a plausible record and a reference: three days.
///
/// Longer gaps are rare inside a file, and each day more makes garbage likelier to be plausible.
const MAX_GAP: u32 = 3 * 86_400;
/// Largest plausible length on the wire. BIG TCP goes up to 512 KiB.
const MAX_WIRE: u32 = 1 << 20;

/// What an odd record is.
#[derive(Debug)]
pub(super) enum OddRecord {
    /// A packet after all; an odd fraction is mended.
    Packet {
        fraction: u32,
    },
    Stop(WalkStop),
}

/// Times of good records, in seconds: the first one and the last two of the file.
///
/// More than one, since the last record before a damage can be damaged too.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct References {
    first: Option<u32>,
    last: [Option<u32>; 2],
}

impl References {
    /// Learns from the records of a walk.
    pub(super) fn learn(&mut self, records: &[PacketRecord]) {
        let seconds = |record: &PacketRecord| (record.time.as_nanos() / u64::from(NANOS)) as u32;
        if self.first.is_none() {
            self.first = records.first().map(seconds);
        }
        if let [.., before, last] = records {
            self.last = [Some(seconds(before)), Some(seconds(last))];
        } else if let [last] = records {
            self.last = [self.last[1], Some(seconds(last))];
        }
    }

    /// Whether a time is near a reference or `before`. Without any, each time is.
    fn near(&self, before: Option<u32>, seconds: u32) -> bool {
        let mut known = [self.first, self.last[0], self.last[1], before].into_iter().flatten();
        match known.next() {
            None => true,
            Some(first) => {
                [first].into_iter().chain(known).any(|time| time.abs_diff(seconds) <= MAX_GAP)
            }
        }
    }
}

impl Pcap {
    /// Judges the record at `at`, which is empty, long or has too large a fraction.
    ///
    /// `walked` are the records before it in the window.
    #[cold]
    pub(super) fn judge(
        &self,
        window: Window<'_>,
        at: usize,
        fields: RecordFields,
        walked: &[PacketRecord],
    ) -> OddRecord {
        let RecordFields { fraction, captured, .. } = fields;
        match file_header(window, at) {
            Some(true) => return OddRecord::Stop(WalkStop::NewFile),
            None => return OddRecord::Stop(WalkStop::Incomplete),
            Some(false) => {}
        }
        let damaged = |what| OddRecord::Stop(WalkStop::Damaged { what, resume: None });
        if chunk(window.bytes, at) == Some(&[0; RECORD_HEADER]) {
            return damaged("a record of zeros".to_owned());
        }
        if captured as usize > MAX_PACKET {
            return damaged(format!("a packet of {captured} bytes, more than {MAX_PACKET}"));
        }
        let end = at + self.record_header + captured as usize;
        if end > window.bytes.len() {
            return OddRecord::Stop(WalkStop::Incomplete);
        }
        let mut references = self.references;
        references.learn(walked);
        let chain = Pcap { references, ..*self };
        if fraction < self.fractions && chain.link(window, at, None) != Link::Broken {
            return OddRecord::Packet { fraction };
        }
        // It must fit in with the record after it.
        match continues(&chain, window, at, end) {
            Link::Broken => damaged("a record with an impossible time or length".to_owned()),
            Link::Undecided => OddRecord::Stop(WalkStop::Incomplete),
            Link::Until(_) if self.fractions == MICROS && (MICROS..NANOS).contains(&fraction) => {
                let next = chunk(window.bytes, end).map(|header| self.fields(header));
                match next.is_none_or(|next| next.fraction >= MICROS) {
                    true => OddRecord::Stop(WalkStop::Nanoseconds),
                    // A single one proves nothing of the others.
                    false => OddRecord::Packet { fraction: fraction / (NANOS / MICROS) },
                }
            }
            Link::Until(_) => OddRecord::Packet { fraction },
        }
    }
}

impl RecordChain for Pcap {
    fn link(&self, window: Window<'_>, at: usize, before: Option<usize>) -> Link {
        let Some(header) = chunk(window.bytes, at) else {
            return match (window.at_end, before) {
                (false, _) => Link::Undecided,
                // The file ends inside the header after a whole record.
                (true, Some(_)) => Link::Until(window.bytes.len()),
                (true, None) => Link::Broken,
            };
        };
        let RecordFields { seconds, fraction, captured, wire_len } = self.fields(header);
        let before = before
            .and_then(|before| chunk(window.bytes, before))
            .map(|header| self.fields(header).seconds);
        let plausible = captured as usize <= MAX_PACKET
            && (captured <= wire_len || wire_len == 0)
            && wire_len <= MAX_WIRE
            && fraction < NANOS
            && *header != [0; RECORD_HEADER]
            && self.references.near(before, seconds);
        match plausible {
            true => Link::Until(at + self.record_header + captured as usize),
            false => Link::Broken,
        }
    }
}
