//! What one flow says: small owned values that travel from the workers to the one correlator.

use std::net::IpAddr;
use std::sync::Arc;

use super::chunk::Direction;
use super::event::{MiningSession, Moment, NamedHost};
use super::flow::{Flow, FlowEnds, FlowKey, KeySide};
use super::indicator::IntelMatch;
use super::link::LinkInfo;
use super::{EvidenceKind, Timestamp};

/// One statement about one flow.
#[derive(Clone, Debug)]
pub struct Signal {
    /// When it was seen.
    pub at: Moment,
    /// The flow in which it was seen.
    pub flow: FlowRef,
    /// The direction in which the packets of the host travel that the signal is about.
    pub sender: Direction,
    /// What it says.
    pub kind: SignalKind,
}

/// What a signal says.
#[derive(Clone, Debug)]
pub enum SignalKind {
    /// The host may have opened this connection.
    Connection,
    /// A DNS answer to the host: which addresses a name has.
    DnsAnswer(Box<NameAnswer>),
    /// A name, an address or a URL of the intelligence was touched.
    Contact(Box<Contact>),
    /// A name that the far end goes by (SNI, HTTP host, tunnel target), not in the intelligence.
    PeerName(Arc<str>),
    /// What a host calls itself.
    HostName(Box<NamedHost>),
    /// A mining conversation, as far as it has come.
    Mining(Box<MiningSession>),
    /// A flow with a mining conversation ended.
    MiningEnded,
}

/// A connection that was opened, in brief: there is one for every flow, and nearly all are of no
/// interest to the correlator.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Packet time of its first packet.
    pub time: Timestamp,
    /// The flow itself.
    pub flow: FlowRef,
    /// The direction in which the packets of the host travel that may have opened it.
    pub sender: Direction,
}

impl From<Connection> for Signal {
    fn from(connection: Connection) -> Self {
        let Connection { time, flow, sender } = connection;
        // A flow has the number of its first packet.
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
    /// Link layer of the packets that this end sent, if it has sent any.
    pub fn link_of(&self, direction: Direction) -> &LinkInfo {
        &self.link[direction.index()]
    }
}

/// A DNS answer, reduced to the addresses of a name.
#[derive(Clone, Debug)]
pub struct NameAnswer {
    /// The name asked for.
    pub name: Arc<str>,
    /// Other names on the way (CNAME targets).
    pub aliases: Vec<String>,
    /// The addresses in the answer.
    pub addresses: Vec<IpAddr>,
    /// The smallest TTL on the way, in seconds.
    pub ttl: u32,
    /// Match of the name or of one of its aliases with the intelligence.
    pub hit: Option<IntelMatch>,
}

/// Something of the intelligence was touched.
#[derive(Clone, Debug)]
pub struct Contact {
    /// What kind of thing was touched.
    pub evidence: EvidenceKind,
    /// What was observed: `pool.supportxmr.com`, `91.121.140.167:3333`.
    pub observed: String,
    /// The far end of the flow is a proxy, whose address is not that of what was observed.
    pub proxied: bool,
    /// The match with the intelligence.
    pub hit: IntelMatch,
}
