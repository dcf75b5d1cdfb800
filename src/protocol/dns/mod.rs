//! Parses DNS (RFC 1035) over UDP and TCP, on any port: questions and answers.
//!
//! Our own bounded reader walks the sections. It keeps what can be read of a broken message and
//! records malformations in [`DnsAnomalies`](crate::model::event::dns::DnsAnomalies). No input
//! makes it panic.

mod header;
mod message;
mod name;
mod record;
mod stream;

pub(super) use message::owner;
pub use stream::{DnsStream, probe_stream};

use super::description::{DatagramProtocol, FirstDatagram, StreamProtocol};
use super::parser::{Context, Next, Parser, Scratch};
use crate::model::chunk::Chunk;
use crate::model::event::Event;
use crate::model::flow::Flow;
use header::DnsHeader;

/// DNS over TCP.
pub(super) const STREAM: StreamProtocol =
    StreamProtocol::new("dns", |_, head| probe_stream(head), |_| Box::new(DnsStream::default()));

/// DNS over UDP. On port 53 every datagram is tried, and no state is kept.
pub(super) const DATAGRAMS: DatagramProtocol = DatagramProtocol {
    name: "dns",
    first_datagram: |context, chunk| match (
        DnsDatagrams::begin(context, chunk),
        has_port(context.flow),
    ) {
        (Some(_), true) => FirstDatagram::Stateless,
        (Some(parser), false) => FirstDatagram::More(Box::new(parser)),
        (None, true) => FirstDatagram::NotYet,
        (None, false) => FirstDatagram::NotForUs,
    },
};

/// The port of DNS (IANA service names and port numbers).
const PORT: u16 = 53;
/// Ports of protocols that carry only host names of the local network: NetBIOS name and datagram
/// service (RFC 1002), mDNS (RFC 6762) and LLMNR (RFC 4795). They use the format of DNS.
const HOST_NAME_PORTS: [u16; 4] = [137, 138, 5353, 5355];

/// How strictly a datagram is checked before it counts as DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rigour {
    /// A plausible header is enough: what is sent to the port of DNS is meant as DNS.
    Header,
    /// Every byte must fit: no other protocol may be mistaken for DNS.
    Whole,
}

impl Rigour {
    /// The strictness for a flow with these ports; `None` if it is not parsed as DNS because a port
    /// is in [`HOST_NAME_PORTS`].
    fn of([one, other]: [u16; 2]) -> Option<Rigour> {
        let either = |port: u16| port == one || port == other;
        if either(PORT) {
            // Even if the other port is in `HOST_NAME_PORTS`: a resolver's source port is random.
            Some(Rigour::Header)
        } else if HOST_NAME_PORTS.into_iter().any(either) {
            None
        } else {
            Some(Rigour::Whole)
        }
    }

    /// Reads the header of a datagram; `None` if the datagram cannot be DNS.
    fn header(self, bytes: &[u8]) -> Option<DnsHeader> {
        DnsHeader::read(bytes).filter(|header| match self {
            Rigour::Header => message::is_plausible(header, bytes),
            Rigour::Whole => header.is_usual() && header.fits(bytes.len()),
        })
    }

    /// Parses a datagram and emits its event. Returns false if it is not DNS.
    fn tell(self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> bool {
        let Some(header) = self.header(chunk.bytes) else { return false };
        let Scratch { brief, dns, dns_spare, .. } = &mut *context.scratch;
        let brief = *brief && self == Rigour::Header;
        message::read(&header, chunk.bytes, brief, dns, dns_spare);
        if self == Rigour::Whole && !message::is_exact(dns) {
            return false;
        }
        dns.direction = chunk.direction;
        context.sink.event(context.flow, context.at, Event::Dns(dns));
        true
    }
}

/// Whether a flow has the port of DNS. DNS may then follow, whatever the flow began with.
pub fn has_port(flow: &Flow) -> bool {
    flow.key.ports().contains(&PORT)
}

/// Parses DNS over UDP: one message in each datagram.
#[derive(Clone, Copy, Debug, Default)]
pub struct DnsDatagrams;

impl DnsDatagrams {
    /// Parses the first datagram of a flow, emits its event and returns the parser of later ones.
    ///
    /// Returns `None` if the datagram is not DNS.
    pub fn begin(context: &mut Context<'_>, chunk: &Chunk<'_>) -> Option<DnsDatagrams> {
        let rigour = Rigour::of(context.flow.key.ports())?;
        rigour.tell(context, chunk).then_some(DnsDatagrams)
    }
}

impl Parser for DnsDatagrams {
    fn held(&self) -> usize {
        0
    }

    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        let Some(rigour) = Rigour::of(context.flow.key.ports()) else { return Next::Reject };
        // Ignore the result: DNS messages may follow a datagram of another protocol.
        rigour.tell(context, chunk);
        Next::More
    }
}
