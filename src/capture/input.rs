//! The bytes of one capture, from a file or a pipe, decompressed if need be.
//!
//! What a file is, its magic decides, never its name. Plain files are read straight into the
//! caller's buffer in large blocks; pipes and compressed streams in pieces as they come.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::decompress::Compression;
use super::fanout::wait_readable;
use super::problem::ProblemReason;

/// How long a pipe may be silent before the caller gets control back.
const POLL_TIME: Duration = Duration::from_millis(100);
/// What is read at once from pipes (the default capacity of one) and decompressors.
const PIECE: usize = 64 << 10;
/// As many bytes as the longest magic has.
const MAGIC: usize = 4;

/// What reading brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    /// At least one byte.
    Bytes,
    /// The pipe has nothing at the moment.
    Nothing,
    End,
}

/// One capture as a stream of decompressed bytes.
pub(super) struct Input {
    stage: InputStage,
    /// Whether to return what is there rather than fill a block: packets of a pipe are not
    /// kept waiting.
    eager: bool,
    /// Set once the compressed stream was read to its end: an error is then a cut, not damage.
    exhausted: Arc<AtomicBool>,
    /// An error that came after bytes, told at the next call.
    pending: Option<io::Error>,
}

enum InputStage {
    /// Nothing has been read yet.
    Fresh(Raw),
    Plain(Raw),
    Decoded(Box<dyn Read + Send>),
    /// Only while one stage turns into the next.
    Gone,
}

impl Input {
    /// A file or a named pipe. `counter` collects the bytes read from disk.
    pub(super) fn open(path: &Path, counter: Arc<AtomicU64>) -> io::Result<Input> {
        let file = File::open(path)?;
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let from = if kind.is_file() { From::File(file) } else { From::Pipe(file) };
        Ok(Input::new(from, counter))
    }

    /// Standard input. Not through [`io::stdin`], whose buffer would hide bytes from `poll`.
    pub(super) fn stdin(counter: Arc<AtomicU64>) -> io::Result<Input> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Input::new(From::Pipe(file), counter))
    }

    fn new(from: From, counter: Arc<AtomicU64>) -> Input {
        let exhausted = Arc::new(AtomicBool::new(false));
        Input {
            eager: !matches!(from, From::File(_)),
            stage: InputStage::Fresh(Raw { from, counter, exhausted: exhausted.clone() }),
            exhausted,
            pending: None,
        }
    }

    /// Any stream, as tests need it.
    #[cfg(test)]
    pub(super) fn stream(stream: Box<dyn Read + Send>) -> Input {
        Input::new(From::Stream(stream), Arc::default())
    }

    /// Appends about `block` bytes; from a pipe as many as are there.
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

    /// Why reading failed: the compressed stream was cut or is damaged, or the system refused.
    pub(super) fn reason(&self, error: &io::Error) -> ProblemReason {
        match self.stage {
            InputStage::Decoded(_) if self.exhausted.load(Ordering::Relaxed) => {
                ProblemReason::Truncated
            }
            InputStage::Decoded(_) => ProblemReason::Decompression(error.to_string()),
            _ => ProblemReason::Unreadable(error.to_string()),
        }
    }

    /// Goes on with a decoder if the first bytes say so.
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
    /// Standard input, a named pipe or the like: polled, and read as it comes.
    Pipe(File),
    #[cfg(test)]
    Stream(Box<dyn Read + Send>),
}

/// The bytes as they lie on disk.
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
            From::Pipe(file) => {
                if !wait_readable(&[file.as_fd()], POLL_TIME)? {
                    return Ok(ReadOutcome::Nothing);
                }
                match read_piece(file, bytes, PIECE) {
                    // A pipe without blocking, or one whose other reader was faster.
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

/// For the decoders: counts what they take and notes the end.
impl Read for Raw {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.from {
            From::File(file) | From::Pipe(file) => file.read(buf)?,
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

/// Appends what one read brings, at most `piece` bytes.
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
