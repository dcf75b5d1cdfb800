use std::fs;
use std::io::Write;

use proptest::prelude::*;

use super::*;

/// An entry for [`archive`].
struct Packed {
    name: &'static str,
    method: u16,
    flags: u16,
    data: Vec<u8>,
    plain: Vec<u8>,
}

fn deflated(name: &'static str, plain: &[u8]) -> Packed {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("in memory");
    let data = encoder.finish().expect("in memory");
    Packed { name, method: 8, flags: 0, data, plain: plain.to_vec() }
}

fn stored(name: &'static str, plain: &[u8]) -> Packed {
    Packed { name, method: 0, flags: 0, data: plain.to_vec(), plain: plain.to_vec() }
}

/// An archive of the entries; with `zip64`, sizes and offsets are in the fields of Zip64.
fn archive(entries: &[Packed], zip64: bool) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let start = file.len() as u64;
        let mut crc = flate2::Crc::new();
        crc.update(&entry.plain);
        let sizes = [entry.data.len() as u64, entry.plain.len() as u64];
        let [packed, plain] = if zip64 { [u32::MAX; 2] } else { sizes.map(|size| size as u32) };
        // Version, flags, method, time and date; checksum and sizes; length of the name.
        let mut common = [20, entry.flags, entry.method, 0, 0].map(u16::to_le_bytes).concat();
        common.extend([crc.sum(), packed, plain].map(u32::to_le_bytes).concat());
        common.extend((entry.name.len() as u16).to_le_bytes());
        let mut extra = Vec::new();
        if zip64 {
            extra.extend([9, 9, 1, 0, 7]); // another field of one byte
            extra.extend([1, 0, 24, 0]); // the field of Zip64
            extra.extend([sizes[1], sizes[0], start].map(u64::to_le_bytes).concat());
        }
        let name = entry.name.as_bytes();
        // The extra field of a local header can differ from that of the directory.
        file.extend([b"PK\x03\x04", &common[..], &[3, 0], name, b"xyz", &entry.data].concat());
        directory.extend([b"PK\x01\x02\x14\0", &common[..]].concat());
        // Lengths of the extra field and the comment, three fields of attributes, the offset.
        directory.extend([extra.len() as u16, 2, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
        let offset = if zip64 { u32::MAX } else { start as u32 };
        directory.extend(offset.to_le_bytes());
        directory.extend([name, &extra, b"//"].concat());
    }
    let (start, length) = (file.len(), directory.len());
    file.extend(directory);
    let count = entries.len();
    if zip64 {
        let end = file.len() as u64;
        file.extend([b"PK\x06\x06", &[0; 20][..]].concat());
        let fields = [count, count, length, start].map(|value| (value as u64).to_le_bytes());
        file.extend(fields.concat());
        file.extend([b"PK\x06\x07", &[0; 4][..], &end.to_le_bytes(), &[1, 0, 0, 0]].concat());
    }
    let [count, start] = if zip64 { [usize::MAX; 2] } else { [count, start] };
    file.extend([b"PK\x05\x06", &[0; 4][..]].concat());
    file.extend([count as u16, count as u16].map(u16::to_le_bytes).concat());
    file.extend([length as u32, start as u32].map(u32::to_le_bytes).concat());
    file.extend([&[7, 0][..], b"comment"].concat());
    file
}

/// Writes an archive to a file, which lives as long as its folder.
fn written(archive: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.zip");
    fs::write(&path, archive).expect("written");
    (folder, path)
}

/// Reads all entries: their names and bytes, or the error.
fn read(archive: &[u8]) -> io::Result<Vec<(String, io::Result<Vec<u8>>)>> {
    let (_folder, path) = written(archive);
    let content = |entry: &ZipEntry| {
        let mut bytes = Vec::new();
        entry.open(&path, |raw| raw)?.take(1 << 20).read_to_end(&mut bytes).map(|_| bytes)
    };
    let directory = ZipDirectory::read(&path)?;
    Ok(directory.entries.iter().map(|entry| (entry.name.clone(), content(entry))).collect())
}

#[test]
fn entries_of_any_kind_are_listed_and_read() {
    let entries =
        [stored("one", b"first"), stored("folder/", b""), deflated("folder/two", &[7; 999])];
    for zip64 in [false, true] {
        let read = read(&archive(&entries, zip64)).expect("a directory");
        let [(one, first), (two, second)] = &read[..] else { panic!("{read:?}") };
        assert_eq!((&one[..], &two[..]), ("one", "folder/two"));
        assert_eq!(first.as_ref().expect("whole"), b"first");
        assert_eq!(second.as_ref().expect("whole"), &[7; 999]);
    }
    assert!(is_zip(&archive(&entries, false)) && is_zip(&archive(&[], false)));
}

#[test]
fn encrypted_and_unknown_entries_say_so() {
    let locked = Packed { flags: 1, ..stored("locked", b"data") };
    let unknown = Packed { method: 98, ..stored("ppmd", b"data") };
    let (_folder, path) = written(&archive(&[locked, unknown, stored("open", b"")], false));
    let directory = ZipDirectory::read(&path).expect("a directory");
    let obstacles: Vec<_> = directory.entries.iter().map(ZipEntry::obstacle).collect();
    let [Some(locked), Some(unknown), None] = &obstacles[..] else { panic!("{obstacles:?}") };
    assert!(locked.contains("encrypted") && unknown.contains("98"));
}

#[test]
fn a_damaged_or_cut_archive_is_an_error() {
    let wrong = Packed { data: b"fIrst".to_vec(), ..stored("one", b"first") };
    let damaged = read(&archive(&[wrong], false)).expect("a directory");
    let text = damaged[0].1.as_ref().expect_err("damaged").to_string();
    assert!(text.contains("checksum"), "{text}");
    let whole = archive(&[deflated("one", &[7; 999])], false);
    for cut in [4, 20, whole.len() / 2, whole.len() - 8] {
        read(&whole[..cut]).expect_err("cut");
    }
}

#[test]
fn entries_beyond_the_limit_are_counted() {
    let entries: Vec<_> = (0..MAX_ENTRIES + 3).map(|_| stored("x", b"")).collect();
    let (_folder, path) = written(&archive(&entries, true));
    let directory = ZipDirectory::read(&path).expect("a directory");
    assert_eq!((directory.entries.len(), directory.omitted), (MAX_ENTRIES, 3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn mutated_archives_never_panic_and_never_hang(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        zip64 in any::<bool>(),
    ) {
        let mut file = archive(&[stored("one", b"first"), deflated("two", &[7; 99])], zip64);
        for (at, value) in &changes {
            let at = at.index(file.len());
            file[at] = *value;
        }
        let _ = read(&file);
    }
}
