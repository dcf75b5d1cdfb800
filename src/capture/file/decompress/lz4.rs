//! Decodes lz4 streams: frames as of today, and the legacy ones of `lz4 -l`.

use std::io::{self, BufRead, Read};

use lz4_flex::frame::FrameDecoder as Lz4Decoder;

/// Magic of a legacy frame.
pub(super) const LEGACY_MAGIC: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];
/// Bytes of a legacy block, decompressed: the format has this size alone.
pub(super) const LEGACY_BLOCK: usize = 8 << 20;
/// Most bytes of a compressed block: `LZ4_compressBound` of [`LEGACY_BLOCK`].
const MAX_LEGACY_COMPRESSED: u32 = (LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16) as u32;

/// Decodes concatenated lz4 frames.
pub(super) struct Lz4Frames<R: BufRead> {
    /// `None` after the last frame.
    decoder: Option<Lz4Decoder<CountedReader<R>>>,
}

impl<R: BufRead> Lz4Frames<R> {
    pub(super) fn new(raw: R) -> Self {
        Lz4Frames { decoder: Some(Lz4Decoder::new(CountedReader { raw, ended: false })) }
    }
}

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            let read = decoder.read(buf)?;
            if read > 0 {
                return Ok(read);
            }
            // The decoder returns 0 at the end of a frame, but also if the input ends inside one.
            let input = decoder.get_mut();
            if input.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if input.raw.fill_buf()?.is_empty() {
                self.decoder = None;
                return Ok(0);
            }
            // Each frame gets a fresh decoder: its buffers are sized by the frame's header.
            self.decoder = self.decoder.take().map(|decoder| Lz4Decoder::new(decoder.into_inner()));
        }
    }
}

/// Records whether the lz4 decoder tried to read beyond the end of the input.
///
/// The decoder itself does not distinguish a truncated stream from a complete one.
struct CountedReader<R> {
    raw: R,
    ended: bool,
}

impl<R: Read> Read for CountedReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buf)?;
        self.ended |= read == 0 && !buf.is_empty();
        Ok(read)
    }
}

/// Decodes concatenated legacy frames: after a magic, blocks with their length in front.
pub(super) struct Lz4Legacy<R> {
    raw: R,
    block: Vec<u8>,
    /// Bytes of `block` already returned.
    returned: usize,
    compressed: Vec<u8>,
}

impl<R: BufRead> Lz4Legacy<R> {
    pub(super) fn new(raw: R) -> Self {
        Lz4Legacy { raw, block: Vec::new(), returned: 0, compressed: Vec::new() }
    }

    /// Decodes the next block; `false` at the end of the stream.
    fn next_block(&mut self) -> io::Result<bool> {
        let mut word = [0; 4];
        loop {
            if self.raw.fill_buf()?.is_empty() {
                return Ok(false);
            }
            self.raw.read_exact(&mut word)?;
            if word != LEGACY_MAGIC {
                break;
            }
        }
        let length = u32::from_le_bytes(word);
        if length > MAX_LEGACY_COMPRESSED {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an lz4 block too long"));
        }
        self.compressed.clear();
        // `take` and `read_to_end` allocate what is there, not what a header claims.
        let read = (&mut self.raw).take(length.into()).read_to_end(&mut self.compressed)?;
        if read < length as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.block.resize(LEGACY_BLOCK, 0);
        let decoded = lz4_flex::block::decompress_into(&self.compressed, &mut self.block)
            .map_err(io::Error::other)?;
        self.block.truncate(decoded);
        self.returned = 0;
        Ok(true)
    }
}

impl<R: BufRead> Read for Lz4Legacy<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.returned == self.block.len() {
            if !self.next_block()? {
                return Ok(0);
            }
        }
        let left = self.block.get(self.returned..).unwrap_or_default();
        let read = left.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(left) {
            *to = *from;
        }
        self.returned += read;
        Ok(read)
    }
}
