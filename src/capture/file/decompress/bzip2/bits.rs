//! Reads the bits of a bzip2 stream.

use std::io::{self, BufRead};

/// Reads bits, the highest of each byte first.
pub(super) struct BitReader<R> {
    raw: R,
    bits: u64,
    count: u32,
}

impl<R: BufRead> BitReader<R> {
    pub(super) fn new(raw: R) -> Self {
        BitReader { raw, bits: 0, count: 0 }
    }

    /// Reads until at least `count` bits are there, or the input ends.
    fn fill(&mut self, count: u32) -> io::Result<()> {
        while self.count < count {
            let available = self.raw.fill_buf()?;
            let room = (64 - self.count as usize) / 8;
            let used = available.len().min(room);
            if used == 0 {
                break;
            }
            for byte in available.iter().take(used) {
                self.bits = self.bits << 8 | u64::from(*byte);
            }
            self.count += 8 * used as u32;
            self.raw.consume(used);
        }
        Ok(())
    }

    /// Returns the next `count` bits, at most 32; beyond the end of the input they are zero.
    pub(super) fn peek(&mut self, count: u32) -> io::Result<u64> {
        self.fill(count)?;
        let mask = (1 << count) - 1;
        Ok(match self.count.checked_sub(count) {
            Some(more) => self.bits >> more & mask,
            None => self.bits << (count - self.count) & mask,
        })
    }

    pub(super) fn consume(&mut self, count: u32) -> io::Result<()> {
        self.count = self.count.checked_sub(count).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(())
    }

    pub(super) fn take(&mut self, count: u32) -> io::Result<u64> {
        let bits = self.peek(count)?;
        self.consume(count)?;
        Ok(bits)
    }

    /// Leaves out the bits up to the next whole byte.
    pub(super) fn align(&mut self) {
        self.count -= self.count % 8;
    }

    pub(super) fn at_end(&mut self) -> io::Result<bool> {
        self.fill(8)?;
        Ok(self.count < 8)
    }
}
