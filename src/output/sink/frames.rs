//! A buffer of frames between an encoder and a sink.

/// Whole frames in one buffer, each followed by a line feed.
///
/// A sink that writes lines takes the buffer as it is; others take the frames one by one.
#[derive(Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    /// Index of the line feed of each frame.
    ends: Vec<usize>,
}

impl Frames {
    /// Adds the frame that `write` appends to the buffer, if `write` returns true. Otherwise the
    /// appended bytes are dropped.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn push<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let start = self.bytes.len();
        let written = write(&mut self.bytes);
        if matches!(written, Ok(true)) {
            self.ends.push(self.bytes.len());
            self.bytes.push(b'\n');
        } else {
            self.bytes.truncate(start);
        }
        written
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All frames as lines, each with its line feed.
    pub fn lines(&self) -> &[u8] {
        &self.bytes
    }

    /// The frames one by one, without line feeds.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|end| end + 1));
        starts.zip(&self.ends).filter_map(|(start, &end)| self.bytes.get(start..end))
    }

    /// Drops all frames, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(frames: &mut Frames, text: &str, result: Result<bool, ()>) -> Result<bool, ()> {
        frames.push(|buffer| {
            buffer.extend_from_slice(text.as_bytes());
            result
        })
    }

    #[test]
    fn frames_are_lines_and_can_be_taken_one_by_one() {
        let mut frames = Frames::default();
        for text in ["one", "", "three"] {
            assert_eq!(push(&mut frames, text, Ok(true)), Ok(true));
        }
        assert_eq!(frames.lines(), b"one\n\nthree\n");
        assert_eq!(frames.iter().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        frames.clear();
        assert!(frames.is_empty() && frames.iter().next().is_none());
    }

    #[test]
    fn a_record_without_a_frame_leaves_nothing_behind() {
        let mut frames = Frames::default();
        assert_eq!(push(&mut frames, "half", Err(())), Err(()));
        assert_eq!(push(&mut frames, "none", Ok(false)), Ok(false));
        assert_eq!((frames.len(), frames.lines()), (0, &b""[..]));
    }
}
