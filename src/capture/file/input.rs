//! The bytes of one capture, from a file or a pipe, decompressed if necessary.
//!
//! The magic decides what a file is, never its name. Plain files are read in large blocks straight
//! into the caller's buffer. Pipes and compressed streams are read in smaller pieces.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::super::fanout::wait_readable;
use super::super::problem::ProblemReason;
use super::decompress::Compression;
use super::zip::ZipEntry;

/// Time to wait for bytes from a pipe before control returns to the caller.
const POLL_TIME: Duration = Duration::from_millis(100);
/// Bytes per read from a pipe or a decompressor: the default capacity of a pipe.
const PIECE: usize = 64 << 10;
/// Length of the longest magic in bytes.
const MAGIC: usize = 4;

/// The result of [`Input::read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    /// At least one byte was appended.
    Bytes,
    /// The pipe has no bytes at the moment.
    Nothing,
    End,
}

/// One capture as a stream of decompressed bytes.
pub(in crate::capture) struct Input {
    stage: InputStage,
    /// Whether a read returns the available bytes instead of filling a block, so that packets
    /// from a pipe are not delayed.
    eager: bool,
    /// Whether the compressed stream was read to its end. A decoding error then means a
    /// truncated stream, not a damaged one.
    exhausted: Arc<AtomicBool>,
    /// An error that occurred after bytes had been read; the next call returns it.
    pending: Option<io::Error>,
}

enum InputStage {
    /// Nothing has been read yet.
    Fresh(Raw),
    Plain(Raw),
    Decoded(Box<dyn Read + Send>),
    /// A placeholder during the change from one stage to the next.
    Gone,
}

impl Input {
    /// Opens a file or a named pipe. `counter` counts the bytes read, before decompression.
    pub(in crate::capture) fn open(path: &Path, counter: Arc<AtomicU64>) -> io::Result<Input> {
        let file = File::open(path)?;
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let from = if kind.is_file() { From::File(file) } else { From::Pipe(file) };
        Ok(Input::new(from, counter))
    }

    /// Opens an entry of the zip archive at `path`, which may itself be compressed once more.
    pub(in crate::capture) fn zip_entry(
        path: &Path,
        entry: &ZipEntry,
        counter: Arc<AtomicU64>,
    ) -> io::Result<Input> {
        let data = entry.open(path, |raw| CountedReader { raw, counter })?;
        Ok(Input::new(From::Entry(data), Arc::default()))
    }

    /// Opens standard input.
    ///
    /// Does not read through [`io::stdin`], whose buffer would hide bytes from `poll`.
    pub(in crate::capture) fn stdin(counter: Arc<AtomicU64>) -> io::Result<Input> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Input::new(From::Pipe(file), counter))
    }

    fn new(from: From, counter: Arc<AtomicU64>) -> Input {
        let exhausted = Arc::new(AtomicBool::new(false));
        Input {
            eager: !matches!(from, From::File(_) | From::Entry(_)),
            stage: InputStage::Fresh(Raw { from, counter, exhausted: exhausted.clone() }),
            exhausted,
            pending: None,
        }
    }

    /// Wraps any stream, for tests.
    #[cfg(test)]
    pub(super) fn stream(stream: Box<dyn Read + Send>) -> Input {
        Input::new(From::Stream(stream), Arc::default())
    }

    /// Appends about `block` bytes; from a pipe, as many as are available.
    pub(super) fn read(&mut self, bytes: &mut Vec<u8>, block: usize) -> io::Result<ReadOutcome> {
        if let Some(error) = self.pending.take() {
            return Err(error);
        }
        match &mut self.stage {
            InputStage::Fresh(raw) => {
                let got = raw.read_block(bytes, block)?;
                if got == ReadOutcome::Nothing || (got == ReadOutcome::Bytes && bytes.len() < MAGIC)
                {
                    return Ok(got);
                }
                match std::mem::replace(&mut self.stage, InputStage::Gone) {
                    InputStage::Fresh(raw) => self.sniffed(raw, got, bytes, block),
                    _ => Ok(got),
                }
            }
            InputStage::Plain(raw) => raw.read_block(bytes, block),
            InputStage::Decoded(decoder) => {
                let start = bytes.len();
                loop {
                    match read_piece(decoder, bytes, PIECE) {
                        Ok(0) => break,
                        Ok(_) if self.eager || bytes.len() - start >= block => break,
                        Ok(_) => {}
                        Err(error) if bytes.len() == start => return Err(error),
                        Err(error) => {
                            self.pending = Some(error);
                            break;
                        }
                    }
                }
                Ok(if bytes.len() > start { ReadOutcome::Bytes } else { ReadOutcome::End })
            }
            InputStage::Gone => Ok(ReadOutcome::End),
        }
    }

    /// Classifies a read error: a truncated or damaged compressed stream, or a system error.
    pub(super) fn reason(&self, error: &io::Error) -> ProblemReason {
        match self.stage {
            InputStage::Decoded(_) if self.exhausted.load(Ordering::Relaxed) => {
                ProblemReason::Truncated
            }
            InputStage::Decoded(_) => ProblemReason::Decompression(error.to_string()),
            InputStage::Fresh(Raw { from: From::Entry(_), .. })
            | InputStage::Plain(Raw { from: From::Entry(_), .. }) => match error.kind() {
                ErrorKind::UnexpectedEof => ProblemReason::Truncated,
                _ => ProblemReason::Decompression(error.to_string()),
            },
            _ => ProblemReason::Unreadable(error.to_string()),
        }
    }

    /// Chooses between plain bytes and a decoder, by the first bytes.
    fn sniffed(
        &mut self,
        raw: Raw,
        got: ReadOutcome,
        bytes: &mut Vec<u8>,
        block: usize,
    ) -> io::Result<ReadOutcome> {
        match Compression::detect(bytes) {
            Some(compression) => {
                let head = io::Cursor::new(std::mem::take(bytes));
                self.stage = InputStage::Decoded(compression.decode(head.chain(raw)));
                self.read(bytes, block)
            }
            None => {
                self.stage = InputStage::Plain(raw);
                Ok(got)
            }
        }
    }
}

enum From {
    File(File),
    /// Standard input, a named pipe or a device: polled before each read.
    Pipe(File),
    /// An entry of a zip archive, decompressed.
    Entry(Box<dyn Read + Send>),
    #[cfg(test)]
    Stream(Box<dyn Read + Send>),
}

/// The bytes before decompression.
struct Raw {
    from: From,
    counter: Arc<AtomicU64>,
    exhausted: Arc<AtomicBool>,
}

impl Raw {
    fn read_block(&mut self, bytes: &mut Vec<u8>, block: usize) -> io::Result<ReadOutcome> {
        let read = match &mut self.from {
            // `read_to_end` writes into fresh memory without zeroing it first.
            From::File(file) => {
                bytes.reserve(block);
                file.take(block as u64).read_to_end(bytes)?
            }
            From::Entry(entry) => {
                bytes.reserve(block);
                entry.take(block as u64).read_to_end(bytes)?
            }
            From::Pipe(file) => {
                if !wait_readable(&[file.as_fd()], POLL_TIME)? {
                    return Ok(ReadOutcome::Nothing);
                }
                match read_piece(file, bytes, PIECE) {
                    // A non-blocking pipe, or another reader of the pipe was faster.
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        return Ok(ReadOutcome::Nothing);
                    }
                    read => read?,
                }
            }
            #[cfg(test)]
            From::Stream(stream) => read_piece(stream, bytes, PIECE)?,
        };
        self.counter.fetch_add(read as u64, Ordering::Relaxed);
        Ok(if read > 0 { ReadOutcome::Bytes } else { ReadOutcome::End })
    }
}

/// Feeds the decoders: counts the bytes they read and records the end of the input.
impl Read for Raw {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.from {
            From::File(file) | From::Pipe(file) => file.read(buf)?,
            From::Entry(entry) => entry.read(buf)?,
            #[cfg(test)]
            From::Stream(stream) => stream.read(buf)?,
        };
        self.counter.fetch_add(read as u64, Ordering::Relaxed);
        if read == 0 && !buf.is_empty() {
            self.exhausted.store(true, Ordering::Relaxed);
        }
        Ok(read)
    }
}

/// Counts the bytes that are read through it.
struct CountedReader<R> {
    raw: R,
    counter: Arc<AtomicU64>,
}

impl<R: Read> Read for CountedReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buf)?;
        self.counter.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Appends the bytes of one read, at most `piece`.
fn read_piece(from: &mut impl Read, bytes: &mut Vec<u8>, piece: usize) -> io::Result<usize> {
    let start = bytes.len();
    bytes.resize(start + piece, 0);
    let read = loop {
        match from.read(bytes.get_mut(start..).unwrap_or_default()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    bytes.truncate(start + read.as_ref().copied().unwrap_or(0).min(piece));
    read
}
