//! What hides mining from simple sensors: other words for the same messages ([`text`]), proxies
//! and envelopes around them ([`carriers`]), an odd course of events, and what happens to packets.

pub mod carriers;
pub mod text;

use clap::ValueEnum;

use crate::conversation::Speaker;
use crate::dialect::{Dialect, Framing};
use crate::plan::Plan;
use crate::tcp::Wire;

/// One way to disguise mining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disguise {
    /// The pool is at port 443
    #[value(name = "port-443")]
    Port443,
    /// The pool is at port 53
    #[value(name = "port-53")]
    Port53,
    /// The pool is at port 25
    #[value(name = "port-25")]
    Port25,
    /// Through a SOCKS 4 proxy
    #[value(name = "socks4")]
    Socks4,
    /// Through a SOCKS 4a proxy, the pool by its name
    #[value(name = "socks4a")]
    Socks4a,
    /// Through a SOCKS 5 proxy, the pool by its name
    #[value(name = "socks5")]
    Socks5,
    /// Through an HTTP proxy with CONNECT
    HttpConnect,
    /// Behind a load balancer that sends a PROXY line
    ProxyV1,
    /// Behind a load balancer that sends a binary PROXY header
    ProxyV2,
    /// In a WebSocket
    #[value(name = "websocket")]
    WebSocket,
    /// In a WebSocket, compressed
    #[value(name = "websocket-deflate")]
    WebSocketDeflate,
    /// In a WebSocket, in fragments with pings between them
    #[value(name = "websocket-fragments")]
    WebSocketFragments,
    /// In TLS 1.3: only sizes and times show
    Tls,
    /// Lines end with CR LF
    Crlf,
    /// Blanks and blank lines wherever they may stand
    Blanks,
    /// The keys of objects in random order
    KeyOrder,
    /// Characters of keys and values as `\u00xx`
    Escapes,
    /// The miner writes every key twice; the last counts
    DuplicateKeys,
    /// Ids are strings
    StringIds,
    /// Ids are null
    NullIds,
    /// All shares have the same id
    ReusedIds,
    /// No `jsonrpc`
    NoJsonrpc,
    /// The miner does not name its program
    NoAgent,
    /// The pool says something before the miner does
    ServerFirst,
    /// The pool takes up to 20 s to answer
    LateAnswers,
    /// The pool refuses the login
    LoginRefused,
    /// `client.reconnect` sends the miner to another host in the middle
    Reconnect,
    /// The connection breaks, and the next has the same addresses and ports
    TupleReuse,
    /// The capture begins late: no SYN, no login
    Midstream,
    /// Only the miner's packets are captured
    ClientOnly,
    /// Only the pool's packets are captured
    ServerOnly,
    /// Every packet twice, as some mirror ports deliver them
    Duplicates,
    /// A third of the segments is sent again
    Retransmissions,
    /// Segments of a message in the wrong order
    Reordering,
    /// Keep-alive probes with one garbage byte
    KeepAlives,
    /// A segment in the middle of a share is missing
    LostSegment,
}

impl Disguise {
    pub fn all() -> &'static [Disguise] {
        Disguise::value_variants()
    }

    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether it changes the words of messages.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Disguise::Crlf
                | Disguise::Blanks
                | Disguise::KeyOrder
                | Disguise::Escapes
                | Disguise::DuplicateKeys
                | Disguise::StringIds
                | Disguise::NullIds
                | Disguise::NoJsonrpc
                | Disguise::NoAgent
        )
    }

    /// Whether it puts a WebSocket around the messages.
    fn is_websocket(self) -> bool {
        matches!(
            self,
            Disguise::WebSocket | Disguise::WebSocketDeflate | Disguise::WebSocketFragments
        )
    }

    /// Whether it makes sense for this dialect.
    pub fn fits(self, dialect: Dialect) -> bool {
        let framing = dialect.framing();
        let lines = framing == Framing::Lines;
        let plain = !matches!(dialect, Dialect::P2Pool | Dialect::StratumV2Noise);
        match self {
            Disguise::WebSocket | Disguise::Crlf | Disguise::ServerFirst => lines,
            _ if self.is_websocket() => matches!(framing, Framing::Lines | Framing::WebSocket),
            // Browser dialects have no ids.
            Disguise::StringIds | Disguise::NullIds | Disguise::NoJsonrpc => {
                matches!(framing, Framing::Lines | Framing::Http)
            }
            Disguise::ReusedIds => matches!(framing, Framing::Lines | Framing::Http),
            _ if self.is_text() => framing != Framing::Binary,
            Disguise::LateAnswers => plain && framing != Framing::Http,
            // No message of theirs sends a miner elsewhere.
            Disguise::Reconnect if dialect == Dialect::Pascal => false,
            Disguise::Reconnect => lines || dialect == Dialect::StratumV2,
            // Refused, the hybrid is nothing but Monero.
            Disguise::LoginRefused => {
                // Nobody logs in at a node.
                let node = matches!(dialect, Dialect::Pascal | Dialect::GetWorkWs);
                plain && framing != Framing::Http && dialect != Dialect::MoneroHybrid && !node
            }
            Disguise::TupleReuse => dialect != Dialect::Monerod,
            // Nothing of p2pool but its handshake tells.
            Disguise::LostSegment
            | Disguise::Midstream
            | Disguise::ClientOnly
            | Disguise::ServerOnly => dialect != Dialect::P2Pool,
            Disguise::Tls => dialect != Dialect::StratumV2Noise,
            _ => true,
        }
    }

    /// Changes what the miner and the pool do.
    pub fn plan(self, plan: &mut Plan) {
        match self {
            Disguise::ReusedIds => plan.reuse_ids = true,
            Disguise::NoAgent => plan.agent.clear(),
            Disguise::ServerFirst => plan.server_first = true,
            Disguise::LateAnswers => plan.lateness = 20.0,
            Disguise::LoginRefused => plan.refuse = true,
            _ => {}
        }
    }

    /// Changes what happens to packets.
    pub fn wire(self, wire: &mut Wire) {
        match self {
            Disguise::Midstream => wire.skip = 0.3,
            Disguise::ClientOnly => wire.only = Some(Speaker::Miner),
            Disguise::ServerOnly => wire.only = Some(Speaker::Pool),
            Disguise::Duplicates => wire.duplicates = true,
            Disguise::Retransmissions => wire.retransmit = 0.33,
            Disguise::Reordering => {
                wire.reorder = 0.4;
                // Messages of one segment can not come in the wrong order.
                (wire.ragged, wire.mss) = (true, wire.mss.min(120));
            }
            Disguise::KeepAlives => wire.keep_alive = true,
            Disguise::LostSegment => wire.lose_share = true,
            _ => {}
        }
    }

    /// The port of the pool.
    pub fn port(self) -> Option<u16> {
        match self {
            Disguise::Port443 => Some(443),
            Disguise::Port53 => Some(53),
            Disguise::Port25 => Some(25),
            _ => None,
        }
    }
}
