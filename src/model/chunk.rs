//! A run of payload bytes in stream order: what reassembly hands to the protocols.

use super::Timestamp;

/// The direction in which bytes travel, relative to the flow's initiator.
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

    /// Index into an array of two: 0 for [`Direction::ToServer`], 1 for [`Direction::ToClient`].
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
/// TCP chunks arrive in order, and each byte arrives once. After a permanent loss, the next chunk
/// has the number of lost bytes in [`Chunk::gap`].
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// The direction in which the bytes travel.
    pub direction: Direction,
    /// Time of the packet that made the bytes available.
    pub time: Timestamp,
    /// Number of that packet.
    pub packet: u64,
    /// Bytes lost between the previous chunk and this one; always 0 for UDP.
    pub gap: u64,
    /// The bytes themselves.
    pub bytes: &'a [u8],
}

/// What a protocol needs after a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Continue to reassemble and to deliver chunks.
    More,
    /// Continue, but keep no state: the next datagram can start with a new one.
    Stateless,
    /// The payload can tell nothing more: drop the state and only count packets.
    Settled,
}
