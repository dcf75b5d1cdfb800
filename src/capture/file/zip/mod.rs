//! Lists the entries of a zip archive, and opens one as a stream.
//!
//! Reads the directory at the archive's end, also of Zip64. Never panics, and holds at most
//! [`MAX_ENTRIES`] entries whatever the directory claims.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use super::bytes::chunk;
use super::decompress::Compression;

/// Entries read per archive. A day in files of one minute has 1440.
const MAX_ENTRIES: usize = 4096;
/// Bytes of an entry's name that are kept: the longest path of Linux.
const MAX_NAME: usize = 4096;
/// Bytes of an entry's extra fields that are kept: the sizes of Zip64 stand among the first.
const MAX_EXTRA: usize = 4096;

/// Lengths of the fixed parts: local header, directory entry, end of the directory and, for
/// Zip64, its locator and its end of the directory.
const LOCAL: usize = 30;
const ENTRY: usize = 46;
const END: usize = 22;
const LOCATOR: usize = 20;
const END_64: usize = 56;
/// Longest comment, which stands behind the end of the directory.
const MAX_COMMENT: usize = u16::MAX as usize;
/// Stands for a value in the fields of Zip64.
const IN_ZIP64: u64 = u32::MAX as u64;
/// The extra field of Zip64.
const ZIP64_EXTRA: u16 = 1;

/// One file in an archive.
#[derive(Clone, Debug)]
pub(in crate::capture) struct ZipEntry {
    /// Replacement characters stand for what is not UTF-8.
    pub name: String,
    /// Bytes in the archive.
    pub compressed: u64,
    size: u64,
    crc: u32,
    method: u16,
    encrypted: bool,
    /// Offset of the local header.
    start: u64,
}

/// The entries of an archive, without folders.
#[derive(Debug, Default)]
pub(in crate::capture) struct ZipDirectory {
    pub entries: Vec<ZipEntry>,
    /// Entries beyond [`MAX_ENTRIES`].
    pub omitted: u64,
}

/// Whether the first bytes of a file are a zip archive's.
pub(in crate::capture) fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    chunk(bytes, at).map_or(0, |field| u16::from_le_bytes(*field))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    chunk(bytes, at).map_or(0, |field| u32::from_le_bytes(*field))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    chunk(bytes, at).map_or(0, |field| u64::from_le_bytes(*field))
}

fn damaged(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

impl ZipDirectory {
    /// Reads the directory of an archive. Fails if it has none: it was cut, or is damaged.
    pub(in crate::capture) fn read(path: &Path) -> io::Result<ZipDirectory> {
        let mut file = File::open(path)?;
        let (start, count) = find_directory(&mut file)?;
        file.seek(SeekFrom::Start(start))?;
        let mut raw = BufReader::new(file);
        let mut directory = ZipDirectory::default();
        for number in 0..count {
            if directory.entries.len() >= MAX_ENTRIES {
                directory.omitted = count - number;
                break;
            }
            let entry = ZipEntry::read(&mut raw)?;
            if !entry.name.ends_with('/') {
                directory.entries.push(entry);
            }
        }
        Ok(directory)
    }
}

/// Finds where the directory starts, and how many entries it has.
fn find_directory(file: &mut File) -> io::Result<(u64, u64)> {
    let length = file.metadata()?.len();
    let tail_start = length.saturating_sub((END + MAX_COMMENT + LOCATOR) as u64);
    file.seek(SeekFrom::Start(tail_start))?;
    let mut tail = Vec::new();
    file.by_ref().take(length - tail_start).read_to_end(&mut tail)?;
    // The last one whose comment fits in.
    let end = (0..(tail.len() + 1).saturating_sub(END))
        .rev()
        .find(|&at| {
            tail.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x05\x06"))
                && at + END + usize::from(u16_at(&tail, at + 20)) <= tail.len()
        })
        .ok_or_else(|| damaged("a zip archive without its directory; it may be cut"))?;
    let count = u64::from(u16_at(&tail, end + 10));
    let start = u64::from(u32_at(&tail, end + 16));
    let locator = end.checked_sub(LOCATOR).and_then(|at| tail.get(at..end));
    match locator {
        Some(locator) if locator.starts_with(b"PK\x06\x07") => {
            file.seek(SeekFrom::Start(u64_at(locator, 8)))?;
            let mut end_64 = [0; END_64];
            file.read_exact(&mut end_64)?;
            if !end_64.starts_with(b"PK\x06\x06") {
                return Err(damaged("a Zip64 archive without its directory"));
            }
            Ok((u64_at(&end_64, 48), u64_at(&end_64, 32)))
        }
        _ => Ok((start, count)),
    }
}

/// Reads `length` bytes and returns the first `kept` of them.
fn read_field(raw: &mut impl Read, length: u16, kept: usize) -> io::Result<Vec<u8>> {
    let mut field = vec![0; usize::from(length)];
    raw.read_exact(&mut field)?;
    field.truncate(kept);
    Ok(field)
}

impl ZipEntry {
    /// Reads an entry of the directory.
    fn read(raw: &mut impl Read) -> io::Result<ZipEntry> {
        let mut fixed = [0; ENTRY];
        raw.read_exact(&mut fixed)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return Err(damaged("a damaged zip directory"));
        }
        let name = read_field(raw, u16_at(&fixed, 28), MAX_NAME)?;
        let extra = read_field(raw, u16_at(&fixed, 30), MAX_EXTRA)?;
        read_field(raw, u16_at(&fixed, 32), 0)?;
        let mut entry = ZipEntry {
            name: String::from_utf8_lossy(&name).into_owned(),
            compressed: u32_at(&fixed, 20).into(),
            size: u32_at(&fixed, 24).into(),
            crc: u32_at(&fixed, 16),
            method: u16_at(&fixed, 10),
            encrypted: u16_at(&fixed, 8) & 1 == 1,
            start: u32_at(&fixed, 42).into(),
        };
        // In Zip64, an extra field has what does not fit, in this order.
        let mut values = zip64_values(&extra);
        for field in [&mut entry.size, &mut entry.compressed, &mut entry.start] {
            if *field == IN_ZIP64
                && let Some(value) = values.next()
            {
                *field = value;
            }
        }
        Ok(entry)
    }

    /// Says why the entry cannot be read, if it cannot.
    pub(in crate::capture) fn obstacle(&self) -> Option<String> {
        if self.encrypted {
            return Some("encrypted; unpack it with its password first".to_owned());
        }
        match self.method {
            0 | 8 | 12 | 93 | 95 => None,
            method => Some(format!("compression method {method} of zip is not supported")),
        }
    }

    /// Opens the entry of the archive at `path` as a stream, which ends with an error if it is
    /// damaged. `wrap` gets the compressed bytes.
    pub(super) fn open<R: Read + Send + 'static>(
        &self,
        path: &Path,
        wrap: impl FnOnce(io::Take<File>) -> R,
    ) -> io::Result<Box<dyn Read + Send>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(self.start))?;
        let mut local = [0; LOCAL];
        file.read_exact(&mut local)?;
        if !local.starts_with(b"PK\x03\x04") {
            return Err(damaged("a damaged zip entry"));
        }
        let names = i64::from(u16_at(&local, 26)) + i64::from(u16_at(&local, 28));
        file.seek(SeekFrom::Current(names))?;
        let raw = wrap(file.take(self.compressed));
        let data: Box<dyn Read + Send> = match self.method {
            0 => Box::new(raw),
            8 => Box::new(flate2::read::DeflateDecoder::new(raw)),
            12 => Compression::Bzip2.decode(raw),
            93 => Compression::Zstd.decode(raw),
            95 => Compression::Xz.decode(raw),
            _ => return Err(ErrorKind::Unsupported.into()),
        };
        Ok(Box::new(CheckedEntry { data, sum: flate2::Crc::new(), crc: self.crc, left: self.size }))
    }
}

/// The values of the extra field of Zip64.
fn zip64_values(extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut at = 0;
    let mut found = Vec::new();
    while at + 4 <= extra.len() {
        let (kind, length) = (u16_at(extra, at), usize::from(u16_at(extra, at + 2)));
        if kind == ZIP64_EXTRA {
            let field = extra.get(at + 4..).unwrap_or_default();
            found = field.get(..length.min(field.len())).unwrap_or_default().to_vec();
            break;
        }
        at += 4 + length;
    }
    (0..found.len() / 8).map(move |i| u64_at(&found, 8 * i))
}

/// An entry's bytes; compares length and checksum at their end.
struct CheckedEntry {
    data: Box<dyn Read + Send>,
    sum: flate2::Crc,
    crc: u32,
    left: u64,
}

impl Read for CheckedEntry {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.data.read(buf)?;
        if read == 0 && !buf.is_empty() {
            if self.left > 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if self.sum.sum() != self.crc {
                return Err(damaged("zip checksum mismatch"));
            }
        }
        self.sum.update(buf.get(..read).unwrap_or_default());
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
