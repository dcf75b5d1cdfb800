//! DNS (RFC 1035) over UDP and TCP, on any port: names asked for, and what the answers say of them.
//!
//! Our own bounded reader walks the sections. It keeps what can be read of a broken message and
//! notes each oddity in [`DnsAnomalies`](crate::model::event::dns::DnsAnomalies). No input makes it
//! panic.

mod header;
mod message;
mod name;
mod record;
mod spare;
mod stream;

pub(super) use message::owner;
pub use spare::SpareNames;
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

/// DNS over UDP. At its port every datagram is tried, and none has to be remembered.
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

/// IANA service names and port numbers.
const PORT: u16 = 53;
/// Protocols in the format of DNS that name only neighbours: NetBIOS name and datagram service
/// (RFC 1002), mDNS (RFC 6762) and LLMNR (RFC 4795).
const NEIGHBOUR_PORTS: [u16; 4] = [137, 138, 5353, 5355];

/// How much a datagram must look like DNS to be taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rigour {
    /// A plausible header: what is sent to the port of DNS is meant to be DNS.
    Header,
    /// Every byte: no other protocol may be mistaken for DNS.
    Whole,
}

impl Rigour {
    /// What the ports of a flow ask for; `None` if they belong to a protocol that is left out.
    fn of([one, other]: [u16; 2]) -> Option<Rigour> {
        let either = |port: u16| port == one || port == other;
        if either(PORT) {
            // Even to one of the other ports: a resolver's source port is random.
            Some(Rigour::Header)
        } else if NEIGHBOUR_PORTS.into_iter().any(either) {
            None
        } else {
            Some(Rigour::Whole)
        }
    }

    /// The header of a datagram; `None` if it is not that of DNS.
    fn header(self, bytes: &[u8]) -> Option<DnsHeader> {
        DnsHeader::read(bytes).filter(|header| match self {
            Rigour::Header => message::is_plausible(header, bytes),
            Rigour::Whole => header.is_usual() && header.fits(bytes.len()),
        })
    }

    /// Tells of a datagram; false if it is not DNS.
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

/// Whether a flow has the port of DNS: whatever it began with, DNS may follow.
pub fn has_port(flow: &Flow) -> bool {
    flow.key.ports().contains(&PORT)
}

/// DNS over UDP: a message a datagram, as many as the flow has.
#[derive(Clone, Copy, Debug, Default)]
pub struct DnsDatagrams;

impl DnsDatagrams {
    /// Tells of the first datagram of a flow and returns the parser of those to come, if it is DNS.
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
        // Something else between lookups does not end them.
        rigour.tell(context, chunk);
        Next::More
    }
}
