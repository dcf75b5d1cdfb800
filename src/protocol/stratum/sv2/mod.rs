//! Stratum V2: binary frames in the clear, or inside Noise, where only their sizes show.

mod frame;
mod noise;

use crate::model::Chunk;
use crate::model::chunk::Direction;
use crate::model::event::Tunnel;
use crate::model::event::mining::Carrier;
use crate::protocol::description::StreamProtocol;
use crate::protocol::parser::{Context, Next, Parser, Probe};
use crate::protocol::surroundings::Surroundings;

pub(in crate::protocol) const STREAM: StreamProtocol =
    StreamProtocol::new("stratum_v2", probe, |surroundings| {
        let Surroundings { carriers, tunnel } = surroundings;
        Box::new(Session::new(carriers.clone(), tunnel.clone()))
    });

/// Whether the first bytes of a direction look like Stratum V2.
///
/// The first flight of an encrypted connection is 64 random bytes, so the client's side alone
/// stays [`Probe::Unsure`]; the server's answer of exactly 234 bytes decides.
pub fn probe(direction: Direction, bytes: &[u8]) -> Probe {
    match frame::probe(bytes) {
        Probe::NotForUs => noise::probe(direction, bytes),
        decided => decided,
    }
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    reader: Reader,
}

impl Session {
    /// `carriers` wrap the connection, outermost first; `tunnel` is the innermost one's far end.
    pub fn new(carriers: Vec<Carrier>, tunnel: Option<Tunnel>) -> Self {
        Session { reader: Reader::Fresh(carriers, tunnel) }
    }
}

#[derive(Debug)]
enum Reader {
    /// Nothing seen so far.
    Fresh(Vec<Carrier>, Option<Tunnel>),
    Plain(Box<frame::Reader>),
    Noise(Box<noise::Reader>),
}

impl Parser for Session {
    fn held(&self) -> usize {
        match &self.reader {
            Reader::Plain(reader) => reader.held(),
            Reader::Fresh(..) | Reader::Noise(_) => 0,
        }
    }

    fn chunk(&mut self, ctx: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        if let Reader::Fresh(carriers, tunnel) = &mut self.reader {
            let (carriers, tunnel) = (std::mem::take(carriers), tunnel.take());
            self.reader = if frame::probe(chunk.bytes) == Probe::NotForUs {
                Reader::Noise(Box::new(noise::Reader::new(carriers, tunnel)))
            } else {
                Reader::Plain(Box::new(frame::Reader::new(carriers, tunnel)))
            };
        }
        match &mut self.reader {
            Reader::Fresh(..) => Next::Reject,
            Reader::Plain(reader) => reader.chunk(ctx, chunk),
            Reader::Noise(reader) => reader.chunk(ctx, chunk),
        }
    }

    fn close(&mut self, ctx: &mut Context<'_>) {
        match &mut self.reader {
            Reader::Fresh(..) => {}
            Reader::Plain(reader) => reader.close(ctx),
            Reader::Noise(reader) => reader.close(ctx),
        }
    }
}
