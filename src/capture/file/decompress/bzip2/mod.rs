//! Decodes bzip2 streams of any number of members.
//!
//! Never panics: every index is checked. A block takes 4 bytes of memory for each of its at most
//! 900,000 bytes.

mod bits;
mod code;

use std::io::{self, BufRead, Read};

use bits::BitReader;
use code::Code;

/// Start of a block, and of the end of a stream.
const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;
/// Bytes of a block for each level, from `1` to `9`.
const BLOCK_UNIT: usize = 100_000;
/// Symbols that one selector stands for.
const GROUP: usize = 50;
/// The table of the CRC, which takes the highest bit first.
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc >> 31 == 1 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Decodes concatenated bzip2 streams.
pub(super) struct Bzip2Streams<R> {
    bits: BitReader<R>,
    /// Bytes of a block in the current stream; `None` between streams.
    block_size: Option<usize>,
    /// For each byte of the block in its sorted order: the place of the next one, and the byte.
    links: Vec<u32>,
    /// Bytes of the block that are not decoded yet.
    left: usize,
    link: u32,
    run: Run,
    block_crc: u32,
    expected_crc: u32,
    stream_crc: u32,
    in_block: bool,
}

/// The run-length code around a block: four equal bytes, then how many more.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    byte: u8,
    length: u8,
    repeats: u8,
}

impl<R: BufRead> Bzip2Streams<R> {
    pub(super) fn new(raw: R) -> Self {
        Bzip2Streams {
            bits: BitReader::new(raw),
            block_size: None,
            links: Vec::new(),
            left: 0,
            link: 0,
            run: Run::default(),
            block_crc: 0,
            expected_crc: 0,
            stream_crc: 0,
            in_block: false,
        }
    }

    /// Moves to the next block; `false` at the end of the last stream.
    fn next_block(&mut self) -> io::Result<bool> {
        loop {
            let Some(block_size) = self.block_size else {
                self.bits.align();
                if self.bits.at_end()? {
                    return Ok(false);
                }
                match self.bits.take(32)? {
                    header @ 0x425a_6831..=0x425a_6839 => {
                        self.block_size = Some((header as usize & 0xf) * BLOCK_UNIT);
                        self.stream_crc = 0;
                    }
                    _ => return Err(damaged("invalid bzip2 header")),
                }
                continue;
            };
            let magic = self.bits.take(24)? << 24 | self.bits.take(24)?;
            let crc = self.bits.take(32)? as u32;
            match magic {
                BLOCK => {
                    self.read_block(block_size)?;
                    (self.expected_crc, self.block_crc) = (crc, u32::MAX);
                    (self.run, self.in_block) = (Run::default(), true);
                    return Ok(true);
                }
                END if crc == self.stream_crc => self.block_size = None,
                END => return Err(damaged("bzip2 checksum mismatch")),
                _ => return Err(damaged("a bzip2 block without its magic")),
            }
        }
    }

    fn read_block(&mut self, block_size: usize) -> io::Result<()> {
        if self.bits.take(1)? == 1 {
            return Err(damaged("a randomised bzip2 block, which no writer makes since 1997"));
        }
        let origin = self.bits.take(24)? as usize;
        let mut bytes = self.used_bytes()?;
        let symbols = bytes.len() + 2;
        let groups = self.bits.take(3)? as usize;
        let selectors = self.selectors(groups)?;
        let mut codes = Vec::with_capacity(groups);
        for _ in 0..groups {
            codes.push(Code::read(&mut self.bits, symbols)?);
        }

        self.links.clear();
        let mut counts = [0u32; 256];
        let (mut run, mut weight) = (0usize, 1usize);
        for selector in selectors {
            let code = codes.get(usize::from(selector)).ok_or_else(|| damaged("bzip2 selector"))?;
            for _ in 0..GROUP {
                let symbol = code.decode(&mut self.bits)?;
                if symbol < 2 {
                    // Runs are written in digits 1 and 2, the lowest first.
                    run += weight << symbol;
                    weight <<= 1;
                    if run > block_size {
                        return Err(damaged("a bzip2 run beyond its block"));
                    }
                    continue;
                }
                if run > 0 {
                    let byte = bytes.first().copied().unwrap_or_default();
                    self.append(byte, run, block_size, &mut counts)?;
                    (run, weight) = (0, 1);
                }
                if symbol + 1 == symbols {
                    return self.link_up(origin, &counts);
                }
                let moved = bytes.get_mut(..symbol).ok_or_else(|| damaged("bzip2 symbol"))?;
                moved.rotate_right(1);
                let byte = moved.first().copied().unwrap_or_default();
                self.append(byte, 1, block_size, &mut counts)?;
            }
        }
        Err(damaged("a bzip2 block without an end"))
    }

    /// Two levels of bits say which bytes the block has.
    fn used_bytes(&mut self) -> io::Result<Vec<u8>> {
        let ranges = self.bits.take(16)?;
        let mut bytes = Vec::with_capacity(256);
        for range in (0..16u8).filter(|range| ranges >> (15 - range) & 1 == 1) {
            let used = self.bits.take(16)?;
            bytes.extend(
                (0..16u8).filter(|low| used >> (15 - low) & 1 == 1).map(|low| range << 4 | low),
            );
        }
        if bytes.is_empty() { Err(damaged("a bzip2 block without bytes")) } else { Ok(bytes) }
    }

    /// The code of each group of symbols, as places in a list whose last used comes first.
    fn selectors(&mut self, groups: usize) -> io::Result<Vec<u8>> {
        let mut order = [0u8, 1, 2, 3, 4, 5];
        let order = order
            .get_mut(..groups)
            .filter(|_| groups >= 2)
            .ok_or_else(|| damaged("bzip2 code tables"))?;
        let count = self.bits.take(15)? as usize;
        let mut selectors = Vec::with_capacity(count);
        for _ in 0..count {
            let mut place = 0;
            while self.bits.take(1)? == 1 {
                place += 1;
            }
            let moved = order.get_mut(..=place).ok_or_else(|| damaged("bzip2 selector"))?;
            moved.rotate_right(1);
            selectors.push(moved.first().copied().unwrap_or_default());
        }
        Ok(selectors)
    }

    fn append(
        &mut self,
        byte: u8,
        count: usize,
        block_size: usize,
        counts: &mut [u32; 256],
    ) -> io::Result<()> {
        if self.links.len() + count > block_size {
            return Err(damaged("a bzip2 block beyond its size"));
        }
        self.links.resize(self.links.len() + count, u32::from(byte));
        if let Some(known) = counts.get_mut(usize::from(byte)) {
            *known += count as u32;
        }
        Ok(())
    }

    /// Undoes the Burrows-Wheeler transform: links each byte to the one after it.
    fn link_up(&mut self, origin: usize, counts: &[u32; 256]) -> io::Result<()> {
        let mut places = [0u32; 256];
        let mut sum = 0;
        for (place, count) in places.iter_mut().zip(counts) {
            *place = sum;
            sum += count;
        }
        for i in 0..self.links.len() {
            let byte = self.links.get(i).map_or(0, |link| *link & 0xff) as usize;
            let Some(place) = places.get_mut(byte) else { continue };
            if let Some(link) = self.links.get_mut(*place as usize) {
                *link |= (i as u32) << 8;
            }
            *place += 1;
        }
        let first = self.links.get(origin).ok_or_else(|| damaged("bzip2 origin"))?;
        self.link = *first >> 8;
        self.left = self.links.len();
        Ok(())
    }

    /// Decodes the next byte of the block; `None` at its end.
    fn next_byte(&mut self) -> Option<u8> {
        if self.run.repeats > 0 {
            self.run.repeats -= 1;
            return Some(self.run.byte);
        }
        let byte = self.next_link()?;
        self.run.length = if byte == self.run.byte { self.run.length + 1 } else { 1 };
        self.run.byte = byte;
        if self.run.length == 4 {
            self.run.repeats = self.next_link().unwrap_or_default();
            self.run.length = 0;
        }
        Some(byte)
    }

    fn next_link(&mut self) -> Option<u8> {
        self.left = self.left.checked_sub(1)?;
        let link = *self.links.get(self.link as usize)?;
        self.link = link >> 8;
        Some(link as u8)
    }
}

impl<R: BufRead> Read for Bzip2Streams<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while read < buf.len() {
            if !self.in_block && (read > 0 || !self.next_block()?) {
                break;
            }
            while let Some(to) = buf.get_mut(read) {
                let Some(byte) = self.next_byte() else {
                    self.in_block = false;
                    break;
                };
                *to = byte;
                let index = (self.block_crc >> 24) as u8 ^ byte;
                self.block_crc = self.block_crc << 8 ^ CRC[usize::from(index)];
                read += 1;
            }
            if !self.in_block {
                let crc = !self.block_crc;
                if crc != self.expected_crc {
                    return Err(damaged("bzip2 checksum mismatch"));
                }
                self.stream_crc = self.stream_crc.rotate_left(1) ^ crc;
            }
        }
        Ok(read)
    }
}
