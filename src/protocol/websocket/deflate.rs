//! Compressed messages (RFC 7692): inflates them as they arrive, in bounded memory and time.

use flate2::{Decompress, FlushDecompress, Status};

use super::negotiation::Deflate;

/// Inflated bytes allowed for each compressed byte of a direction.
///
/// JSON shrinks to a third, and a repeated line to a thirtieth. A compression bomb holds a thousand
/// bytes in one.
const RATIO: u64 = 64;
/// Inflated bytes allowed beyond [`RATIO`]: one long message, or the same job a hundred times.
const CREDIT: u64 = 1024 * 1024;
/// Bytes of memory that a decompressor uses, including its window of 32 KiB.
const STREAM: usize = 40 * 1024;
/// Bytes inflated in one step.
const STEP: usize = 4 * 1024;
/// The end of each message that a sender omits (RFC 7692 §7.2.1): an empty stored block.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// A message is too long, is incomplete, or cannot be inflated.
#[derive(Debug)]
pub(super) struct UnreadableMessage;

/// Inflates the messages of one direction.
#[derive(Debug)]
pub(super) struct Inflater {
    deflate: Deflate,
    /// Window and tables, [`STREAM`] bytes: allocated once there is something to inflate.
    stream: Option<Decompress>,
    /// Inflated bytes allowed at present, at most [`CREDIT`].
    credit: u64,
    /// The current message cannot be inflated.
    failed: bool,
    /// No later message can be inflated.
    broken: bool,
}

impl Inflater {
    /// Returns the number of allocated bytes.
    pub(super) fn held(&self) -> usize {
        if self.stream.is_some() { STREAM } else { 0 }
    }

    pub(super) fn new(deflate: Deflate) -> Self {
        Inflater { deflate, stream: None, credit: CREDIT, failed: false, broken: false }
    }

    /// Inflates a part of a message and appends it to `out`.
    ///
    /// If the message is longer than `limit` bytes, `out` has `limit + 1` bytes. The bytes that are
    /// not kept are still inflated, because later messages may refer to them.
    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>, limit: usize) {
        if self.broken {
            return;
        }
        // zlib does not support a window of 8 bits; one of 9 bits inflates the same data.
        let bits = self.deflate.window_bits.clamp(9, 15);
        let stream =
            self.stream.get_or_insert_with(|| Decompress::new_with_window_bits(false, bits));
        let mut room = [0; STEP];
        while !self.failed && !self.broken {
            let (read, written) = (stream.total_in(), stream.total_out());
            let status = stream.decompress(bytes, &mut room, FlushDecompress::None);
            let (used, made) = (stream.total_in() - read, stream.total_out() - written);
            match (self.credit + RATIO * used).min(CREDIT).checked_sub(made) {
                Some(credit) => self.credit = credit,
                None => self.broken = true,
            }
            bytes = bytes.get(used as usize..).unwrap_or_default();
            let made = made as usize;
            if out.len() + made <= limit {
                out.extend_from_slice(room.get(..made).unwrap_or_default());
            } else {
                out.resize(limit + 1, 0);
            }
            match status {
                Ok(Status::Ok | Status::BufError) => {
                    if (bytes.is_empty() && made < STEP) || (used, made) == (0, 0) {
                        return;
                    }
                }
                // A block marked as the last ends the stream; the next message begins another one.
                Ok(Status::StreamEnd) => {
                    self.stream = None;
                    return;
                }
                Err(_) => self.failed = true,
            }
        }
    }

    /// Completes a message. Fails if it is too long or could not be inflated.
    pub(super) fn finish(
        &mut self,
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), UnreadableMessage> {
        if self.stream.is_some() {
            self.push(&TAIL, out, limit);
        }
        let readable = !self.failed && !self.broken && out.len() <= limit;
        if self.failed || self.broken {
            self.lose();
        } else if let Some(stream) = self.stream.as_mut().filter(|_| !self.deflate.takeover) {
            stream.reset(false);
        }
        if readable { Ok(()) } else { Err(UnreadableMessage) }
    }

    /// Handles the loss of a part of a message.
    ///
    /// If messages may refer to earlier ones, no later message can be inflated.
    pub(super) fn lose(&mut self) {
        self.broken |= self.deflate.takeover;
        self.stream = None;
        self.failed = false;
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::MAX_MESSAGE;
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    const JOB: &[u8] = br#"{"type":"job","params":{"job_id":"1","blob":"0606","target":"ffff"}}"#;

    /// The sender: compresses messages of one stream and removes the tail.
    struct Sender(Compress, bool);

    impl Sender {
        fn new(bits: u8, takeover: bool) -> Self {
            Sender(Compress::new_with_window_bits(Compression::best(), false, bits), takeover)
        }

        fn send(&mut self, message: &[u8]) -> Vec<u8> {
            let mut out = Vec::with_capacity(message.len() + 100);
            self.0.compress_vec(message, &mut out, FlushCompress::Sync).unwrap();
            assert!(out.ends_with(&TAIL));
            out.truncate(out.len() - TAIL.len());
            if !self.1 {
                self.0.reset();
            }
            out
        }
    }

    fn receive(
        inflater: &mut Inflater,
        bytes: &[u8],
        size: usize,
    ) -> Result<Vec<u8>, UnreadableMessage> {
        let mut out = Vec::new();
        for piece in bytes.chunks(size) {
            inflater.push(piece, &mut out, MAX_MESSAGE);
        }
        inflater.finish(&mut out, MAX_MESSAGE)?;
        Ok(out)
    }

    #[test]
    fn messages_are_inflated_with_and_without_takeover_in_any_window() {
        for window_bits in [9, 12, 15] {
            for takeover in [true, false] {
                let mut sender = Sender::new(window_bits, takeover);
                let mut inflater = Inflater::new(Deflate { takeover, window_bits });
                for size in 1..20 {
                    let bytes = sender.send(JOB);
                    assert_eq!(receive(&mut inflater, &bytes, size).unwrap(), JOB);
                }
            }
        }
    }

    #[test]
    fn parameters_that_were_not_seen_are_not_needed() {
        for takeover in [true, false] {
            let mut sender = Sender::new(10, takeover);
            let mut inflater = Inflater::new(Deflate::default());
            for _ in 0..3 {
                assert_eq!(receive(&mut inflater, &sender.send(JOB), 7).unwrap(), JOB);
            }
        }
    }

    #[test]
    fn the_example_with_a_last_block_is_read() {
        // RFC 7692 §7.2.3.4: "Hello" in a block with BFINAL, and a byte of padding.
        let bytes = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        let mut inflater = Inflater::new(Deflate::default());
        assert_eq!(receive(&mut inflater, &bytes, 3).unwrap(), b"Hello");
        // §7.2.3.1: without BFINAL.
        let bytes = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(receive(&mut inflater, &bytes, 3).unwrap(), b"Hello");
    }

    #[test]
    fn a_long_message_is_not_kept_and_the_next_one_still_read() {
        let mut sender = Sender::new(15, true);
        let mut inflater = Inflater::new(Deflate::default());
        let long: Vec<u8> = JOB.iter().copied().cycle().take(MAX_MESSAGE * 2).collect();
        receive(&mut inflater, &sender.send(&long), 100).unwrap_err();
        assert_eq!(receive(&mut inflater, &sender.send(JOB), 100).unwrap(), JOB);
    }

    #[test]
    fn a_bomb_ends_inflating() {
        let mut sender = Sender::new(15, false);
        let mut inflater = Inflater::new(Deflate { takeover: false, window_bits: 15 });
        let bomb = sender.send(&vec![0; 8 << 20]);
        let mut out = Vec::new();
        inflater.push(&bomb, &mut out, MAX_MESSAGE);
        assert!(out.len() <= MAX_MESSAGE + 1);
        assert!(inflater.broken, "{} bytes", bomb.len());
        inflater.finish(&mut out, MAX_MESSAGE).unwrap_err();
        receive(&mut inflater, &sender.send(JOB), 100).unwrap_err();
        assert!(inflater.stream.is_none());
    }

    #[test]
    fn a_loss_breaks_what_refers_to_it_only() {
        for takeover in [true, false] {
            let mut sender = Sender::new(15, takeover);
            let mut inflater = Inflater::new(Deflate { takeover, window_bits: 15 });
            receive(&mut inflater, &sender.send(JOB), 100).unwrap();
            sender.send(JOB); // lost
            inflater.lose();
            assert_eq!(receive(&mut inflater, &sender.send(JOB), 100).is_ok(), !takeover);
        }
    }

    proptest::proptest! {
        #[test]
        fn random_bytes_never_panic(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            takeover: bool,
        ) {
            let mut inflater = Inflater::new(Deflate { takeover, window_bits: 8 });
            for message in bytes.chunks(50) {
                let _ = receive(&mut inflater, message, 7);
            }
        }
    }
}
