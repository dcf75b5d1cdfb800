//! Limits on the memory of flows and on the time for which they are remembered.

use std::time::Duration;

/// Limits of one flow table. All durations are in packet time.
#[derive(Clone, Debug)]
pub struct FlowLimits {
    /// Bytes for all flows. At least an eighth of them ([`FlowLimits::HELD_SHARE`]) are for
    /// reassembly and the handler's states.
    pub memory: usize,
    /// Silence after which an established TCP connection ends. Miners can be silent for minutes;
    /// most stacks send a keep-alive after two hours.
    pub tcp_established: Duration,
    /// Silence after which a TCP connection ends if only one side has sent packets, and no payload.
    pub tcp_unanswered: Duration,
    /// Time for which a closed connection is remembered, so that late packets do not open a new
    /// flow.
    pub tcp_closed: Duration,
    /// Silence after which a flow of UDP or of another IP protocol ends.
    pub udp: Duration,
    /// Bytes that one direction of a connection may hold back while earlier bytes are missing. A
    /// value above a receive window common on servers is not useful.
    pub out_of_order: usize,
}

impl FlowLimits {
    /// Divisor of [`FlowLimits::memory`] that gives the bytes reserved for reassembly and the
    /// handler's states. By default that is 24 MiB, enough for the messages of a thousand miners. A
    /// million flows fit into the rest.
    pub const HELD_SHARE: usize = 8;

    /// Maximum number of flows of one table that are tapped at once. The handler keeps state for
    /// each: at 256 bytes per flow, that is a megabyte. Also, a sensor that cannot keep up may not
    /// leave out packets of tapped flows.
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
