//! What a protocol parser read out of a flow.

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

/// When something was seen: packet time, and the packet that completed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Packet time.
    pub time: Timestamp,
    /// [`super::Packet::number`]; orders events of different workers.
    pub packet: u64,
}

/// One thing that a parser extracted. Borrowed: parsers reuse their buffers.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The first packet of a new flow.
    FlowOpened,
    /// A DNS message.
    Dns(&'a DnsMessage),
    /// A TLS ClientHello over TCP, as soon as it is complete.
    TlsClientHello(&'a ClientHello),
    /// All that a TLS connection shows before it is encrypted; once, when there is no more.
    TlsHandshake(&'a TlsHandshake),
    /// A QUIC client's first packet.
    Quic(&'a QuicInitial),
    /// A request of HTTP/1.
    HttpRequest(&'a HttpRequest<'a>),
    /// A response of HTTP/1.
    HttpResponse(&'a HttpResponse<'a>),
    /// A proxy or tunnel inside the flow, with its true destination.
    Tunnel(&'a Tunnel),
    /// A host of the local network has told its name.
    HostName(&'a NamedHost),
    /// The state of a mining conversation; repeated as it grows, and at its end.
    Mining(&'a MiningSession),
    /// No more packets of this flow; the last event of every flow that was opened.
    FlowClosed(FlowEndReason),
}

/// Takes the events of all flows of one worker.
pub trait EventSink {
    /// Takes one event of a flow.
    fn event(&mut self, flow: &Flow, at: Moment, event: Event<'_>);
}
