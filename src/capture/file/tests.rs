use std::io::{self, Cursor, Read};

use proptest::prelude::*;

use super::decompress::tests::{PACKERS, gzip as gzip_of};
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

/// The second before the first packet: times near zero would be plausible inside of packets.
const START: u32 = 1_700_000_000;

/// A file in pieces: its head, then the record or block of each packet.
struct Pieces {
    head: Vec<u8>,
    packets: Vec<Vec<u8>>,
}

impl Pieces {
    fn file(&self) -> Vec<u8> {
        [&self.head[..], &self.packets.concat()].concat()
    }
}

fn words(big: bool, words: &[u32]) -> Vec<u8> {
    let order = if big { u32::to_be_bytes } else { u32::to_le_bytes };
    words.iter().flat_map(|word| order(*word)).collect()
}

fn payload(length: u32) -> impl Iterator<Item = u8> {
    (0..length).map(|i| i as u8)
}

fn pcap_pieces(big: bool, lengths: &[u16]) -> Pieces {
    let version = if big { 0x0002_0004 } else { 0x0004_0002 };
    let packet = |(second, &length): (u32, &u16)| {
        let length = u32::from(length);
        let mut record = words(big, &[START + second, second, length, length]);
        record.extend(payload(length));
        record
    };
    Pieces {
        head: words(big, &[0xa1b2_c3d4, version, 0, 0, 65535, 1]),
        packets: (1u32..).zip(lengths).map(packet).collect(),
    }
}

/// A pcapng of the same packets, alternating between two interfaces, with other blocks between.
fn pcapng_pieces(big: bool, lengths: &[u16]) -> Pieces {
    let block = |kind: u32, mut body: Vec<u8>| {
        body.resize(body.len().next_multiple_of(4), 0);
        let length = body.len() as u32 + 12;
        [words(big, &[kind, length]), body, words(big, &[length])].concat()
    };
    let version = if big { 0x0001_0000 } else { 1 };
    let interface = |link: u32| block(1, words(big, &[if big { link << 16 } else { link }, 0]));
    let packet = |(second, &length): (u32, &u16)| {
        let length = u32::from(length);
        let micros = u64::from(START + second) * 1_000_000 + u64::from(second);
        let time = ((micros >> 32) as u32, micros as u32);
        let mut body = words(big, &[second % 2, time.0, time.1, length, length]);
        body.extend(payload(length));
        [block(6, body), block(5, vec![0; length as usize])].concat()
    };
    Pieces {
        head: [
            block(0x0a0d_0d0a, words(big, &[0x1a2b_3c4d, version, u32::MAX, u32::MAX])),
            interface(1),
            interface(101),
        ]
        .concat(),
        packets: (1u32..).zip(lengths).map(packet).collect(),
    }
}

/// A pcap of packets with the given lengths.
fn pcap_of(lengths: &[u16]) -> Vec<u8> {
    pcap_pieces(false, lengths).file()
}

/// A pcapng of the same packets.
fn pcapng_of(lengths: &[u16]) -> Vec<u8> {
    pcapng_pieces(false, lengths).file()
}

#[test]
fn a_file_of_another_kind_is_told_from_a_cut_capture() {
    let first = |file: &[u8]| {
        let (_, stats) = read_all(file.to_vec());
        stats.problems.first().map(|p| p.reason.clone())
    };
    assert_eq!(first(b""), Some(ProblemReason::Empty));
    assert_eq!(first(b"plain text: \xc3\xa4 and on"), Some(ProblemReason::Text));
    for not in [&b"\x7fELF"[..], &[0; 40], &[0xff, 0xd8, 0xff, 0xe0, 0]] {
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
            let packed = PACKERS.map(|pack| pack(&data));
            for stream in packed.into_iter().chain([data.clone()]) {
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
        let packed: Vec<_> =
            plain.iter().flat_map(|data| PACKERS.map(|pack| pack(data))).collect();
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

    #[test]
    fn any_damage_costs_only_the_packets_it_hits_and_is_reported(
        lengths in prop::collection::vec(0u16..300, 1..30),
        big in any::<bool>(),
        place in any::<prop::sample::Index>(),
        damage in prop::collection::vec(any::<u8>(), 1..400),
        sizes in prop::collection::vec(1usize..5000, 1..6),
    ) {
        for pieces in [pcap_pieces(big, &lengths), pcapng_pieces(big, &lengths)] {
            let mut file = pieces.file();
            let start = pieces.head.len() + place.index(file.len() - pieces.head.len());
            let end = (start + damage.len()).min(file.len());
            file[start..end].copy_from_slice(&damage[..end - start]);
            let (whole, _) = read_all(pieces.file());
            let (packets, stats) = read_all(file.clone());
            let mut at = pieces.head.len();
            let mut left = packets.iter();
            let (mut retyped, mut swallowed) = (false, false);
            for (packet, piece) in whole.iter().zip(&pieces.packets) {
                let place = at..at + piece.len();
                at = place.end;
                let hit = place.start < end && start < place.end;
                // A pcapng block of another type may be a sound one.
                retyped |= place.start <= start && end <= place.start + 4;
                // A wrong length may end where a later record does: the chain is sound.
                let within = |found: &Seen| found.bytes.windows(piece.len()).any(|part| part == piece);
                let inside = !hit && packets.iter().any(within);
                swallowed |= inside;
                prop_assert!(hit || inside || left.any(|found| found == packet), "lost {place:?}, damaged {start}..{end}: {:?}", stats.problems);
            }
            let reported = !stats.problems.is_empty();
            prop_assert!(packets.len() == whole.len() || reported || retyped || swallowed);
            let (again, other) = fragmented(file, sizes.clone());
            prop_assert!(again == packets);
            prop_assert_eq!(other.problems, stats.problems);
        }
    }

    #[test]
    fn files_one_after_the_other_give_the_packets_of_all(
        files in prop::collection::vec(
            (any::<bool>(), any::<bool>(), prop::collection::vec(0u16..300, 0..8)),
            1..6,
        ),
        packer in any::<prop::sample::Index>(),
        sizes in prop::collection::vec(1usize..5000, 1..6),
    ) {
        let (mut all, mut expected) = (Vec::new(), Vec::new());
        let mut packed = Vec::new();
        let pack = PACKERS[packer.index(PACKERS.len())];
        for (pcapng, big, lengths) in &files {
            let pieces = match pcapng {
                true => pcapng_pieces(*big, lengths),
                false => pcap_pieces(*big, lengths),
            };
            expected.extend(read_all(pieces.file()).0);
            packed.extend(pack(&pieces.file()));
            all.extend(pieces.file());
        }
        let whole = PACKERS.map(|pack| pack(&all));
        for file in whole.into_iter().chain([all, packed]) {
            for (packets, stats) in [read_all(file.clone()), fragmented(file, sizes.clone())] {
                prop_assert_eq!(&packets, &expected);
                prop_assert_eq!(stats.problems, []);
            }
        }
    }
}
