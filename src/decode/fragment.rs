//! Reassembles IP fragments. Where fragments overlap, the first copy of a byte wins.

use std::collections::VecDeque;
use std::time::Duration;

use hashbrown::HashMap;

use super::stats::DecodeStop;
use crate::model::Timestamp;
use crate::model::flow::AddressWords;

/// Bytes of the largest datagram that IPv4 can announce; a larger one is a ping of death.
const MAX_DATAGRAM: usize = 65_535;
/// Maximum number of pieces of one datagram. 65,535 bytes in packets of 576 bytes, the smallest
/// size that every IPv4 host has to accept (RFC 791), need 119.
const MAX_PIECES: usize = 128;
/// How long an incomplete datagram waits for its pieces. RFC 791 suggests 15 s, Linux waits 30 s.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Limits on the memory for fragments.
#[derive(Clone, Debug)]
pub struct FragmentLimits {
    /// Payload bytes held for all incomplete datagrams.
    pub memory: usize,
    /// Number of incomplete datagrams.
    pub datagrams: usize,
}

impl Default for FragmentLimits {
    fn default() -> Self {
        // Fragmented traffic is rare. 4 MiB hold 64 datagrams of the largest size.
        FragmentLimits { memory: 4 << 20, datagrams: 1024 }
    }
}

/// The fields that all pieces of one datagram share (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DatagramKey {
    pub src: AddressWords,
    pub dst: AddressWords,
    pub protocol: u8,
    pub id: u32,
}

/// The position of a piece in its datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct FragmentPiece {
    pub key: DatagramKey,
    /// Bytes of the datagram before this piece.
    pub offset: usize,
    /// Whether more pieces follow this one.
    pub more: bool,
}

impl FragmentPiece {
    /// Whether this piece has to wait for the other pieces of its datagram.
    ///
    /// It does not wait if it is the whole datagram (RFC 791, RFC 6946). A first piece with bytes
    /// missing from the capture does not wait either: its datagram can never be completed, and the
    /// piece shows more if it is decoded alone.
    #[inline]
    pub(super) fn is_part(&self, missing: u32) -> bool {
        self.offset > 0 || self.more && missing == 0
    }
}

/// Collects the pieces of incomplete datagrams.
#[derive(Debug)]
pub(super) struct Defragmenter {
    limits: FragmentLimits,
    partial: HashMap<DatagramKey, PartialDatagram>,
    /// Keys with serial numbers, oldest first; may contain datagrams that are complete.
    order: VecDeque<(DatagramKey, u64)>,
    /// Payload bytes of all pieces.
    held: usize,
    /// Datagrams begun so far; the serial number of the newest one.
    started: u64,
    /// Pieces of datagrams that were given up.
    pub dropped: u64,
}

#[derive(Debug)]
struct PartialDatagram {
    serial: u64,
    started: Timestamp,
    /// Offset and payload of each piece, in order of arrival.
    pieces: Vec<(usize, Vec<u8>)>,
    /// Bytes of the whole datagram; known once its last piece has arrived.
    length: Option<usize>,
    bytes: usize,
}

impl Defragmenter {
    pub(super) fn new(limits: FragmentLimits) -> Self {
        Defragmenter {
            limits,
            partial: HashMap::new(),
            order: VecDeque::new(),
            held: 0,
            started: 0,
            dropped: 0,
        }
    }

    /// Adds a piece, and writes the payload to `whole` if that completes the datagram.
    ///
    /// Fails with [`DecodeStop::FragmentHeld`] while pieces are missing, and with
    /// [`DecodeStop::FragmentMalformed`] if the piece is empty, ends beyond the largest datagram,
    /// is one too many, or is not the last and its length is not a multiple of 8.
    pub(super) fn push(
        &mut self,
        piece: FragmentPiece,
        payload: &[u8],
        now: Timestamp,
        whole: &mut Vec<u8>,
    ) -> Result<(), DecodeStop> {
        let end = piece.offset + payload.len();
        let ragged = piece.more && !payload.len().is_multiple_of(8);
        if payload.is_empty() || end > MAX_DATAGRAM || ragged {
            return Err(DecodeStop::FragmentMalformed);
        }
        self.expire(now);
        let partial = self.partial.entry(piece.key).or_insert_with(|| {
            self.started += 1;
            self.order.push_back((piece.key, self.started));
            let serial = self.started;
            PartialDatagram { serial, started: now, pieces: Vec::new(), length: None, bytes: 0 }
        });
        if partial.pieces.len() >= MAX_PIECES {
            return Err(DecodeStop::FragmentMalformed);
        }
        if !piece.more {
            // If two pieces claim to be the last, the first of them counts.
            partial.length.get_or_insert(end);
        }
        partial.pieces.push((piece.offset, payload.to_vec()));
        partial.bytes += payload.len();
        self.held += payload.len();
        if !partial.complete() {
            self.make_room();
            return Err(DecodeStop::FragmentHeld);
        }
        if let Some(done) = self.partial.remove(&piece.key) {
            self.held -= done.bytes;
            done.join(whole);
        }
        // The keys of complete datagrams would accumulate behind one that never completes.
        if self.order.len() > 2 * self.limits.datagrams {
            let partial = &self.partial;
            self.order.retain(|(key, serial)| {
                partial.get(key).is_some_and(|held| held.serial == *serial)
            });
        }
        Ok(())
    }

    fn expire(&mut self, now: Timestamp) {
        while let Some(&(key, serial)) = self.order.front() {
            match self.partial.get(&key) {
                Some(partial) if partial.serial == serial => {
                    if now.since(partial.started) <= TIMEOUT {
                        break;
                    }
                    self.drop_oldest();
                }
                _ => {
                    self.order.pop_front();
                }
            }
        }
    }

    fn make_room(&mut self) {
        while self.held > self.limits.memory || self.partial.len() > self.limits.datagrams {
            if !self.drop_oldest() {
                break;
            }
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let Some((key, serial)) = self.order.pop_front() else { return false };
        if self.partial.get(&key).is_some_and(|partial| partial.serial == serial)
            && let Some(partial) = self.partial.remove(&key)
        {
            self.held -= partial.bytes;
            self.dropped += partial.pieces.len() as u64;
        }
        true
    }
}

impl PartialDatagram {
    /// Whether the pieces cover the whole datagram.
    fn complete(&mut self) -> bool {
        let Some(length) = self.length else { return false };
        let mut ends: Vec<(usize, usize)> =
            self.pieces.iter().map(|(offset, bytes)| (*offset, offset + bytes.len())).collect();
        ends.sort_unstable();
        let mut covered = 0;
        for (start, end) in ends {
            if start > covered {
                return false;
            }
            covered = covered.max(end);
        }
        covered >= length
    }

    fn join(&self, whole: &mut Vec<u8>) {
        whole.clear();
        whole.resize(self.length.unwrap_or(0), 0);
        // Newest piece first, so that the first copy of a byte is written last and stays.
        for (offset, bytes) in self.pieces.iter().rev() {
            let end = (offset + bytes.len()).min(whole.len());
            if let Some(place) = whole.get_mut(*offset..end) {
                place.copy_from_slice(&bytes[..place.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(id: u32) -> DatagramKey {
        DatagramKey {
            src: AddressWords::v4([10, 0, 0, 1]),
            dst: AddressWords::v4([10, 0, 0, 2]),
            protocol: 17,
            id,
        }
    }

    fn piece(id: u32, offset: usize, more: bool) -> FragmentPiece {
        FragmentPiece { key: key(id), offset, more }
    }

    const NOW: Timestamp = Timestamp::from_parts(1, 0);

    #[test]
    fn the_first_copy_of_an_overlap_wins() {
        let mut fragments = Defragmenter::new(FragmentLimits::default());
        let mut whole = Vec::new();
        assert!(fragments.push(piece(1, 0, true), &[1; 16], NOW, &mut whole).is_err());
        assert!(fragments.push(piece(1, 8, true), &[2; 16], NOW, &mut whole).is_err());
        fragments.push(piece(1, 24, false), &[3; 3], NOW, &mut whole).unwrap();
        assert_eq!(whole, [&[1; 16][..], &[2; 8], &[3; 3]].concat());
        assert_eq!(fragments.held, 0);
    }

    #[test]
    fn keys_do_not_pile_up_behind_a_datagram_that_never_completes() {
        let mut fragments = Defragmenter::new(FragmentLimits { memory: 1 << 20, datagrams: 16 });
        let mut whole = Vec::new();
        assert!(fragments.push(piece(0, 0, true), &[1; 8], NOW, &mut whole).is_err());
        for id in 1..1000 {
            assert!(fragments.push(piece(id, 0, true), &[1; 8], NOW, &mut whole).is_err());
            fragments.push(piece(id, 8, false), &[1; 8], NOW, &mut whole).unwrap();
            assert!(fragments.order.len() <= 2 * 16 + 1);
        }
        fragments.push(piece(0, 8, false), &[1; 8], NOW, &mut whole).unwrap();
    }

    #[test]
    fn the_ping_of_death_and_ragged_pieces_are_malformed() {
        let mut fragments = Defragmenter::new(FragmentLimits::default());
        let mut whole = Vec::new();
        for (offset, more, length) in [(65_528, false, 8), (0, true, 7), (0, true, 0)] {
            let result = fragments.push(piece(1, offset, more), &vec![0; length], NOW, &mut whole);
            assert_eq!(result, Err(DecodeStop::FragmentMalformed), "{offset} {more} {length}");
        }
    }

    #[test]
    fn a_flood_of_first_pieces_stays_within_the_limits() {
        let limits = FragmentLimits { memory: 10_000, datagrams: 50 };
        let mut fragments = Defragmenter::new(limits);
        let mut whole = Vec::new();
        for id in 0..10_000 {
            let _ = fragments.push(piece(id, 0, true), &[0; 800], NOW, &mut whole);
            assert!(fragments.held <= 10_000 && fragments.partial.len() <= 50);
        }
        assert!(fragments.dropped > 9_900);
        assert!(fragments.order.len() <= 50);
    }

    #[test]
    fn pieces_that_waited_too_long_are_given_up() {
        let mut fragments = Defragmenter::new(FragmentLimits::default());
        let mut whole = Vec::new();
        let _ = fragments.push(piece(1, 0, true), &[0; 8], NOW, &mut whole);
        let late = NOW.plus(TIMEOUT + Duration::from_secs(1));
        assert_eq!(
            fragments.push(piece(1, 8, false), &[0; 8], late, &mut whole),
            Err(DecodeStop::FragmentHeld)
        );
        assert_eq!(fragments.dropped, 1);
    }

    proptest! {
        #[test]
        fn any_order_with_repetitions_gives_the_same_payload(
            payload in proptest::collection::vec(any::<u8>(), 1..2000),
            size in 1usize..20,
            order in proptest::collection::vec(any::<prop::sample::Index>(), 0..60),
        ) {
            let size = size * 8;
            let pieces: Vec<(usize, &[u8])> =
                payload.chunks(size).enumerate().map(|(i, bytes)| (i * size, bytes)).collect();
            prop_assume!(pieces.len() > 1 && pieces.len() + order.len() < MAX_PIECES);
            let mut fragments = Defragmenter::new(FragmentLimits::default());
            let mut whole = Vec::new();
            let mut done = false;
            let random = order.iter().map(|index| index.get(&pieces));
            for (offset, bytes) in random.chain(pieces.iter().rev()) {
                let more = offset + bytes.len() < payload.len();
                if fragments.push(piece(7, *offset, more), bytes, NOW, &mut whole).is_ok() {
                    done = true;
                    break;
                }
            }
            prop_assert!(done);
            prop_assert_eq!(&whole, &payload);
        }
    }
}
