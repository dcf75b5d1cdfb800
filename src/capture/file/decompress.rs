//! Decompresses gzip, zstd and lz4 as streams, with any number of members.
//!
//! Memory is bounded whatever a header claims: a 32 KiB window for gzip, 4 MiB blocks for lz4,
//! [`MAX_ZSTD_WINDOW`] for zstd. If a zstd stream is truncated or damaged, the last window of good
//! data (512 KiB to 8 MiB in usual files) is lost too, because the decoder holds it back.

use std::io::{self, BufRead, BufReader, Read};

use lz4_flex::frame::FrameDecoder as Lz4Decoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder as ZstdDecoder};

/// Largest zstd window accepted, in bytes, as in the zstd tool without `--long=31`.
const MAX_ZSTD_WINDOW: u64 = 128 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
    Lz4,
}

impl Compression {
    /// Detects the compression from the first bytes of a file.
    pub(super) fn detect(bytes: &[u8]) -> Option<Compression> {
        match bytes {
            [0x1f, 0x8b, ..] => Some(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
            // A skippable frame, which parallel compressors write first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Compression::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Compression::Lz4),
            _ => None,
        }
    }

    /// Returns the decompressed stream of `raw`.
    pub(super) fn decode(self, raw: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        let raw = BufReader::with_capacity(64 << 10, raw);
        match self {
            Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
            Compression::Zstd => Box::new(ZstdFrames::new(raw)),
            Compression::Lz4 => Box::new(Lz4Frames::new(raw)),
        }
    }
}

/// Decodes concatenated zstd frames; skips skippable ones.
struct ZstdFrames<R> {
    raw: R,
    decoder: ZstdDecoder,
    in_frame: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(raw: R) -> Self {
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

/// Decodes concatenated lz4 frames.
struct Lz4Frames<R: BufRead> {
    /// `None` after the last frame.
    decoder: Option<Lz4Decoder<CountedReader<R>>>,
}

impl<R: BufRead> Lz4Frames<R> {
    fn new(raw: R) -> Self {
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

/// Discards `length` bytes.
fn skip(raw: &mut impl Read, length: u64) -> io::Result<()> {
    match io::copy(&mut raw.take(length), &mut io::sink())? {
        copied if copied == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn zstd(data: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn lz4(data: &[u8]) -> Vec<u8> {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(data).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn decode(compressed: Vec<u8>) -> (Vec<u8>, io::Result<usize>) {
        let compression = Compression::detect(&compressed).expect("a known magic");
        let mut out = Vec::new();
        let mut decoder = compression.decode(Cursor::new(compressed));
        let mut piece = [0u8; 777];
        loop {
            match decoder.read(&mut piece) {
                // After the end, each read must report the end again.
                Ok(0) => return (out, decoder.read(&mut piece)),
                Ok(read) => out.extend(&piece[..read]),
                Err(error) => return (out, Err(error)),
            }
        }
    }

    #[test]
    fn members_one_after_the_other_decode_as_one_stream() {
        let (one, two) = (vec![b'a'; 100_000], b"the second member".to_vec());
        for compress in [gzip, zstd, lz4] {
            let (data, end) = decode([compress(&one), compress(&[]), compress(&two)].concat());
            assert_eq!(end.expect("a whole stream"), 0);
            assert_eq!(data, [&one[..], &two].concat());
        }
    }

    #[test]
    fn a_skippable_zstd_frame_in_front_is_skipped() {
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'y', b'z'];
        let (data, end) = decode([&skippable[..], &zstd(b"data")].concat());
        end.expect("a whole stream");
        assert_eq!(data, b"data");
    }

    #[test]
    fn a_cut_stream_is_an_error_wherever_the_cut_is() {
        let data: Vec<u8> = (0..20_000u32).flat_map(u32::to_le_bytes).collect();
        for compress in [gzip, zstd, lz4] {
            let whole = compress(&data);
            for cut in [5, 100, whole.len() / 2, whole.len() - 1, whole.len() - 5] {
                let (part, end) = decode(whole[..cut].to_vec());
                assert!(end.is_err(), "cut at {cut} of {}", whole.len());
                assert!(data.starts_with(&part));
            }
        }
    }
}
