//! Reads big-endian numbers and length-prefixed vectors (RFC 8446 §3) from a slice.

/// The unread rest of a slice. A read that fails returns `None` and consumes nothing.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader(bytes)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u24(&mut self) -> Option<usize> {
        self.array().map(|[a, b, c]| usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// Skips zeros.
    pub(crate) fn zeros(&mut self) {
        // There may be a thousand, so 16 are compared at once.
        const BLOCK: [u8; 16] = [0; 16];
        while let Some(rest) = self.0.strip_prefix(&BLOCK) {
            self.0 = rest;
        }
        while let Some(rest) = self.0.strip_prefix(&[0]) {
            self.0 = rest;
        }
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Consumes and returns the next `length` bytes, or all bytes if there are fewer.
    pub(crate) fn up_to(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(length).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }

    /// Reads a vector whose length field has one byte.
    pub(crate) fn vector8(&mut self) -> Option<&'a [u8]> {
        self.vector(|reader| reader.u8().map(usize::from))
    }

    /// Reads a vector whose length field has two bytes.
    pub(crate) fn vector16(&mut self) -> Option<&'a [u8]> {
        self.vector(|reader| reader.u16().map(usize::from))
    }

    fn vector(&mut self, length: impl FnOnce(&mut Self) -> Option<usize>) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let length = length(&mut ahead)?;
        let vector = ahead.take(length)?;
        *self = ahead;
        Some(vector)
    }
}

/// Iterates over the numbers of a vector of `uint16`; an odd byte at the end is ignored.
pub(super) fn numbers(vector: &[u8]) -> impl ExactSizeIterator<Item = u16> {
    vector.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_vectors_are_read_in_order() {
        let mut reader = Reader::new(&[
            0x03, 0x03, // uint16
            0x00, 0x01, 0x02, // uint24
            0x02, 0xaa, 0xbb, // vector of 2 bytes
            0x00, 0x01, 0xcc, // vector of 1 byte
        ]);
        assert_eq!(reader.u16(), Some(0x0303));
        assert_eq!(reader.u24(), Some(0x0102));
        assert_eq!(reader.vector8(), Some(&[0xaa, 0xbb][..]));
        assert_eq!(reader.vector16(), Some(&[0xcc][..]));
        assert!(reader.is_empty());
    }

    #[test]
    fn a_read_that_fails_takes_nothing() {
        let mut reader = Reader::new(&[0x00, 0x05, 0x01]);
        assert_eq!(reader.vector16(), None);
        assert_eq!(reader.u32(), None);
        assert_eq!(reader.rest(), [0x00, 0x05, 0x01]);
        assert_eq!(reader.up_to(9), [0x00, 0x05, 0x01]);
    }

    #[test]
    fn an_odd_byte_is_no_number() {
        assert_eq!(numbers(&[0x00, 0x1d, 0x00]).collect::<Vec<_>>(), [0x001d]);
    }
}
