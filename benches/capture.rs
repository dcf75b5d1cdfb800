//! Reading capture files: time per packet from the page cache into batches.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use minewatch::capture::{FillOutcome, ReplayOptions, open_replay};
use minewatch::model::PacketBatch;

/// Packets of a file; with [`packet_len`] about 66 MB, more than the caches hold.
const PACKETS: u32 = 200_000;

/// A mix as on a mirror port, 332 bytes on average: mostly small packets and some full ones.
fn packet_len(number: u32) -> u32 {
    [54, 66, 66, 90, 120, 1514, 54, 66, 590, 700][number as usize % 10]
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn pcap(path: &Path) {
    let mut file = words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1]);
    for number in 0..PACKETS {
        let length = packet_len(number);
        file.extend(words(&[number / 1000, number % 1000, length, length]));
        file.resize(file.len() + length as usize, 0);
    }
    std::fs::write(path, file).expect("a temporary file");
}

fn pcapng(path: &Path) {
    let mut file = words(&[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28]);
    file.extend(words(&[1, 20, 1, 0, 20]));
    for number in 0..PACKETS {
        let length = packet_len(number);
        let total = 32 + length.next_multiple_of(4);
        file.extend(words(&[6, total, 0, 0, number, length, length]));
        file.resize(file.len() + length.next_multiple_of(4) as usize, 0);
        file.extend(words(&[total]));
    }
    std::fs::write(path, file).expect("a temporary file");
}

fn replay(paths: &[PathBuf], filter: Option<&str>, batch: &mut PacketBatch) -> usize {
    let options = ReplayOptions { filter: filter.map(str::to_owned) };
    let mut source = open_replay(paths, &options).expect("opens");
    let mut packets = 0;
    loop {
        batch.clear();
        if source.fill(batch).expect("reads") == FillOutcome::End {
            return packets;
        }
        packets += black_box(&batch.records).len();
    }
}

fn capture(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (first, second) = (folder.path().join("a.pcap"), folder.path().join("b.pcap"));
    let ng = folder.path().join("c.pcapng");
    pcap(&first);
    pcap(&second);
    pcapng(&ng);
    let mut batch = PacketBatch::default();
    let mut group = criterion.benchmark_group("capture");
    group.sample_size(20);
    let cases: [(&str, Vec<PathBuf>, Option<&str>); 4] = [
        ("pcap", vec![first.clone()], None),
        ("pcapng", vec![ng], None),
        ("pcap with a filter", vec![first.clone()], Some("tcp or udp")),
        ("two files that overlap", vec![first, second], None),
    ];
    for (name, paths, filter) in cases {
        group.throughput(Throughput::Elements(u64::from(PACKETS) * paths.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| replay(&paths, filter, &mut batch)));
    }
}

criterion_group!(benches, capture);
criterion_main!(benches);
