//! What one flow says about mining: small owned values that travel from the workers to the
//! one correlator.

use std::net::IpAddr;
use std::sync::Arc;

use super::alert::EvidenceKind;
use super::chunk::Direction;
use super::event::{MiningSession, Moment, NamedHost};
use super::flow::{Endpoint, Flow, FlowKey, Side, Transport};
use super::link::LinkInfo;

/// Who runs an indicator's host, and how bad a contact is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum PoolClass {
    /// A public mining pool.
    Pool,
    /// A mining proxy or a relay in front of pools.
    Proxy,
    /// Serves miners to web browsers.
    Browser,
    /// Infrastructure of mining malware.
    Malware,
    /// Mining-related but not proof of mining: exchanges' pools, dashboards, downloads.
    Policy,
}

impl PoolClass {
    pub const fn name(self) -> &'static str {
        match self {
            PoolClass::Pool => "pool",
            PoolClass::Proxy => "proxy",
            PoolClass::Browser => "browser",
            PoolClass::Malware => "malware",
            PoolClass::Policy => "policy",
        }
    }
}

/// An entry of the intelligence to which indicators belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolEntry {
    pub name: String,
    pub class: PoolClass,
    /// Ticker symbols.
    pub coins: Vec<String>,
    /// Lists that name it, with date: `maltrail 2026-11-01`.
    pub sources: Vec<String>,
}

/// A match of an observed value with the intelligence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub pool: Arc<PoolEntry>,
    /// The indicator that matched, as loaded: `supportxmr.com`, `91.121.140.167`.
    pub indicator: String,
}

/// The parts of a [`Flow`] that outlive it.
#[derive(Clone, Debug)]
pub struct FlowRef {
    pub id: u64,
    pub key: FlowKey,
    pub initiator: Side,
    /// Link layer of the packets of each direction, indexed by [`Direction::index`].
    pub link: [LinkInfo; 2],
}

impl From<&Flow> for FlowRef {
    #[inline]
    fn from(flow: &Flow) -> Self {
        FlowRef { id: flow.id, key: flow.key, initiator: flow.initiator, link: flow.link }
    }
}

impl FlowRef {
    pub fn client(&self) -> Endpoint {
        self.key.endpoint(self.initiator)
    }

    pub fn server(&self) -> Endpoint {
        self.key.endpoint(self.initiator.other())
    }

    /// The end that sends in `direction`.
    pub fn sender(&self, direction: Direction) -> Endpoint {
        match direction {
            Direction::ToServer => self.client(),
            Direction::ToClient => self.server(),
        }
    }

    pub const fn transport(&self) -> Transport {
        self.key.transport()
    }

    /// Link layer of the packets that this end sent, if it has sent any.
    pub fn link_of(&self, direction: Direction) -> &LinkInfo {
        &self.link[direction.index()]
    }
}

/// One statement about one flow.
#[derive(Clone, Debug)]
pub struct Finding {
    pub at: Moment,
    pub flow: FlowRef,
    /// The direction in which the packets of the host travel that the finding is about.
    pub host: Direction,
    pub kind: FindingKind,
}

#[derive(Clone, Debug)]
pub enum FindingKind {
    /// The host may have opened this flow: matched with the addresses that DNS answers gave for
    /// pool names.
    Opened,
    /// A DNS answer to the host: which addresses a name has.
    Answer(Box<NameAnswer>),
    /// A name, an address or a URL of the intelligence was touched.
    Contact(Box<Contact>),
    /// A name that the far end goes by (SNI, HTTP host, tunnel target), not in the intelligence.
    Named(Arc<str>),
    /// What a host calls itself.
    HostName(Box<NamedHost>),
    /// A mining conversation, as far as it has come.
    Mining(Box<MiningSession>),
    /// A flow with a mining conversation ended.
    Closed,
}

#[derive(Clone, Debug)]
pub struct NameAnswer {
    /// The name asked for.
    pub name: Arc<str>,
    /// Other names on the way (CNAME targets).
    pub aliases: Vec<String>,
    pub addresses: Vec<IpAddr>,
    /// The smallest TTL on the way, in seconds.
    pub ttl: u32,
    /// Match of the name or of one of its aliases with the intelligence.
    pub hit: Option<Hit>,
}

#[derive(Clone, Debug)]
pub struct Contact {
    pub evidence: EvidenceKind,
    /// What was observed: `pool.supportxmr.com`, `91.121.140.167:3333`.
    pub observed: String,
    /// The far end of the flow is a proxy, whose address is not that of what was observed.
    pub proxied: bool,
    pub hit: Hit,
}
