//! Decodes zstd streams of any number of frames.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder as ZstdDecoder};

/// Largest zstd window accepted, in bytes, as in the zstd tool without `--long=31`.
const MAX_ZSTD_WINDOW: u64 = 128 << 20;

/// Decodes concatenated zstd frames; skips skippable ones.
pub(super) struct ZstdFrames<R> {
    raw: R,
    decoder: ZstdDecoder,
    in_frame: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    pub(super) fn new(raw: R) -> Self {
        let mut decoder = ZstdDecoder::new();
        decoder.set_max_window_size(MAX_ZSTD_WINDOW);
        ZstdFrames { raw, decoder, in_frame: false }
    }

    /// Moves to the next frame with data; `false` at the end of the stream.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.raw.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.raw) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => skip(&mut self.raw, u64::from(length))?,
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                if !self.next_frame()? {
                    return Ok(0);
                }
                self.in_frame = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.raw, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            let read = Read::read(&mut self.decoder, buf)?;
            if read > 0 {
                return Ok(read);
            }
            self.in_frame = false;
            if let Some(sum) = self.decoder.get_checksum_from_data()
                && Some(sum) != self.decoder.get_calculated_checksum()
            {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "zstd checksum mismatch"));
            }
        }
    }
}

/// Discards `length` bytes.
fn skip(raw: &mut impl Read, length: u64) -> io::Result<()> {
    match io::copy(&mut raw.take(length), &mut io::sink())? {
        copied if copied == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
