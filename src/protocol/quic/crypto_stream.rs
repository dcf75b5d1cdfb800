//! Reassembles the handshake from CRYPTO frames (RFC 9000 §19.6).
//!
//! Clients deliberately split the ClientHello inside the server's name and send its tail first.

/// Bytes of the stream that are read: a ClientHello with post-quantum key shares has 2 kB.
const MAX_STREAM: usize = 16 * 1024;
/// Pieces kept behind a hole: Chrome cuts a ClientHello into a dozen.
const MAX_WAITING: usize = 64;

/// The CRYPTO stream of a client.
#[derive(Debug, Default)]
pub(super) struct CryptoStream {
    /// The stream up to the first hole.
    front: Vec<u8>,
    /// Pieces behind a hole, with their offsets.
    waiting: Vec<(usize, Vec<u8>)>,
}

impl CryptoStream {
    /// Returns the stream up to the first hole.
    pub(super) fn front(&self) -> &[u8] {
        &self.front
    }

    /// Returns the number of allocated bytes.
    pub(super) fn held(&self) -> usize {
        let waiting = self.waiting.iter().map(|(_, data)| data.capacity());
        self.front.capacity() + waiting.sum::<usize>()
    }

    /// Adds a piece of the stream at `offset`.
    ///
    /// Pieces that do not fit within the limits are dropped. If pieces overlap, the copy that
    /// extends the front first wins.
    pub(super) fn insert(&mut self, offset: u64, data: &[u8]) {
        let Ok(offset) = usize::try_from(offset) else { return };
        if offset > self.front.len() {
            let fits = offset.checked_add(data.len()).is_some_and(|end| end <= MAX_STREAM);
            if fits && !data.is_empty() && self.waiting.len() < MAX_WAITING {
                self.waiting.push((offset, data.to_vec()));
            }
            return;
        }
        self.append(offset, data);
        while let Some(next) = self.waiting.iter().position(|(at, _)| *at <= self.front.len()) {
            let (offset, data) = self.waiting.swap_remove(next);
            self.append(offset, &data);
        }
    }

    /// Appends the new bytes of a piece that begins at or before the end of the front.
    fn append(&mut self, offset: usize, data: &[u8]) {
        let new = self.front.len().checked_sub(offset).and_then(|known| data.get(known..));
        let room = MAX_STREAM.saturating_sub(self.front.len());
        self.front.extend(new.unwrap_or_default().iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_tail_may_come_first() {
        let mut stream = CryptoStream::default();
        stream.insert(6, b"world");
        assert_eq!(stream.front(), b"");
        stream.insert(0, b"hello ");
        assert_eq!(stream.front(), b"hello world");
    }

    #[test]
    fn pieces_may_overlap() {
        let mut stream = CryptoStream::default();
        stream.insert(4, b"o wor");
        stream.insert(0, b"hel");
        stream.insert(8, b"rld");
        stream.insert(1, b"ello w");
        assert_eq!(stream.front(), b"hello world");
    }

    #[test]
    fn what_is_too_far_or_too_much_is_dropped() {
        let mut stream = CryptoStream::default();
        stream.insert(u64::MAX, b"x");
        stream.insert(MAX_STREAM as u64, b"x");
        for at in 0..2 * MAX_WAITING {
            stream.insert(2 + 2 * at as u64, b"x");
        }
        assert_eq!(stream.waiting.len(), MAX_WAITING);
        stream.insert(0, &[0; 2 * MAX_STREAM]);
        assert_eq!(stream.front().len(), MAX_STREAM);
        assert!(stream.waiting.is_empty());
    }

    proptest! {
        #[test]
        fn any_pieces_in_any_order_give_the_stream(
            stream in prop::collection::vec(any::<u8>(), 1..200),
            pieces in prop::collection::vec((any::<prop::sample::Index>(), 1usize..60), 0..40),
        ) {
            let mut read = CryptoStream::default();
            for (start, length) in pieces {
                let start = start.index(stream.len());
                let end = stream.len().min(start + length);
                read.insert(start as u64, &stream[start..end]);
                prop_assert!(stream.starts_with(read.front()));
            }
            read.insert(0, &stream);
            prop_assert_eq!(read.front(), &stream[..]);
        }
    }
}
