use std::io::{self, Cursor, Write};

use proptest::prelude::*;

use super::*;

pub(in super::super) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).expect("in memory");
    encoder.finish().expect("in memory")
}

pub(in super::super) fn zstd(data: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(in super::super) fn lz4(data: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(data).expect("in memory");
    encoder.finish().expect("in memory")
}

pub(in super::super) fn lz4_legacy(data: &[u8]) -> Vec<u8> {
    let mut out = lz4::LEGACY_MAGIC.to_vec();
    for block in data.chunks(lz4::LEGACY_BLOCK) {
        let packed = lz4_flex::block::compress(block);
        out.extend((packed.len() as u32).to_le_bytes());
        out.extend(packed);
    }
    out
}

pub(in super::super) fn xz(data: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("in memory");
    encoder.write_all(data).expect("in memory");
    encoder.finish().expect("in memory")
}

/// Compresses bytes.
pub(in super::super) type Packer = fn(&[u8]) -> Vec<u8>;

/// All that there is an encoder for.
pub(in super::super) const PACKERS: [Packer; 5] = [gzip, zstd, lz4, lz4_legacy, xz];

/// `the second member`, as bzip2 1.0.8 packs it.
const BZIP2_TEXT: [u8; 54] = [
    b'B', b'Z', b'h', b'9', // level
    0x31, 0x41, 0x59, 0x26, 0x53, 0x59, // a block
    0x8e, 0x4d, 0x46, 0x29, // its checksum
    0x00, 0x00, 0x08, 0x11, 0x80, 0x40, 0x00, 0x1e, 0x43, 0x9c, 0x00, 0x20, 0x00, 0x31, 0x03, 0x40,
    0xd0, 0x20, 0x9e, 0x86, 0x8d, 0x20, 0x9b, 0x82, 0x54, 0x9e, 0xbc, 0x48, 0x0e, 0xf8, //
    0xbb, 0x92, 0x29, 0xc2, 0x84, 0x84, // the end, no longer at whole bytes
    0x72, 0x6a, 0x31, 0x48,
];
/// 100,000 times `a`, at the lowest level.
const BZIP2_RUN: [u8; 47] = [
    b'B', b'Z', b'h', b'1', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0x43, 0x51, 0xd9, 0xf5, 0x00, 0x00,
    0xc6, 0x11, 0x00, 0x84, 0x00, 0x20, 0x00, 0x00, 0x08, 0x20, 0x00, 0x30, 0xcc, 0x05, 0x29, 0xa7,
    0x18, 0x42, 0xd8, 0x10, 0xbc, 0x5d, 0xc9, 0x14, 0xe1, 0x42, 0x41, 0x0d, 0x47, 0x67, 0xd4,
];
/// Nothing: a header, the end, the checksum of no blocks.
const BZIP2_EMPTY: [u8; 14] =
    [b'B', b'Z', b'h', b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, 0x00, 0x00, 0x00, 0x00];

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
    for compress in PACKERS {
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
    for compress in PACKERS {
        let whole = compress(&data);
        for cut in [5, 100, whole.len() / 2, whole.len() - 1, whole.len() - 5] {
            let (part, end) = decode(whole[..cut].to_vec());
            assert!(end.is_err(), "cut at {cut} of {}", whole.len());
            assert!(data.starts_with(&part));
        }
    }
}

#[test]
fn bzip2_streams_one_after_the_other_decode_as_one() {
    let stream = [&BZIP2_RUN[..], &BZIP2_EMPTY, &BZIP2_TEXT, &BZIP2_RUN].concat();
    let (data, end) = decode(stream);
    assert_eq!(end.expect("a whole stream"), 0);
    let run = vec![b'a'; 100_000];
    assert!(data == [&run[..], b"the second member", &run].concat());
}

#[test]
fn a_cut_bzip2_stream_is_an_error_wherever_the_cut_is() {
    for cut in 4..BZIP2_TEXT.len() {
        let (part, end) = decode(BZIP2_TEXT[..cut].to_vec());
        let error = end.expect_err("a cut stream");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "cut at {cut}");
        assert!(b"the second member".starts_with(&part[..]));
    }
}

#[test]
fn what_follows_a_stream_is_nothing_if_zero_and_an_error_otherwise() {
    // xz pads in units of four bytes; gzip is padded to the blocks of a tape.
    for compress in [gzip, xz] {
        let (data, end) = decode([compress(b"data"), vec![0; 512]].concat());
        end.expect("only padding");
        assert_eq!(data, b"data");
    }
    let bzip2 = |_: &[u8]| BZIP2_TEXT.to_vec();
    for packed in [gzip(b"data"), zstd(b"data"), lz4(b"data"), xz(b"data"), bzip2(b"")] {
        let (data, end) = decode([packed, b"garbage behind it".to_vec()].concat());
        end.expect_err("garbage");
        assert!(!data.is_empty());
    }
}

#[test]
fn an_xz_dictionary_beyond_the_limit_is_refused() {
    let mut options = lzma_rust2::XzOptions::with_preset(0);
    options.lzma_options.dict_size = 256 << 20;
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("in memory");
    encoder.write_all(b"data").expect("in memory");
    let (_, end) = decode(encoder.finish().expect("in memory"));
    end.expect_err("more memory than allowed");
}

proptest! {
    #[test]
    fn damaged_streams_never_panic_and_never_hang(
        changes in prop::collection::vec((4usize..2000, any::<u8>()), 1..12),
        data in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        let packed = PACKERS.map(|compress| compress(&data));
        let bzip2 = [BZIP2_TEXT.to_vec(), BZIP2_RUN.to_vec()];
        for mut stream in packed.into_iter().chain(bzip2) {
            for (at, value) in &changes {
                let at = 4 + at % (stream.len() - 4);
                stream[at] = *value;
            }
            let _ = decode(stream);
        }
    }
}
