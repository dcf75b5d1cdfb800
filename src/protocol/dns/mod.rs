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

pub use spare::Spare;
pub use stream::{Stream, probe_stream};

use super::parser::{Context, Next, Parser, Probe};
use crate::model::chunk::Chunk;
use crate::model::event::{DnsMessage, Event};
use header::Header;

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
    fn of(ports: [u16; 2]) -> Option<Rigour> {
        if ports.contains(&PORT) {
            // Even to one of the other ports: a resolver's source port is random.
            Some(Rigour::Header)
        } else if ports.iter().any(|port| NEIGHBOUR_PORTS.contains(port)) {
            None
        } else {
            Some(Rigour::Whole)
        }
    }

    /// The header of a datagram; `None` if it is not that of DNS.
    fn header(self, bytes: &[u8]) -> Option<Header> {
        Header::read(bytes).filter(|header| match self {
            Rigour::Header => message::is_plausible(header, bytes),
            Rigour::Whole => header.is_usual() && header.fits(bytes.len()),
        })
    }

    /// Reads a datagram into `message`; false if it is not DNS.
    fn read(self, bytes: &[u8], brief: bool, message: &mut DnsMessage, spare: &mut Spare) -> bool {
        let Some(header) = self.header(bytes) else { return false };
        let brief = brief && self == Rigour::Header;
        message::read(&header, bytes, brief, message, spare);
        self == Rigour::Header || message::is_exact(message)
    }
}

/// Whether a UDP flow between these ports that has this datagram is DNS.
pub fn probe_datagram(client_port: u16, server_port: u16, bytes: &[u8]) -> Probe {
    let is_dns = Rigour::of([client_port, server_port]).is_some_and(|rigour| {
        // Few datagrams of other protocols get past the header, so few cost an allocation.
        let whole = || rigour.read(bytes, false, &mut DnsMessage::default(), &mut Spare::default());
        rigour.header(bytes).is_some() && (rigour == Rigour::Header || whole())
    });
    if is_dns { Probe::Certain } else { Probe::NotForUs }
}

/// DNS over UDP: a message a datagram, as many as the flow has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Datagrams;

impl Parser for Datagrams {
    fn held(&self) -> usize {
        0
    }

    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        let Some(rigour) = Rigour::of(context.flow.key.ports()) else { return Next::Reject };
        let scratch = &mut *context.scratch;
        if rigour.read(chunk.bytes, scratch.brief, &mut scratch.dns, &mut scratch.dns_spare) {
            scratch.dns.direction = chunk.direction;
            context.sink.event(context.flow, context.at, Event::Dns(&scratch.dns));
        }
        Next::More
    }
}
