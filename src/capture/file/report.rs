//! Reports what is wrong with one file, with a bounded number of problems.

use super::CaptureFormat;
use super::resync::Resync;
use super::walk::LostPackets;
use crate::capture::problem::ProblemReason;
use crate::capture::stats::CaptureStats;

/// Damaged places reported one by one per file; later ones are added up.
///
/// Enough to see a pattern, and few enough that one file does not fill the list of all problems.
const MAX_DAMAGE: usize = 16;
/// Bytes by which a text file is told from a binary one.
const TEXT_SAMPLE: usize = 512;

/// Reports the problems of one file.
pub(super) struct Reporter {
    name: String,
    /// Unsupported link types already reported.
    links: usize,
    /// Damaged places so far.
    damaged: usize,
    /// Places and bytes beyond [`MAX_DAMAGE`].
    omitted: (u64, u64),
    nanoseconds: bool,
}

impl Reporter {
    pub(super) fn new(name: String) -> Reporter {
        Reporter { name, links: 0, damaged: 0, omitted: (0, 0), nanoseconds: false }
    }

    /// Reports the reason for which the file is not read further.
    pub(super) fn stop(&self, offset: u64, reason: ProblemReason, stats: &mut CaptureStats) {
        let offset = (!reason.is_not_a_capture()).then_some(offset);
        stats.report(&self.name, offset, reason);
    }

    /// Reports damage after which reading goes on at file offset `found`.
    pub(super) fn damage(&mut self, resync: &Resync, found: u64, stats: &mut CaptureStats) {
        let (start, skipped) = resync.skipped(found);
        let what = resync.what.clone();
        self.place(start, ProblemReason::Damaged { what, skipped }, skipped, stats);
    }

    /// Reports damage after which nothing was found up to file offset `end`.
    pub(super) fn lost_to_the_end(&mut self, resync: &Resync, end: u64, stats: &mut CaptureStats) {
        let skipped = end.saturating_sub(resync.damaged);
        let what = resync.what.clone();
        let reason = ProblemReason::DamagedToEnd { what, skipped };
        self.place(resync.damaged, reason, skipped, stats);
    }

    fn place(&mut self, at: u64, reason: ProblemReason, bytes: u64, stats: &mut CaptureStats) {
        if self.damaged < MAX_DAMAGE {
            self.damaged += 1;
            stats.report(&self.name, Some(at), reason);
        } else {
            self.omitted = (self.omitted.0 + 1, self.omitted.1 + bytes);
        }
    }

    /// Counts and reports link types that are not supported.
    pub(super) fn unsupported(&mut self, lost: &mut LostPackets, stats: &mut CaptureStats) {
        stats.unsupported += std::mem::take(&mut lost.unsupported);
        for &link in lost.links.iter().skip(self.links) {
            stats.report(&self.name, None, ProblemReason::UnsupportedLinkType(link));
        }
        self.links = lost.links.len();
    }

    /// Notes once that a pcap file has nanoseconds under the magic of microseconds.
    pub(super) fn nanoseconds(&mut self, format: &CaptureFormat, stats: &mut CaptureStats) {
        if let CaptureFormat::Pcap(pcap) = format
            && pcap.nanos_found
            && !std::mem::replace(&mut self.nanoseconds, true)
        {
            stats.report(&self.name, None, ProblemReason::NanosecondFractions);
        }
    }

    /// Reports what was only counted.
    pub(super) fn finish(&self, lost: &LostPackets, stats: &mut CaptureStats) {
        if let (places @ 1.., skipped) = self.omitted {
            stats.report(&self.name, None, ProblemReason::MoreDamage { places, skipped });
        }
        if let packets @ 1.. = lost.undescribed {
            stats.report(&self.name, None, ProblemReason::UndescribedInterface { packets });
        }
    }
}

/// Names what a file is that is no capture, by its first bytes.
pub(super) fn not_a_capture(bytes: &[u8]) -> ProblemReason {
    if super::is_zip(bytes) {
        return ProblemReason::ZipOnPipe;
    }
    let sample = bytes.get(..TEXT_SAMPLE.min(bytes.len())).unwrap_or_default();
    let text = match std::str::from_utf8(sample) {
        Ok(text) => text,
        // The sample may end inside a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(sample.get(..error.valid_up_to()).unwrap_or_default())
                .unwrap_or_default()
        }
        Err(_) => return ProblemReason::NotACapture,
    };
    let printable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b');
    match text {
        "" if bytes.is_empty() => ProblemReason::Empty,
        "" => ProblemReason::NotACapture,
        _ if text.chars().all(printable) => ProblemReason::Text,
        _ => ProblemReason::NotACapture,
    }
}
