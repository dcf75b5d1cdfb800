//! How a protocol describes itself to the registry.

use std::ops::RangeInclusive;

use super::parser::{Context, Parser, Probe, StreamParser};
use super::surroundings::Surroundings;
use crate::model::chunk::{Chunk, Direction};

type FindStart = fn(&[u8]) -> Option<usize>;
type TakeFirstChunk = fn(&mut Context<'_>, &Chunk<'_>) -> Option<Box<dyn StreamParser>>;

/// A protocol that a TCP connection can speak. Its folder has one constant of this type, and the
/// registry one line.
#[derive(Clone, Copy)]
pub(super) struct StreamProtocol {
    /// What its flows are counted under.
    pub name: &'static str,
    /// How sure it is, from the beginning of a direction, that the connection is for it.
    pub probe: fn(Direction, &[u8]) -> Probe,
    /// The bytes that a direction can begin with: for all others it is not even asked.
    pub first_bytes: FirstBytes,
    /// Where in a chunk one of its messages may begin, in a direction that began with something else,
    /// or in the middle of one; the probe decides then.
    pub message_start: Option<FindStart>,
    /// Whether it begins with this chunk for sure, after an exchange of another protocol in clear.
    pub follows_clear: Option<fn(&[u8]) -> bool>,
    /// Makes its parser.
    pub open: fn(&Surroundings) -> Box<dyn StreamParser>,
    /// Takes the first chunk without a parser on the heap, and makes one only if there is a second
    /// look. For protocols that nearly always are done after one chunk.
    pub first_chunk: Option<TakeFirstChunk>,
}

impl StreamProtocol {
    /// A protocol that is found by its beginning only, which may be any byte.
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
            open,
            first_chunk: None,
        }
    }
}

/// Bytes that something can begin with.
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

/// A protocol of datagrams.
#[derive(Clone, Copy)]
pub(super) struct DatagramProtocol {
    /// What its flows are counted under.
    pub name: &'static str,
    /// Takes a datagram of a flow of which nothing is remembered.
    pub first_datagram: fn(&mut Context<'_>, &Chunk<'_>) -> FirstDatagram,
}

/// What a protocol makes of a datagram of a flow of which nothing is remembered.
pub(super) enum FirstDatagram {
    NotForUs,
    /// This one is not for us, but one may follow, whatever comes between.
    NotYet,
    /// It was read, and so will the next be, without memory of this one.
    Stateless,
    /// It was read, and the parser takes those to come.
    More(Box<dyn Parser>),
    /// It was read, and there is nothing more to learn.
    Done,
}
