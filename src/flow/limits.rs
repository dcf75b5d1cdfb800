//! How much memory flows may take, and how long they are remembered.

use std::time::Duration;

/// Limits of one flow table. All times are packet time.
#[derive(Clone, Debug)]
pub struct FlowLimits {
    /// Bytes for all flows. At least an eighth of it ([`FlowLimits::HELD_SHARE`]) is for what
    /// reassembly and the handler's states hold.
    pub memory: usize,
    /// Silence after which an established TCP connection is over. Miners can be silent for
    /// minutes; most stacks send a keep-alive after two hours.
    pub tcp_established: Duration,
    /// Silence after which a connection is over that only one side has spoken in.
    pub tcp_unanswered: Duration,
    /// How long a closed connection is remembered, so that late packets do not open a new one.
    pub tcp_closed: Duration,
    /// Silence after which a UDP flow (or one of another protocol) is over.
    pub udp: Duration,
    /// Bytes that one direction of one connection may hold back while bytes before them are
    /// missing: more than a receive window that is common on servers is not useful.
    pub out_of_order: usize,
}

impl FlowLimits {
    /// The part of the memory, one in so many, that flows leave to reassembly and states in any
    /// case: 24 MB by default, enough for what a thousand miners say. A million flows fit into the
    /// rest.
    pub const HELD_SHARE: usize = 8;

    /// Flows of one table that are tapped at once. For each of them the handler keeps something, a
    /// megabyte in all if that is 256 bytes, and no packet is shed by a sensor that cannot keep up.
    pub const MAX_TAPPED: u64 = 4096;
}

impl Default for FlowLimits {
    fn default() -> Self {
        FlowLimits {
            memory: 192 << 20,
            tcp_established: Duration::from_secs(3600),
            tcp_unanswered: Duration::from_secs(60),
            tcp_closed: Duration::from_secs(10),
            udp: Duration::from_secs(120),
            out_of_order: 256 << 10,
        }
    }
}
