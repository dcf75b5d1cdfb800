//! Decompresses gzip, zstd, lz4, xz and bzip2 as streams, with any number of members.
//!
//! Memory is bounded whatever a header claims: a 32 KiB window for gzip, blocks of 4 MiB for lz4 and
//! 8 MiB for its legacy form, 900,000 bytes for bzip2, 128 MiB of window for zstd and xz. If a zstd
//! stream is truncated or damaged, the last window of good data (512 KiB to 8 MiB in usual files) is
//! lost too, because the decoder holds it back.

mod bzip2;
mod gzip;
mod lz4;
mod zstd;

use std::io::{BufReader, Read};

use bzip2::Bzip2Streams;
use gzip::GzipMembers;
use lz4::{LEGACY_MAGIC, Lz4Frames, Lz4Legacy};
use lzma_rust2::XzReader;
use zstd::ZstdFrames;

/// Memory for an xz stream in KiB: twice the dictionary of `xz -9`.
const MAX_XZ_MEMORY: u32 = 130 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
    Lz4,
    Lz4Legacy,
    Xz,
    Bzip2,
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
            _ if bytes.starts_with(&LEGACY_MAGIC) => Some(Compression::Lz4Legacy),
            [0xfd, b'7', b'z', b'X', ..] => Some(Compression::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Compression::Bzip2),
            _ => None,
        }
    }

    /// Returns the decompressed stream of `raw`.
    pub(super) fn decode(self, raw: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        let raw = BufReader::with_capacity(64 << 10, raw);
        match self {
            Compression::Gzip => Box::new(GzipMembers::new(raw)),
            Compression::Zstd => Box::new(ZstdFrames::new(raw)),
            Compression::Lz4 => Box::new(Lz4Frames::new(raw)),
            Compression::Lz4Legacy => Box::new(Lz4Legacy::new(raw)),
            Compression::Xz => Box::new(XzReader::new_mem_limit(raw, true, MAX_XZ_MEMORY)),
            Compression::Bzip2 => Box::new(Bzip2Streams::new(raw)),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
