//! Replaying files, folders and pipes, from outside.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use minewatch::capture::{
    CaptureError, CaptureStats, FillOutcome, ProblemReason, ReplayOptions, open_replay,
};
use minewatch::model::PacketBatch;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::shared::shared;
use crate::support::trial::{Checked, Lacks, Trial, trials};

pub fn trials() -> Vec<Trial> {
    trials![
        a_folder_is_replayed_in_packet_time_whatever_its_file_names_say,
        one_file_keeps_its_order_even_where_time_goes_back,
        large_files_that_overlap_in_part_are_merged_where_they_do,
        thousands_of_files_are_merged_with_few_of_them_open,
        files_that_all_overlap_beyond_the_limit_are_read_and_the_disorder_is_reported,
        a_broken_file_among_others_is_reported_and_the_rest_read,
        in_a_folder_what_calls_itself_a_capture_and_is_none_is_reported,
        entries_of_a_zip_archive_are_merged_like_the_files_of_a_folder,
        a_folder_that_cannot_be_read_is_reported_and_is_no_error,
        what_cannot_be_replayed_is_an_error_that_names_it,
        a_filter_leaves_out_and_counts,
        a_named_pipe_delivers_before_its_writer_is_done,
        real_captures_hold_as_many_packets_as_other_tools_say,
        merged_files_are_in_order_and_complete,
    ]
}

/// A pcap with a packet of one byte at each of the times, in milliseconds.
fn pcap(mark: u8, times: &[u64]) -> Vec<u8> {
    let mut file = [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65535, 1].map(u32::to_le_bytes).concat();
    for time in times {
        let (seconds, micros) = ((time / 1000) as u32, (time % 1000 * 1000) as u32);
        file.extend([seconds, micros, 1, 60].map(u32::to_le_bytes).concat());
        file.push(mark);
    }
    file
}

/// Time in milliseconds and mark of each packet, as replayed.
type Seen = Vec<(u64, u8)>;

fn replay_with(paths: &[PathBuf], options: &ReplayOptions) -> (Seen, CaptureStats) {
    let mut source = open_replay(paths, options).expect("opens");
    let (mut batch, mut seen) = (PacketBatch::default(), Vec::new());
    loop {
        batch.clear();
        if source.fill(&mut batch).expect("reads") == FillOutcome::End {
            break;
        }
        seen.extend(
            batch.packets().map(|packet| (packet.time.as_nanos() / 1_000_000, packet.bytes[0])),
        );
    }
    if let Some(progress) = source.progress() {
        assert_eq!(progress.done, progress.total, "everything was read");
    }
    (seen, source.stats())
}

fn replay(paths: &[PathBuf]) -> (Seen, CaptureStats) {
    replay_with(paths, &ReplayOptions::default())
}

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, data) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, data).expect("a file");
    }
    folder
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).expect("in memory");
    encoder.finish().expect("in memory")
}

fn a_folder_is_replayed_in_packet_time_whatever_its_file_names_say() {
    let folder = folder(&[
        ("z/first.txt", pcap(1, &[10, 20])),
        ("a/overlap.log", gzip(&pcap(2, &[15, 40]))),
        ("last.pcap", pcap(3, &[30, 50, 60])),
        ("empty.pcap", pcap(4, &[])),
        ("notes.md", b"these are notes, not packets".to_vec()),
        ("nothing", Vec::new()),
    ]);
    let (seen, stats) = replay(&[folder.path().to_owned()]);
    assert_eq!(seen, [(10, 1), (15, 2), (20, 1), (30, 3), (40, 2), (50, 3), (60, 3)]);
    assert_eq!(stats.problems, []);
    assert_eq!((stats.packets, stats.bytes), (7, 7));
}

fn one_file_keeps_its_order_even_where_time_goes_back() {
    let folder = folder(&[("a.pcap", pcap(1, &[30, 10, 20]))]);
    let (seen, _) = replay(&[folder.path().join("a.pcap")]);
    assert_eq!(seen.iter().map(|s| s.0).collect::<Vec<_>>(), [30, 10, 20]);
}

fn large_files_that_overlap_in_part_are_merged_where_they_do() {
    // 1.7 MB each: several blocks alone, many while they overlap from 60 s to 100 s.
    let early: Vec<u64> = (0..100_000).collect();
    let late: Vec<u64> = (0..100_000).map(|i| 60_000 + i).collect();
    let folder = folder(&[("a", pcap(1, &early)), ("b", pcap(2, &late))]);
    let (seen, _) = replay(&[folder.path().to_owned()]);
    let mut expected: Vec<(u64, u8)> = early.into_iter().map(|time| (time, 1)).collect();
    expected.extend(late.into_iter().map(|time| (time, 2)));
    expected.sort_unstable();
    assert!(seen == expected);
}

fn thousands_of_files_are_merged_with_few_of_them_open() {
    // More than the 1024 descriptors a process usually has, one after the other.
    let files: Vec<(String, Vec<u8>)> = (0..1500u64)
        .map(|i| (format!("{:04}", (i * 7) % 1500), pcap(0, &[i * 10, i * 10 + 5, i * 10 + 12])))
        .collect();
    let files: Vec<_> = files.iter().map(|(name, data)| (name.as_str(), data.clone())).collect();
    let folder = folder(&files);
    let (seen, stats) = replay(&[folder.path().to_owned()]);
    assert_eq!((seen.len(), stats.problems.len()), (4500, 0));
    assert!(seen.is_sorted_by_key(|s| s.0));
}

fn files_that_all_overlap_beyond_the_limit_are_read_and_the_disorder_is_reported() {
    let files: Vec<(String, Vec<u8>)> =
        (0..600u64).map(|i| (format!("{i:04}"), pcap(0, &[i, 100_000]))).collect();
    let files: Vec<_> = files.iter().map(|(name, data)| (name.as_str(), data.clone())).collect();
    let folder = folder(&files);
    let (seen, stats) = replay(&[folder.path().to_owned()]);
    assert_eq!(seen.len(), 1200);
    assert!(stats.problems.iter().any(|p| p.reason == ProblemReason::OutOfOrder));
}

fn a_broken_file_among_others_is_reported_and_the_rest_read() {
    let cut = pcap(1, &[10, 20]);
    let folder = folder(&[
        ("cut.pcap", cut[..cut.len() - 1].to_vec()),
        ("whole.pcap", pcap(2, &[15])),
        ("text.pcap", b"no capture at all".to_vec()),
    ]);
    let paths = ["cut.pcap", "whole.pcap", "text.pcap"].map(|name| folder.path().join(name));
    let (seen, stats) = replay(&paths);
    assert_eq!(seen.iter().map(|s| s.0).collect::<Vec<_>>(), [10, 15]);
    let mut reasons: Vec<_> = stats.problems.iter().map(|p| p.reason.clone()).collect();
    reasons.sort_by_key(|reason| format!("{reason:?}"));
    assert_eq!(reasons, [ProblemReason::Text, ProblemReason::Truncated]);
}

fn in_a_folder_what_calls_itself_a_capture_and_is_none_is_reported() {
    let folder = folder(&[
        ("notes.txt", b"only notes".to_vec()),
        ("broken.pcap.gz", b"no capture at all".to_vec()),
        ("whole.pcap", pcap(2, &[15])),
    ]);
    let (seen, stats) = replay(&[folder.path().to_owned()]);
    assert_eq!(seen.len(), 1);
    let problems: Vec<_> = stats.problems.iter().map(|p| (&p.origin[..], &p.reason)).collect();
    let broken = folder.path().join("broken.pcap.gz").display().to_string();
    assert_eq!(problems, [(&broken[..], &ProblemReason::Text)]);
}

/// A zip archive with stored entries; the flags of each say whether it is encrypted.
fn zip(entries: &[(&str, u16, Vec<u8>)]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, flags, data) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let (start, size) = (file.len() as u32, data.len() as u32);
        // Version, flags, method, time and date; checksum and sizes; lengths of name and extra.
        let mut common = [20, *flags, 0, 0, 0].map(u16::to_le_bytes).concat();
        common.extend([crc.sum(), size, size, name.len() as u32].map(u32::to_le_bytes).concat());
        file.extend([b"PK\x03\x04", &common[..], name.as_bytes(), data].concat());
        directory.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 10]].concat());
        directory.extend([&start.to_le_bytes(), name.as_bytes()].concat());
    }
    let (start, length, count) = (file.len() as u32, directory.len() as u32, entries.len() as u16);
    file.extend(directory);
    file.extend([b"PK\x05\x06", &[0; 4][..]].concat());
    file.extend([count, count].map(u16::to_le_bytes).concat());
    file.extend([length, start].map(u32::to_le_bytes).concat());
    file.extend([0, 0]);
    file
}

fn entries_of_a_zip_archive_are_merged_like_the_files_of_a_folder() {
    let entries = [
        ("late.pcap", 0, pcap(1, &[20, 40])),
        ("folder/early.pcap.gz", 0, gzip(&pcap(2, &[10, 30]))),
        ("readme.txt", 0, b"what this is".to_vec()),
        ("locked.pcap", 1, b"secret".to_vec()),
    ];
    let folder = folder(&[("a.zip", zip(&entries)), ("b.pcap", pcap(3, &[25]))]);
    let archive = folder.path().join("a.zip");
    let locked = archive.join("locked.pcap").display().to_string();
    let problems =
        |stats: &CaptureStats| stats.problems.iter().map(|p| p.origin.clone()).collect::<Vec<_>>();
    let (seen, stats) = replay(std::slice::from_ref(&archive));
    assert_eq!(seen, [(10, 2), (20, 1), (30, 2), (40, 1)]);
    assert_eq!(problems(&stats), [&locked[..]]);
    let (seen, stats) = replay(&[folder.path().to_owned()]);
    assert_eq!(seen, [(10, 2), (20, 1), (25, 3), (30, 2), (40, 1)]);
    assert_eq!(problems(&stats), [&locked[..]]);
}

fn a_folder_that_cannot_be_read_is_reported_and_is_no_error() -> Checked {
    let outer = tempfile::tempdir().expect("a folder");
    let locked = outer.path().join("locked");
    fs::create_dir(&locked).expect("a folder");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("its owner");
    if fs::read_dir(&locked).is_ok() {
        return Err(Lacks("a user whom permissions bind".into()));
    }
    let (seen, stats) = replay(std::slice::from_ref(&locked));
    assert_eq!(seen, []);
    let reasons: Vec<_> = stats.problems.iter().map(|p| &p.reason).collect();
    assert!(matches!(reasons[..], [ProblemReason::Unreadable(_)]), "{reasons:?}");
    Ok(())
}

fn what_cannot_be_replayed_is_an_error_that_names_it() {
    let folder = folder(&[("notes.txt", b"only notes".to_vec())]);
    let error = |paths: &[PathBuf], filter: Option<&str>| {
        let options = ReplayOptions { filter: filter.map(str::to_owned) };
        open_replay(paths, &options).err().expect("an error")
    };
    let missing = folder.path().join("missing.pcap");
    let text = error(std::slice::from_ref(&missing), None).to_string();
    assert!(text.contains("missing.pcap"), "{text}");
    assert!(matches!(error(&[folder.path().to_owned()], None), CaptureError::EmptyFolder { .. }));
    assert!(matches!(error(&[], None), CaptureError::NoInput));
    assert!(matches!(
        error(&["-".into(), folder.path().join("notes.txt")], None),
        CaptureError::PipeAmongFiles { .. }
    ));
    assert!(matches!(error(&["-".into()], Some("tcp prot")), CaptureError::Filter { .. }));
}

fn a_filter_leaves_out_and_counts() {
    let folder = folder(&[("a", pcap(1, &[1, 2])), ("b", pcap(2, &[1, 3]))]);
    let options = ReplayOptions { filter: Some("ether[0] = 2".into()) };
    let (seen, stats) = replay_with(&[folder.path().to_owned()], &options);
    assert_eq!(seen, [(1, 2), (3, 2)]);
    assert_eq!((stats.packets, stats.filtered), (2, 2));
}

fn a_named_pipe_delivers_before_its_writer_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let (received, wait) = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn({
        let path = path.clone();
        move || {
            let data = pcap(1, &[1, 2]);
            let mut pipe = fs::OpenOptions::new().write(true).open(path).expect("the pipe");
            pipe.write_all(&data[..24 + 17]).expect("the first packet");
            // Goes on only when the first packet has arrived.
            wait.recv().expect("the reader");
            pipe.write_all(&data[24 + 17..]).expect("the second packet");
        }
    });
    let mut source = open_replay(&[path], &ReplayOptions::default()).expect("opens");
    let (mut batch, mut packets) = (PacketBatch::default(), 0);
    loop {
        batch.clear();
        match source.fill(&mut batch).expect("reads") {
            FillOutcome::End => break,
            FillOutcome::Idle => continue,
            FillOutcome::Packets => packets += batch.records.len(),
        }
        let _ = received.send(());
    }
    writer.join().expect("the writer");
    assert_eq!((packets, source.progress()), (2, None));
    assert_eq!(source.stats().problems, []);
}

fn real_captures_hold_as_many_packets_as_other_tools_say() -> Checked {
    let captures = shared("captures/mining")?;
    let truth = fs::read_to_string(captures.join("truth.json")).expect("truth.json");
    let truth: serde_json::Value = serde_json::from_str(&truth).expect("JSON");
    for entry in truth.as_array().expect("a list") {
        let path = captures.join(entry["file"].as_str().expect("a name"));
        let (_, stats) = replay(std::slice::from_ref(&path));
        assert_eq!(Some(stats.packets), entry["packets"].as_u64(), "{}", path.display());
        assert_eq!(stats.problems, [], "{}", path.display());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Files whose own packets are in order come out in order, all of them, in any overlap.
    fn merged_files_are_in_order_and_complete(
        files in prop::collection::vec(prop::collection::vec(0u64..1000, 1..30), 2..8),
    ) {
        let sorted: Vec<Vec<u64>> = files
            .into_iter()
            .map(|mut times| {
                times.sort_unstable();
                times
            })
            .collect();
        let data: Vec<_> = (0u8..)
            .zip(&sorted)
            .map(|(mark, times)| (format!("{mark}"), pcap(mark, times)))
            .collect();
        let data: Vec<_> = data.iter().map(|(name, data)| (name.as_str(), data.clone())).collect();
        let folder = folder(&data);
        let (seen, _) = replay(&[folder.path().to_owned()]);
        prop_assert!(seen.is_sorted_by_key(|s| s.0));
        for (mark, times) in (0u8..).zip(&sorted) {
            let of_file: Vec<u64> = seen.iter().filter(|s| s.1 == mark).map(|s| s.0).collect();
            prop_assert_eq!(&of_file, times);
        }
    }
}
