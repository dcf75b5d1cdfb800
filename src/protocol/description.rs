//! Types with which a protocol describes itself to the registry.

use std::ops::RangeInclusive;

use super::parser::{Context, Parser, Probe, StreamParser};
use super::surroundings::Surroundings;
use crate::model::chunk::{Chunk, Direction};

type FindStart = fn(&[u8]) -> Option<usize>;
type TakeFirstChunk = fn(&mut Context<'_>, &Chunk<'_>) -> Option<Box<dyn StreamParser>>;

/// A protocol that a TCP connection can speak.
///
/// The protocol's module has one constant of this type, and the registry has one line for it.
#[derive(Clone, Copy)]
pub(super) struct StreamProtocol {
    /// Name under which flows of the protocol are counted.
    pub name: &'static str,
    /// Decides from the beginning of a direction whether the connection speaks the protocol.
    pub probe: fn(Direction, &[u8]) -> Probe,
    /// The bytes that a direction can begin with. `probe` is not called for other first bytes.
    pub first_bytes: FirstBytes,
    /// Finds the offset in a chunk at which a message of the protocol may begin.
    ///
    /// It is called for a direction that began with something else, or in the middle of a message;
    /// `probe` then decides.
    pub message_start: Option<FindStart>,
    /// Returns whether the protocol certainly begins with this chunk, after another protocol's
    /// exchange in clear.
    pub follows_clear: Option<fn(&[u8]) -> bool>,
    /// Returns whether the beginning of a direction, after which bytes are missing, is a message of
    /// the protocol that was cut.
    pub is_torn: Option<fn(&[u8]) -> bool>,
    /// Creates a parser.
    pub open: fn(&Surroundings) -> Box<dyn StreamParser>,
    /// Parses the first chunk without a parser on the heap, and creates one only if more chunks are
    /// needed. It is for protocols that are nearly always done after one chunk.
    pub first_chunk: Option<TakeFirstChunk>,
}

impl StreamProtocol {
    /// Describes a protocol that only its probe finds, and that can begin with any byte.
    pub(super) const fn new(
        name: &'static str,
        probe: fn(Direction, &[u8]) -> Probe,
        open: fn(&Surroundings) -> Box<dyn StreamParser>,
    ) -> Self {
        StreamProtocol {
            name,
            probe,
            first_bytes: FirstBytes::Any,
            message_start: None,
            follows_clear: None,
            is_torn: None,
            open,
            first_chunk: None,
        }
    }
}

/// The bytes with which a direction of a protocol can begin.
#[derive(Clone, Copy, Debug)]
pub(super) enum FirstBytes {
    Any,
    Among(&'static [RangeInclusive<u8>]),
}

impl FirstBytes {
    pub(super) const fn contains(self, byte: u8) -> bool {
        let FirstBytes::Among(mut ranges) = self else { return true };
        while let [range, rest @ ..] = ranges {
            if *range.start() <= byte && byte <= *range.end() {
                return true;
            }
            ranges = rest;
        }
        false
    }
}

/// A protocol that a UDP flow can speak.
#[derive(Clone, Copy)]
pub(super) struct DatagramProtocol {
    /// Name under which flows of the protocol are counted.
    pub name: &'static str,
    /// Parses a datagram of a flow for which no state is kept.
    pub first_datagram: fn(&mut Context<'_>, &Chunk<'_>) -> FirstDatagram,
}

/// The result of a protocol for a datagram of a flow for which no state is kept.
pub(super) enum FirstDatagram {
    NotForUs,
    /// The datagram is not of this protocol, but any later one may be.
    NotYet,
    /// The datagram was parsed, and the next one needs no state of it.
    Stateless,
    /// The datagram was parsed, and the parser takes the following ones.
    More(Box<dyn Parser>),
    /// The datagram was parsed, and there is nothing more to learn.
    Done,
}
