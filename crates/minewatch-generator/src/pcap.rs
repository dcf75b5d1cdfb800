//! Writes capture files: classic pcap with microseconds, the format that everything reads.

use std::io::{self, Write};

/// A frame and when it was seen, in microseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub time: u64,
    pub bytes: Vec<u8>,
}

/// Writes one frame after the other.
pub struct Writer<'a> {
    out: &'a mut dyn Write,
    written: u64,
}

impl<'a> Writer<'a> {
    /// Begins a capture of `link_type`.
    pub fn new(out: &'a mut dyn Write, link_type: u32) -> io::Result<Self> {
        const SNAPLEN: u32 = 262_144;
        out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        out.write_all(&SNAPLEN.to_le_bytes())?;
        out.write_all(&link_type.to_le_bytes())?;
        Ok(Writer { out, written: 24 })
    }

    /// Writes a frame that was seen at `time`, in microseconds since the Unix epoch.
    pub fn frame(&mut self, time: u64, bytes: &[u8]) -> io::Result<()> {
        let length = (bytes.len() as u32).to_le_bytes();
        self.out.write_all(&((time / 1_000_000) as u32).to_le_bytes())?;
        self.out.write_all(&((time % 1_000_000) as u32).to_le_bytes())?;
        self.out.write_all(&length)?;
        self.out.write_all(&length)?;
        self.written += 16 + bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }
}

/// Writes `frames`, in order of time, as a capture of `link_type`.
pub fn write(out: &mut dyn Write, link_type: u32, frames: &[Frame]) -> io::Result<()> {
    let mut writer = Writer::new(out, link_type)?;
    let mut sorted: Vec<&Frame> = frames.iter().collect();
    sorted.sort_by_key(|frame| frame.time);
    sorted.into_iter().try_for_each(|frame| writer.frame(frame.time, &frame.bytes))
}

/// Bytes of a capture file with these frames: a header of 24, and 16 for each frame.
pub fn size(frames: &[Frame]) -> usize {
    24 + frames.iter().map(|frame| 16 + frame.bytes.len()).sum::<usize>()
}
