//! Events that protocol parsers extract from flows.

pub mod dns;
mod host;
pub mod http;
pub mod mining;
pub mod tls;
pub mod tunnel;

use super::Timestamp;
use super::flow::{Flow, FlowEndReason};

pub use dns::DnsMessage;
pub use host::{NameSource, NamedHost};
pub use http::{HttpRequest, HttpResponse};
pub use mining::MiningSession;
pub use tls::{ClientHello, QuicInitial, TlsHandshake};
pub use tunnel::Tunnel;

/// The time at which something was seen, and the packet that completed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Packet time.
    pub time: Timestamp,
    /// [`super::Packet::number`] of the packet; it orders events of different workers.
    pub packet: u64,
}

/// One fact that a parser extracted from a flow.
///
/// It borrows its data, because parsers reuse their buffers.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The first packet of a new flow.
    FlowOpened,
    /// A DNS message.
    Dns(&'a DnsMessage),
    /// A TLS ClientHello over TCP; emitted as soon as it is complete.
    TlsClientHello(&'a ClientHello),
    /// All that a TLS connection shows before it is encrypted; emitted once, at the end of that.
    TlsHandshake(&'a TlsHandshake),
    /// An Initial packet of a QUIC client.
    Quic(&'a QuicInitial),
    /// An HTTP/1 request.
    HttpRequest(&'a HttpRequest<'a>),
    /// An HTTP/1 response.
    HttpResponse(&'a HttpResponse<'a>),
    /// A proxy or tunnel inside the flow, with its real destination.
    Tunnel(&'a Tunnel),
    /// A host of the local network announced its name.
    HostName(&'a NamedHost),
    /// The state of a mining conversation; emitted again as it grows, and at its end.
    Mining(&'a MiningSession),
    /// The flow ended; the last event of every flow that was opened.
    FlowClosed(FlowEndReason),
}

/// Receives the events of all flows of one worker.
pub trait EventSink {
    /// Receives one event of a flow.
    fn event(&mut self, flow: &Flow, at: Moment, event: Event<'_>);
}
