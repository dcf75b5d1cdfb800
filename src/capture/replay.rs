//! Replays capture files, folders of them, or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{PacketBatch, Timestamp};

use super::file::{CaptureFile, Input, ZipDirectory, ZipEntry, is_zip};
use super::filter::PacketFilter;
use super::merge::{Merge, WaitingFile};
use super::problem::{CaptureError, ProblemReason, name_of};
use super::stats::CaptureStats;
use super::{FillOutcome, Progress, Source};

/// Bytes per read while looking for the first packet of a file.
const PROBE_BLOCK: usize = 64 << 10;
/// Depth of folders read below a named one: a deeper tree is a loop or a mistake.
const MAX_DEPTH: usize = 64;
/// The path that means standard input.
const STDIN: &str = "-";

/// Options of a replay.
#[derive(Clone, Debug, Default)]
pub struct ReplayOptions {
    /// A filter in tcpdump's language; packets it rejects are counted and left out.
    pub filter: Option<String>,
}

/// Opens files, folders (recursively, in time order) or `-` for standard input.
///
/// One file keeps its packet order; several are merged by packet time. Fails if a path does not
/// exist, a folder holds no capture, a pipe is among several paths, or the filter is wrong. A
/// problem inside a file appears in [`Source::stats`].
pub fn open_replay(
    paths: &[PathBuf],
    options: &ReplayOptions,
) -> Result<Box<dyn Source>, CaptureError> {
    let filter = options.filter.as_deref().map(PacketFilter::new).transpose()?;
    let mut replay = ReplaySource { merge: Merge::new(filter), read: Arc::default(), total: None };
    match paths {
        [] => return Err(CaptureError::NoInput),
        [path] if is_pipe(path)? => replay.add_pipe(path),
        _ => replay.add_files(paths)?,
    }
    Ok(Box::new(replay))
}

/// Capture files in time order, or one pipe.
struct ReplaySource {
    merge: Merge,
    /// Bytes read from all files, before decompression.
    read: Arc<AtomicU64>,
    /// Size of all files in bytes on disk; `None` for a pipe.
    total: Option<u64>,
}

impl Source for ReplaySource {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError> {
        Ok(self.merge.fill(batch))
    }

    fn stats(&mut self) -> CaptureStats {
        self.merge.stats.clone()
    }

    fn progress(&self) -> Option<Progress> {
        let total = self.total?;
        // A file that grows while it is read must not show more than 100 %.
        Some(Progress { done: self.read.load(Ordering::Relaxed).min(total), total })
    }
}

/// Whether a file's name has the extension of a capture, compressed or not.
fn calls_itself_a_capture(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let plain =
        [".gz", ".zst", ".lz4", ".xz", ".bz2"].iter().find_map(|end| name.strip_suffix(end));
    let plain = plain.unwrap_or(&name);
    [".pcap", ".pcapng", ".cap"].iter().any(|end| plain.ends_with(end))
}

/// What the start of a file contains.
enum FileProbe {
    FirstPacket(Timestamp),
    /// A capture without packets, or an unreadable or damaged file; its problems are reported.
    NoPackets,
    NotACapture(ProblemReason),
}

impl ReplaySource {
    fn add_pipe(&mut self, path: &Path) {
        let (path, name, counter) = (path.to_owned(), name_of(path), self.read.clone());
        let open = move || match path.as_os_str() == STDIN {
            true => Input::stdin(counter),
            false => Input::open(&path, counter),
        };
        let pending = pending_file(Timestamp::ZERO, name, open);
        self.merge.add(vec![pending]);
    }

    fn add_files(&mut self, paths: &[PathBuf]) -> Result<(), CaptureError> {
        let mut pending = Vec::new();
        for path in paths {
            if is_pipe(path)? {
                return Err(CaptureError::PipeAmongFiles { path: name_of(path) });
            } else if path.is_dir() {
                self.add_folder(path, &mut pending)?;
            } else if holds_zip(path) {
                if !self.add_zip(path, &mut pending) {
                    self.merge.stats.report(&name_of(path), None, ProblemReason::NotACapture);
                }
            } else if paths.len() == 1 {
                // A single file needs no time to be sorted by.
                pending.push(self.file(path, Timestamp::ZERO));
            } else {
                match self.probe(name_of(path), Input::open(path, Arc::default())) {
                    FileProbe::FirstPacket(first) => pending.push(self.file(path, first)),
                    FileProbe::NoPackets => {}
                    FileProbe::NotACapture(reason) => {
                        self.merge.stats.report(&name_of(path), None, reason);
                    }
                }
            }
        }
        // A stable sort: files with the same start time keep the given order, or that of names.
        pending.sort_by_key(|pending| pending.first);
        self.total.get_or_insert(0);
        self.merge.add(pending);
        Ok(())
    }

    fn add_folder(
        &mut self,
        folder: &Path,
        pending: &mut Vec<WaitingFile>,
    ) -> Result<(), CaptureError> {
        let mut any = false;
        let reported = self.merge.stats.problems.len();
        for path in self.files_below(folder) {
            if holds_zip(&path) {
                any |= self.add_zip(&path, pending);
                continue;
            }
            match self.probe(name_of(&path), Input::open(&path, Arc::default())) {
                FileProbe::FirstPacket(first) => pending.push(self.file(&path, first)),
                FileProbe::NoPackets => {}
                // Folders hold other files too: only one with a capture's name must be a capture.
                FileProbe::NotACapture(_) if !calls_itself_a_capture(&path) => continue,
                FileProbe::NotACapture(reason) => {
                    self.merge.stats.report(&name_of(&path), None, reason);
                }
            }
            any = true;
        }
        // What could not be looked into may hold captures.
        any |= self.merge.stats.problems.len() > reported;
        match any {
            true => Ok(()),
            false => Err(CaptureError::EmptyFolder { path: name_of(folder) }),
        }
    }

    /// Adds the entries of a zip archive that are captures. Returns `false` if there are none.
    fn add_zip(&mut self, path: &Path, pending: &mut Vec<WaitingFile>) -> bool {
        let directory = match ZipDirectory::read(path) {
            Ok(directory) => directory,
            Err(error) => {
                self.merge.stats.report(&name_of(path), None, unreadable(error));
                return true;
            }
        };
        let mut any = false;
        for entry in directory.entries {
            let name = format!("{}/{}", name_of(path), entry.name);
            if let Some(obstacle) = entry.obstacle() {
                self.merge.stats.report(&name, None, ProblemReason::ZipEntry(obstacle));
                any = true;
                continue;
            }
            let input = Input::zip_entry(path, &entry, Arc::default());
            match self.probe(name.clone(), input) {
                FileProbe::FirstPacket(first) => {
                    pending.push(self.zip_entry(path, name, entry, first));
                }
                FileProbe::NoPackets => {}
                FileProbe::NotACapture(_) if !calls_itself_a_capture(Path::new(&name)) => continue,
                FileProbe::NotACapture(reason) => self.merge.stats.report(&name, None, reason),
            }
            any = true;
        }
        if let entries @ 1.. = directory.omitted {
            let reason = ProblemReason::ZipEntriesOmitted { entries };
            self.merge.stats.report(&name_of(path), None, reason);
        }
        any
    }

    /// Adds an entry of a zip archive to the total; it is opened when its first packet is due.
    fn zip_entry(
        &mut self,
        path: &Path,
        name: String,
        entry: ZipEntry,
        first: Timestamp,
    ) -> WaitingFile {
        self.total = Some(self.total.unwrap_or(0) + entry.compressed);
        let (path, counter) = (path.to_owned(), self.read.clone());
        pending_file(first, name, move || Input::zip_entry(&path, &entry, counter))
    }

    /// Returns the files below a folder, sorted by path. Does not follow links to folders.
    fn files_below(&mut self, folder: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.merge.stats.report(&name_of(&folder), None, unreadable(error));
                    continue;
                }
            };
            for entry in entries.flatten() {
                let path = entry.path();
                if path.is_file() {
                    files.push(path);
                } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) && depth < MAX_DEPTH {
                    folders.push((path, depth + 1));
                }
            }
        }
        files.sort();
        files
    }

    /// Reads a file up to its first packet.
    fn probe(&mut self, name: String, input: io::Result<Input>) -> FileProbe {
        let mut file = match input {
            Ok(input) => CaptureFile::new(input, name),
            Err(error) => {
                self.merge.stats.report(&name, None, unreadable(error));
                return FileProbe::NoPackets;
            }
        };
        let (mut batch, mut stats) = (PacketBatch::default(), CaptureStats::default());
        file.fill(&mut batch, PROBE_BLOCK, &mut stats);
        if let Some(record) = batch.records.first() {
            return FileProbe::FirstPacket(record.time);
        }
        if let Some(not) = stats.problems.iter().find(|p| p.reason.is_not_a_capture()) {
            return FileProbe::NotACapture(not.reason.clone());
        }
        self.merge.stats.unsupported += stats.unsupported;
        for problem in stats.problems {
            self.merge.stats.report(&problem.origin, problem.offset, problem.reason);
        }
        FileProbe::NoPackets
    }

    /// Adds a file to the total; it is opened when its first packet is due.
    fn file(&mut self, path: &Path, first: Timestamp) -> WaitingFile {
        let size = path.metadata().map_or(0, |metadata| metadata.len());
        self.total = Some(self.total.unwrap_or(0) + size);
        let (path, name, counter) = (path.to_owned(), name_of(path), self.read.clone());
        pending_file(first, name, move || Input::open(&path, counter))
    }
}

/// Returns a file or pipe that is opened when its first packet is due.
fn pending_file(
    first: Timestamp,
    name: String,
    open: impl FnOnce() -> io::Result<Input> + Send + 'static,
) -> WaitingFile {
    let shown = name.clone();
    let open = move || open().map(|input| CaptureFile::new(input, shown)).map_err(unreadable);
    WaitingFile { first, name, late: false, open: Box::new(open) }
}

/// Whether a path is standard input, a named pipe or a device, which can be read only once.
fn is_pipe(path: &Path) -> Result<bool, CaptureError> {
    if path.as_os_str() == STDIN {
        return Ok(true);
    }
    match path.metadata() {
        Ok(metadata) => Ok(!metadata.is_file() && !metadata.is_dir()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(CaptureError::NotFound { path: name_of(path) })
        }
        // Opening it fails later and is reported; the rest of the input is still read.
        Err(_) => Ok(false),
    }
}

/// Whether a path is a file that begins as a zip archive.
fn holds_zip(path: &Path) -> bool {
    let mut start = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && is_zip(&start)
}

fn unreadable(error: io::Error) -> ProblemReason {
    ProblemReason::Unreadable(error.to_string())
}
