//! One capture file, as a source of batches.
//!
//! Blocks of the file are read straight into the batch's buffer, and the records point into it.
//! An incomplete packet at the end moves to the front of the next batch, together with the packet
//! before it: if that one's length was wrong, the search for the next record begins inside it.
//!
//! A file may hold several captures, one after the other, as `cat` and `tcpdump -w - >>` make them.

mod bytes;
mod decompress;
mod input;
mod pcap;
mod pcapng;
mod report;
mod resync;
mod walk;
mod zip;

pub(super) use input::Input;
pub(super) use zip::{ZipDirectory, ZipEntry, is_zip};

use crate::model::PacketBatch;
use crate::model::packet::PacketRecord;

use super::FillOutcome;
use super::problem::ProblemReason;
use super::stats::CaptureStats;
use bytes::chunk;
use input::ReadOutcome;
use pcap::Pcap;
use pcapng::PcapNg;
use report::Reporter;
use resync::{Link, RecordChain, Resync, SearchOutcome};
use walk::{LostPackets, PacketSink, WalkOutcome, WalkStop, Window};

enum CaptureFormat {
    Unknown,
    Pcap(Pcap),
    PcapNg(PcapNg),
}

/// A capture file that is being read. `report.rs` reports what is wrong with it.
pub(super) struct CaptureFile {
    input: Input,
    format: CaptureFormat,
    /// The record walked last, and the start of one that continues in the next block.
    carry: Vec<u8>,
    /// Bytes of `carry` that are walked.
    walked: usize,
    /// Bytes still to be skipped, of a pcapng block that is not needed.
    skip: usize,
    /// File offset of the first byte of `carry`, or of the next read if `carry` is empty.
    position: u64,
    /// The search for the next record, after damage.
    resync: Option<Resync>,
    lost: LostPackets,
    reporter: Reporter,
    ended: bool,
}

impl CaptureFile {
    pub(super) fn new(input: Input, name: String) -> CaptureFile {
        CaptureFile {
            input,
            format: CaptureFormat::Unknown,
            carry: Vec::new(),
            walked: 0,
            skip: 0,
            position: 0,
            resync: None,
            lost: LostPackets::default(),
            reporter: Reporter::new(name),
            ended: false,
        }
    }

    /// Fills a cleared batch from the next `block` bytes, or more if they hold no complete packet.
    pub(super) fn fill(
        &mut self,
        batch: &mut PacketBatch,
        block: usize,
        stats: &mut CaptureStats,
    ) -> FillOutcome {
        if self.ended {
            return FillOutcome::End;
        }
        batch.bytes.extend_from_slice(&self.carry);
        self.carry.clear();

        let mut idle = false;
        while batch.records.is_empty() && !self.ended && !idle {
            match self.input.read(&mut batch.bytes, block) {
                Ok(ReadOutcome::Bytes) => self.advance(batch, false, stats),
                Ok(ReadOutcome::Nothing) => idle = true,
                Ok(ReadOutcome::End) => self.finish(batch, None, stats),
                Err(error) => {
                    let reason = self.input.reason(&error);
                    self.finish(batch, Some(reason), stats);
                }
            }
        }
        match (batch.records.is_empty(), self.ended) {
            (false, _) => FillOutcome::Packets,
            (true, true) => FillOutcome::End,
            (true, false) => {
                self.carry.extend_from_slice(&batch.bytes);
                FillOutcome::Idle
            }
        }
    }

    /// Walks the bytes of the batch, which start at file offset `position`.
    fn advance(&mut self, batch: &mut PacketBatch, at_end: bool, stats: &mut CaptureStats) {
        let skipped = self.skip.min(batch.bytes.len());
        self.skip -= skipped;
        let mut keep = skipped;
        if self.skip == 0 {
            let window = Window { bytes: &batch.bytes, at_end };
            let at = self.read_on(window, skipped + self.walked, &mut batch.records, stats);
            self.skip = at.saturating_sub(batch.bytes.len());
            let at = at.min(batch.bytes.len());
            keep = self.record_before(&batch.records, at);
            self.walked = at - keep;
            self.reporter.unsupported(&mut self.lost, stats);
        }
        self.position += keep as u64;
        if batch.records.is_empty() {
            batch.bytes.drain(..keep);
        } else {
            self.carry.extend_from_slice(batch.bytes.get(keep..).unwrap_or_default());
        }
    }

    /// Where the record that ends at `at` starts, if it is a pcap's; otherwise `at`.
    fn record_before(&self, records: &[PacketRecord], at: usize) -> usize {
        match (&self.format, records.last()) {
            _ if self.resync.is_some() => at,
            (CaptureFormat::Pcap(pcap), Some(last)) if pcap.end(last) == at => pcap.start(last),
            (CaptureFormat::Pcap(_), None) => at - self.walked.min(at),
            _ => at,
        }
    }

    /// Walks records, file headers and damage from `at` on, up to what is incomplete.
    fn read_on(
        &mut self,
        window: Window<'_>,
        mut at: usize,
        records: &mut Vec<PacketRecord>,
        stats: &mut CaptureStats,
    ) -> usize {
        loop {
            if let Some(resync) = &mut self.resync {
                let found = match &self.format {
                    CaptureFormat::Pcap(pcap) => resync.search(pcap, window, at, self.position),
                    CaptureFormat::PcapNg(ng) => resync.search(ng, window, at, self.position),
                    CaptureFormat::Unknown => return at,
                };
                match found {
                    SearchOutcome::Undecided(next) => return next,
                    SearchOutcome::Found(next) => {
                        self.reporter.damage(resync, self.position + next as u64, stats);
                        self.resync = None;
                        self.walked = 0;
                        at = next;
                        if resync::file_header(window, at) == Some(true) {
                            self.format = CaptureFormat::Unknown;
                        }
                    }
                }
            }
            match self.recognise(window, &mut at) {
                Ok(true) => {}
                Ok(false) => return at,
                Err(reason) => {
                    self.reporter.stop(self.position + at as u64, reason, stats);
                    self.ended = true;
                    return at;
                }
            }
            let walked = self.walk(window, at, records);
            at = walked.next;
            self.reporter.nanoseconds(&self.format, stats);
            match walked.stop {
                WalkStop::Incomplete | WalkStop::Nanoseconds => return at,
                WalkStop::NewFile => self.format = CaptureFormat::Unknown,
                WalkStop::Damaged { what, resume } => {
                    let damaged = self.position + at as u64;
                    match resume {
                        Some(next) => {
                            let resync = Resync::new(damaged, None, what);
                            self.reporter.damage(&resync, self.position + next as u64, stats);
                            at = next;
                        }
                        None => {
                            // The search begins inside the record before, if there is one.
                            let before = self.record_before(records, at);
                            let known = (before < at).then(|| self.position + before as u64);
                            self.resync = Some(Resync::new(damaged, known, what));
                            at = before + 1;
                        }
                    }
                }
            }
        }
    }

    fn walk(
        &mut self,
        window: Window<'_>,
        at: usize,
        records: &mut Vec<PacketRecord>,
    ) -> WalkOutcome {
        let mut sink = PacketSink { records, lost: &mut self.lost };
        match &mut self.format {
            CaptureFormat::Pcap(pcap) => pcap.walk(window, at, &mut sink),
            CaptureFormat::PcapNg(pcapng) => pcapng.walk(window, at, &mut sink),
            CaptureFormat::Unknown => WalkOutcome::incomplete(at),
        }
    }

    /// Detects the format from the bytes at `at`. Returns `false` if more bytes are needed.
    fn recognise(&mut self, window: Window<'_>, at: &mut usize) -> Result<bool, ProblemReason> {
        if !matches!(self.format, CaptureFormat::Unknown) {
            return Ok(true);
        }
        let Some(&magic) = chunk(window.bytes, *at) else { return Ok(false) };
        if magic == pcapng::SECTION_HEADER {
            self.format = CaptureFormat::PcapNg(PcapNg::new());
        } else if pcap::is_magic(magic) {
            let Some(header) = chunk(window.bytes, *at) else { return Ok(false) };
            self.format = CaptureFormat::Pcap(Pcap::parse(header)?);
            *at += pcap::FILE_HEADER;
            self.walked = 0;
        } else {
            return Err(report::not_a_capture(window.bytes.get(*at..).unwrap_or_default()));
        }
        Ok(true)
    }

    /// Handles the end of the input, which `error` caused unless it is `None`.
    ///
    /// What is left in the batch is walked once more: near the end of a file, less is plausible.
    fn finish(
        &mut self,
        batch: &mut PacketBatch,
        error: Option<ProblemReason>,
        stats: &mut CaptureStats,
    ) {
        self.ended = true;
        let started = chunk(&batch.bytes, 0).is_some_and(|magic| pcap::is_magic(*magic));
        if matches!(self.format, CaptureFormat::Unknown) && !started && error.is_none() {
            return self.reporter.stop(0, report::not_a_capture(&batch.bytes), stats);
        }
        let window = Window { bytes: &batch.bytes, at_end: error.is_none() };
        let mut at = self.walked;
        let end = self.position + batch.bytes.len() as u64;
        if self.skip == 0 {
            at = self.read_on(window, at, &mut batch.records, stats);
            let before = self.record_before(&batch.records, at);
            if let Some(inside) = self.inside_last(window, at, before) {
                let start = self.position + at as u64;
                let what = "a packet that ends beyond the file".to_owned();
                let resync = Resync::new(start, Some(self.position + before as u64), what);
                self.reporter.damage(&resync, self.position + inside as u64, stats);
                at = self.read_on(window, inside, &mut batch.records, stats);
            }
            self.reporter.unsupported(&mut self.lost, stats);
        }
        let rest = self.skip > 0 || at < batch.bytes.len();
        if let Some(resync) = self.resync.take() {
            self.reporter.lost_to_the_end(&resync, end, stats);
        } else if error.is_none() && rest {
            self.reporter.stop(self.position + at as u64, ProblemReason::Truncated, stats);
        }
        self.reporter.finish(&self.lost, stats);
        if let Some(reason) = error {
            self.reporter.stop(end, reason, stats);
        }
    }

    /// Where records start that run to the end of the file, inside the incomplete one at `at`.
    ///
    /// Then its length is wrong; otherwise the file was cut. If it is not even plausible, the length
    /// of the one at `before` may be the wrong one.
    fn inside_last(&self, window: Window<'_>, at: usize, before: usize) -> Option<usize> {
        if self.resync.is_some() || !window.at_end {
            return None;
        }
        match &self.format {
            CaptureFormat::Pcap(pcap) if pcap.link(window, at, None) == Link::Broken => {
                resync::run_to_the_end(pcap, window, before + 1)
            }
            CaptureFormat::Pcap(pcap) => resync::run_to_the_end(pcap, window, at + 1),
            CaptureFormat::PcapNg(pcapng) => resync::run_to_the_end(pcapng, window, at + 1),
            CaptureFormat::Unknown => None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
