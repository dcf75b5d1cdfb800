//! A run of payload bytes in stream order: what reassembly hands to the protocols.

use super::Timestamp;

/// Which way bytes travel, seen from the flow's initiator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client (initiator) to the server.
    #[default]
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// Both directions, for loops.
    pub const BOTH: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

    /// 0 for [`Direction::ToServer`], 1 for [`Direction::ToClient`]: for arrays of two.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The other direction.
    pub const fn reverse(self) -> Direction {
        match self {
            Direction::ToServer => Direction::ToClient,
            Direction::ToClient => Direction::ToServer,
        }
    }
}

/// Bytes of one direction of a flow: the next ones of a TCP stream, or one UDP datagram.
///
/// TCP chunks arrive in order, each byte once. Where bytes were lost for good, the next chunk
/// says how many.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// The direction in which the bytes travel.
    pub direction: Direction,
    /// Time of the packet that made the bytes available.
    pub time: Timestamp,
    /// Number of that packet.
    pub packet: u64,
    /// Bytes lost between the chunk before and this one; more than zero only for TCP.
    pub gap: u64,
    /// The bytes themselves.
    pub bytes: &'a [u8],
}

/// What a protocol wants after a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Go on reassembling and delivering.
    More,
    /// Go on, but there is nothing to remember: a new state will do for the next datagram.
    Stateless,
    /// Nothing more to learn here: count packets, drop the state.
    Settled,
}
