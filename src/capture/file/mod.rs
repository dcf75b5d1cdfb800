//! One capture file, as a source of batches.
//!
//! Blocks of the file are read straight into the batch's buffer, and the records point into it.
//! An incomplete packet at the end moves to the front of the next batch.

mod bytes;
mod decompress;
mod input;
mod pcap;
mod pcapng;

pub(super) use input::Input;

use crate::model::PacketBatch;
use crate::model::packet::PacketRecord;

use super::FillOutcome;
use super::problem::ProblemReason;
use super::stats::CaptureStats;
use bytes::chunk;
use input::ReadOutcome;
use pcap::Pcap;
use pcapng::PcapNg;

/// Unsupported link types reported per file. Small, since the list is searched for each packet.
const MAX_UNSUPPORTED_LINKS: usize = 16;

/// Where the pcap and pcapng walkers put the packets they find.
pub(super) struct PacketSink<'a> {
    pub records: &'a mut Vec<PacketRecord>,
    pub unsupported: &'a mut UnsupportedPackets,
}

/// Counts packets that cannot be analysed because of their link type.
#[derive(Debug, Default)]
pub(super) struct UnsupportedPackets {
    packets: u64,
    /// Their link types without duplicates, at most [`MAX_UNSUPPORTED_LINKS`].
    links: Vec<u32>,
}

impl UnsupportedPackets {
    pub(super) fn count(&mut self, link: u32) {
        self.packets += 1;
        if self.links.len() < MAX_UNSUPPORTED_LINKS && !self.links.contains(&link) {
            self.links.push(link);
        }
    }
}

/// The position at which a walker stopped, and why.
pub(super) struct WalkOutcome {
    /// Where the next record starts. Lies beyond the available bytes if a block has to be skipped.
    next: usize,
    /// What is broken at `next`, if anything.
    broken: Option<String>,
}

impl WalkOutcome {
    pub(super) fn until(next: usize) -> WalkOutcome {
        WalkOutcome { next, broken: None }
    }

    pub(super) fn broken(at: usize, what: String) -> WalkOutcome {
        WalkOutcome { next: at, broken: Some(what) }
    }
}

enum CaptureFormat {
    Unknown,
    Pcap(Pcap),
    PcapNg(PcapNg),
}

/// A capture file that is being read.
pub(super) struct CaptureFile {
    name: String,
    input: Input,
    format: CaptureFormat,
    /// The start of a record that continues in the next block.
    carry: Vec<u8>,
    /// Bytes still to be skipped, of a pcapng block that is not needed.
    skip: usize,
    /// File offset of the first byte of `carry`, or of the next read if `carry` is empty.
    position: u64,
    unsupported: UnsupportedPackets,
    reported_links: usize,
    ended: bool,
}

impl CaptureFile {
    pub(super) fn new(input: Input, name: String) -> CaptureFile {
        CaptureFile {
            name,
            input,
            format: CaptureFormat::Unknown,
            carry: Vec::new(),
            skip: 0,
            position: 0,
            unsupported: UnsupportedPackets::default(),
            reported_links: 0,
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
                Ok(ReadOutcome::Bytes) => self.advance(batch, stats),
                Ok(ReadOutcome::Nothing) => idle = true,
                Ok(ReadOutcome::End) => self.finish(&batch.bytes, stats),
                Err(error) => {
                    let reason = self.input.reason(&error);
                    self.stop(self.position + batch.bytes.len() as u64, reason, stats);
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
    fn advance(&mut self, batch: &mut PacketBatch, stats: &mut CaptureStats) {
        let mut at = self.skip.min(batch.bytes.len());
        self.skip -= at;
        if self.skip == 0 {
            let walked = match self.recognise(&batch.bytes, &mut at) {
                Ok(true) => self.walk(&batch.bytes, at, &mut batch.records),
                Ok(false) => WalkOutcome::until(at),
                Err(reason) => return self.stop(0, reason, stats),
            };
            self.skip = walked.next.saturating_sub(batch.bytes.len());
            at = walked.next.min(batch.bytes.len());
            self.report_unsupported(stats);
            if let Some(what) = walked.broken {
                self.stop(self.position + at as u64, ProblemReason::Corrupt(what), stats);
            }
        }
        self.position += at as u64;
        if batch.records.is_empty() {
            batch.bytes.drain(..at);
        } else {
            self.carry.extend_from_slice(batch.bytes.get(at..).unwrap_or_default());
        }
    }

    fn walk(&mut self, bytes: &[u8], at: usize, records: &mut Vec<PacketRecord>) -> WalkOutcome {
        let unsupported = &mut self.unsupported;
        let mut sink = PacketSink { records, unsupported };
        match &mut self.format {
            CaptureFormat::Pcap(pcap) => pcap.walk(bytes, at, &mut sink),
            CaptureFormat::PcapNg(pcapng) => pcapng.walk(bytes, at, &mut sink),
            CaptureFormat::Unknown => WalkOutcome::until(at),
        }
    }

    /// Detects the format from the first bytes. Returns `false` if more bytes are needed.
    fn recognise(&mut self, bytes: &[u8], at: &mut usize) -> Result<bool, ProblemReason> {
        if !matches!(self.format, CaptureFormat::Unknown) {
            return Ok(true);
        }
        let Some(&magic) = chunk(bytes, 0) else { return Ok(false) };
        if magic == pcapng::SECTION_HEADER {
            self.format = CaptureFormat::PcapNg(PcapNg::new());
        } else if pcap::is_magic(magic) {
            let Some(header) = chunk(bytes, 0) else { return Ok(false) };
            self.format = CaptureFormat::Pcap(Pcap::parse(header)?);
            *at = pcap::FILE_HEADER;
        } else {
            return Err(ProblemReason::NotACapture);
        }
        Ok(true)
    }

    /// Handles the end of the input; `rest` are the bytes not walked.
    fn finish(&mut self, rest: &[u8], stats: &mut CaptureStats) {
        let started = chunk(rest, 0).is_some_and(|magic| pcap::is_magic(*magic));
        if matches!(self.format, CaptureFormat::Unknown) && !started {
            self.stop(0, ProblemReason::NotACapture, stats);
        } else if self.skip > 0 || !rest.is_empty() {
            self.stop(self.position, ProblemReason::Truncated, stats);
        }
        self.ended = true;
    }

    fn stop(&mut self, offset: u64, reason: ProblemReason, stats: &mut CaptureStats) {
        let offset = (reason != ProblemReason::NotACapture).then_some(offset);
        stats.report(&self.name, offset, reason);
        self.ended = true;
    }

    fn report_unsupported(&mut self, stats: &mut CaptureStats) {
        stats.unsupported += std::mem::take(&mut self.unsupported.packets);
        for &link in self.unsupported.links.iter().skip(self.reported_links) {
            stats.report(&self.name, None, ProblemReason::UnsupportedLinkType(link));
        }
        self.reported_links = self.unsupported.links.len();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::{self, Cursor, Read};

    use proptest::prelude::*;

    use super::*;

    /// The fields of a packet that tests compare.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(in super::super) struct Seen {
        pub nanos: u64,
        pub link: u16,
        pub wire_len: u32,
        pub bytes: Vec<u8>,
    }

    /// Reads a whole capture in blocks of `block` bytes.
    pub(in super::super) fn read_stream(
        stream: Box<dyn Read + Send>,
        block: usize,
    ) -> (Vec<Seen>, CaptureStats) {
        let mut file = CaptureFile::new(Input::stream(stream), "test".into());
        let (mut batch, mut stats, mut seen) =
            (PacketBatch::default(), CaptureStats::default(), Vec::new());
        loop {
            batch.clear();
            if file.fill(&mut batch, block, &mut stats) == FillOutcome::End {
                return (seen, stats);
            }
            stats.count_delivered(&batch);
            seen.extend(batch.packets().map(|p| Seen {
                nanos: p.time.as_nanos(),
                link: p.link.0,
                wire_len: p.wire_len,
                bytes: p.bytes.to_vec(),
            }));
        }
    }

    /// Reads a whole capture.
    pub(in super::super) fn read_all(file: Vec<u8>) -> (Vec<Seen>, CaptureStats) {
        read_stream(Box::new(Cursor::new(file)), 1 << 20)
    }

    /// Returns the bytes in pieces of the given sizes, cyclically.
    struct Fragments {
        data: Cursor<Vec<u8>>,
        sizes: std::iter::Cycle<std::vec::IntoIter<usize>>,
    }

    impl Read for Fragments {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let size = self.sizes.next().unwrap_or(1).min(buf.len());
            self.data.read(&mut buf[..size])
        }
    }

    fn fragmented(data: Vec<u8>, sizes: Vec<usize>) -> (Vec<Seen>, CaptureStats) {
        let sizes = sizes.into_iter().cycle();
        read_stream(Box::new(Fragments { data: Cursor::new(data), sizes }), 1 << 16)
    }

    /// A pcap of packets with the given lengths.
    pub(in super::super) fn pcap_of(lengths: &[u16]) -> Vec<u8> {
        let mut file = [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65535, 1].map(u32::to_le_bytes).concat();
        for (second, &length) in (1u32..).zip(lengths) {
            let length = u32::from(length);
            file.extend([second, 0, length, length].map(u32::to_le_bytes).concat());
            file.extend((0..length).map(|i| i as u8));
        }
        file
    }

    /// A pcapng of the same packets, alternating between two interfaces, with other blocks between.
    pub(in super::super) fn pcapng_of(lengths: &[u16]) -> Vec<u8> {
        fn block(kind: u32, body: &[u8]) -> Vec<u8> {
            let mut body = body.to_vec();
            body.resize(body.len().next_multiple_of(4), 0);
            let length = (body.len() as u32 + 12).to_le_bytes();
            [&kind.to_le_bytes()[..], &length, &body, &length].concat()
        }
        let words = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
        let mut file = block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]));
        file.extend(block(1, &words(&[1, 0])));
        file.extend(block(1, &words(&[101, 0])));
        for (second, &length) in (1u32..).zip(lengths) {
            let length = u32::from(length);
            let mut body = words(&[second % 2, 0, second * 1_000_000, length, length]);
            body.extend((0..length).map(|i| i as u8));
            file.extend(block(6, &body));
            file.extend(block(5, &vec![0; length as usize]));
        }
        file
    }

    fn gzip_of(data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::GzEncoder::new(data, flate2::Compression::fast())
            .read_to_end(&mut out)
            .expect("in memory");
        out
    }

    #[test]
    fn a_file_of_another_kind_is_told_from_a_cut_capture() {
        let first = |file: &[u8]| {
            let (_, stats) = read_all(file.to_vec());
            stats.problems.first().map(|p| p.reason.clone())
        };
        for not in [&b""[..], b"PK", b"plain text, and long enough for a header"] {
            assert_eq!(first(not), Some(ProblemReason::NotACapture));
        }
        assert_eq!(first(&pcap_of(&[])[..20]), Some(ProblemReason::Truncated));
        assert_eq!(first(&pcapng_of(&[])[..20]), Some(ProblemReason::Truncated));
        assert_eq!(first(&pcap_of(&[])), None);
    }

    #[test]
    fn a_damaged_gzip_gives_its_readable_part_and_a_problem() {
        let plain = pcap_of(&[1000; 500]);
        let mut packed = gzip_of(&plain);
        packed.truncate(packed.len() / 2);
        let (packets, stats) = read_all(packed);
        assert!(!packets.is_empty() && packets.len() < 500);
        let reasons: Vec<_> = stats.problems.iter().map(|p| p.reason.clone()).collect();
        assert_eq!(reasons, [ProblemReason::Truncated]);
    }

    #[test]
    fn packets_of_a_pipe_come_as_soon_as_they_are_whole() {
        let data = pcap_of(&[10, 10]);
        // The header and the first packet; 20 bytes of the second; its last 6 bytes.
        let sizes = vec![24 + 26, 20, 6].into_iter().cycle();
        let stream = Fragments { data: Cursor::new(data), sizes };
        let mut file = CaptureFile::new(Input::stream(Box::new(stream)), "test".into());
        let (mut batch, mut stats) = (PacketBatch::default(), CaptureStats::default());
        for _ in 0..2 {
            batch.clear();
            assert_eq!(file.fill(&mut batch, 1 << 20, &mut stats), FillOutcome::Packets);
            assert_eq!(batch.records.len(), 1);
        }
        batch.clear();
        assert_eq!(file.fill(&mut batch, 1 << 20, &mut stats), FillOutcome::End);
    }

    proptest! {
        #[test]
        fn any_fragmentation_gives_the_same_packets(
            lengths in prop::collection::vec(0u16..3000, 0..40),
            sizes in prop::collection::vec(1usize..5000, 1..6),
            cut in 0usize..3000,
        ) {
            for whole in [pcap_of(&lengths), pcapng_of(&lengths)] {
                let data = whole[..whole.len() - cut.min(whole.len() / 2)].to_vec();
                let expected = read_all(data.clone());
                let problems = |stats: &CaptureStats| stats.problems.clone();
                for stream in [data.clone(), gzip_of(&data)] {
                    let got = fragmented(stream, sizes.clone());
                    prop_assert_eq!(&got.0, &expected.0);
                    prop_assert_eq!(problems(&got.1), problems(&expected.1));
                }
            }
        }

        #[test]
        fn mutated_files_never_panic_and_never_hang(
            lengths in prop::collection::vec(0u16..200, 0..20),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
            block in 1usize..10_000,
        ) {
            let plain = [pcap_of(&lengths), pcapng_of(&lengths)];
            let packed = plain.each_ref().map(|data| gzip_of(data));
            for mut data in plain.into_iter().chain(packed) {
                for (at, value) in &changes {
                    let at = at.index(data.len());
                    data[at] = *value;
                }
                read_stream(Box::new(Cursor::new(data)), block);
            }
        }

        #[test]
        fn random_bytes_after_a_good_start_never_panic(
            tail in prop::collection::vec(any::<u8>(), 0..2000),
            block in 1usize..3000,
        ) {
            for mut data in [pcap_of(&[5]), pcapng_of(&[5]), gzip_of(&pcap_of(&[5]))] {
                data.extend(&tail);
                read_stream(Box::new(Cursor::new(data)), block);
            }
        }
    }
}
