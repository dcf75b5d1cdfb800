//! The Huffman codes of bzip2.

use std::io::{self, BufRead};

use super::bits::BitReader;
use super::damaged;

/// Longest Huffman code in bits.
const MAX_CODE: usize = 20;
/// Most symbols: 256 bytes, two for runs less one that is a byte's, and the end of a block.
const MAX_SYMBOLS: usize = 258;

/// A canonical Huffman code.
pub(super) struct Code {
    /// For each length: the first code beyond those of that length, aligned to [`MAX_CODE`] bits.
    limits: [u32; MAX_CODE + 1],
    /// For each length: what to add to a code of that length for its place in `symbols`.
    offsets: [i32; MAX_CODE + 1],
    symbols: Vec<u16>,
}

impl Code {
    /// Reads the code lengths of `count` symbols, each as a difference to the one before.
    pub(super) fn read<R: BufRead>(bits: &mut BitReader<R>, count: usize) -> io::Result<Code> {
        let mut lengths = [0u8; MAX_SYMBOLS];
        let mut length = bits.take(5)? as u8;
        for slot in lengths.iter_mut().take(count) {
            loop {
                if !(1..=MAX_CODE as u8).contains(&length) {
                    return Err(damaged("a bzip2 code of impossible length"));
                }
                match bits.take(1)? {
                    0 => break,
                    _ if bits.take(1)? == 0 => length += 1,
                    _ => length -= 1,
                }
            }
            *slot = length;
        }
        let lengths = lengths.get(..count).unwrap_or_default();
        let mut code = Code {
            limits: [0; MAX_CODE + 1],
            offsets: [0; MAX_CODE + 1],
            symbols: Vec::with_capacity(count),
        };
        let mut next = 0u32;
        for length in 1..=MAX_CODE {
            let before = code.symbols.len();
            code.symbols.extend(
                (0u16..).zip(lengths).filter(|(_, l)| usize::from(**l) == length).map(|(s, _)| s),
            );
            code.offsets[length] = before as i32 - next as i32;
            next += (code.symbols.len() - before) as u32;
            code.limits[length] = next << (MAX_CODE - length);
            next <<= 1;
        }
        Ok(code)
    }

    pub(super) fn decode<R: BufRead>(&self, bits: &mut BitReader<R>) -> io::Result<usize> {
        let ahead = bits.peek(MAX_CODE as u32)? as u32;
        for (length, (limit, offset)) in self.limits.iter().zip(&self.offsets).enumerate().skip(1) {
            if ahead < *limit {
                bits.consume(length as u32)?;
                let place = (ahead >> (MAX_CODE - length)) as i32 + offset;
                let symbol = usize::try_from(place).ok().and_then(|p| self.symbols.get(p));
                return symbol.map(|s| usize::from(*s)).ok_or_else(|| damaged("bzip2 code"));
            }
        }
        Err(damaged("a bzip2 code that stands for nothing"))
    }
}
