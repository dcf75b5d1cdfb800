//! Writes capture files: classic pcap with microseconds, the format that everything reads.

use std::io::{self, Write};

/// A frame and when it was seen, in microseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub time: u64,
    pub bytes: Vec<u8>,
}

/// Writes `frames`, in order of time, as a capture of `link_type`.
pub fn write(out: &mut dyn Write, link_type: u32, frames: &[Frame]) -> io::Result<()> {
    const SNAPLEN: u32 = 262_144;
    out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
    out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
    out.write_all(&SNAPLEN.to_le_bytes())?;
    out.write_all(&link_type.to_le_bytes())?;
    let mut sorted: Vec<&Frame> = frames.iter().collect();
    sorted.sort_by_key(|frame| frame.time);
    for frame in sorted {
        let length = (frame.bytes.len() as u32).to_le_bytes();
        out.write_all(&((frame.time / 1_000_000) as u32).to_le_bytes())?;
        out.write_all(&((frame.time % 1_000_000) as u32).to_le_bytes())?;
        out.write_all(&length)?;
        out.write_all(&length)?;
        out.write_all(&frame.bytes)?;
    }
    Ok(())
}

/// Bytes of a capture file with these frames: a header of 24, and 16 for each frame.
pub fn size(frames: &[Frame]) -> usize {
    24 + frames.iter().map(|frame| 16 + frame.bytes.len()).sum::<usize>()
}
