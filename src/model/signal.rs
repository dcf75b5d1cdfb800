//! Signals: small owned values that the workers send to the correlator, each about one flow.

use std::net::IpAddr;
use std::sync::Arc;

use super::chunk::Direction;
use super::event::{MiningSession, Moment, NamedHost};
use super::flow::{Flow, FlowEnds, FlowKey, KeySide};
use super::indicator::IntelMatch;
use super::link::LinkInfo;
use super::{EvidenceKind, Timestamp};

/// One observation in one flow.
#[derive(Clone, Debug)]
pub struct Signal {
    /// When the observation was made.
    pub at: Moment,
    /// The flow in which it was made.
    pub flow: FlowRef,
    /// The direction in which the host that the signal is about sends its packets.
    pub sender: Direction,
    /// What was observed.
    pub kind: SignalKind,
}

/// What was observed in a flow.
#[derive(Clone, Debug)]
pub enum SignalKind {
    /// The host may have opened this connection.
    Connection,
    /// A DNS answer to the host, with the addresses of a name.
    DnsAnswer(Box<NameAnswer>),
    /// A contact with a name, an address or a URL of the intelligence.
    Contact(Box<Contact>),
    /// A name of the far end (SNI, HTTP host, tunnel target) that is not in the intelligence.
    PeerName(Arc<str>),
    /// The name that a host announced for itself.
    HostName(Box<NamedHost>),
    /// The current state of a mining conversation.
    Mining(Box<MiningSession>),
    /// The flow of a mining conversation ended.
    MiningEnded,
}

/// A connection that was opened, as a compact form of [`SignalKind::Connection`].
///
/// There is one for every flow, and the correlator needs hardly any of them.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Packet time of the first packet.
    pub time: Timestamp,
    /// The flow of the connection.
    pub flow: FlowRef,
    /// The direction in which the host that may have opened it sends its packets.
    pub sender: Direction,
}

impl From<Connection> for Signal {
    fn from(connection: Connection) -> Self {
        let Connection { time, flow, sender } = connection;
        // A flow's identifier is the number of its first packet.
        let at = Moment { time, packet: flow.id };
        Signal { at, flow, sender, kind: SignalKind::Connection }
    }
}

/// The parts of a [`Flow`] that outlive it.
#[derive(Clone, Debug)]
pub struct FlowRef {
    /// [`Flow::id`].
    pub id: u64,
    /// [`Flow::key`].
    pub key: FlowKey,
    /// [`Flow::initiator`].
    pub initiator: KeySide,
    /// Link layer of the packets of each direction, indexed by [`Direction::index`].
    pub link: [LinkInfo; 2],
}

impl From<&Flow> for FlowRef {
    #[inline]
    fn from(flow: &Flow) -> Self {
        FlowRef { id: flow.id, key: flow.key, initiator: flow.initiator, link: flow.link }
    }
}

impl FlowEnds for FlowRef {
    fn key(&self) -> &FlowKey {
        &self.key
    }

    fn initiator(&self) -> KeySide {
        self.initiator
    }
}

impl FlowRef {
    /// Returns the link layer of the packets in `direction`; empty if there were none.
    pub fn link_of(&self, direction: Direction) -> &LinkInfo {
        &self.link[direction.index()]
    }
}

/// The addresses that a DNS answer gives for a name.
#[derive(Clone, Debug)]
pub struct NameAnswer {
    /// The name asked for.
    pub name: Arc<str>,
    /// Names between the one asked for and the addresses (CNAME targets).
    pub aliases: Vec<String>,
    /// The addresses in the answer.
    pub addresses: Vec<IpAddr>,
    /// The smallest TTL of the records used, in seconds.
    pub ttl: u32,
    /// Match of the name or of one of its aliases with the intelligence.
    pub hit: Option<IntelMatch>,
}

/// A contact with something that the intelligence lists.
#[derive(Clone, Debug)]
pub struct Contact {
    /// The kind of contact.
    pub evidence: EvidenceKind,
    /// The observed value, for example `pool.supportxmr.com` or `91.121.140.167:3333`.
    pub observed: String,
    /// The far end of the flow is a proxy, so its address does not belong to `observed`.
    pub proxied: bool,
    /// The match with the intelligence.
    pub hit: IntelMatch,
}
