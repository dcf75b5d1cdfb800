//! Stratum V2: binary frames in the clear, or inside Noise, where only their sizes are visible.

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
        Box::new(Sv2Session::new(carriers.clone(), tunnel.clone()))
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

/// Parser of one connection.
#[derive(Debug)]
pub struct Sv2Session {
    reader: Sv2Reader,
}

impl Sv2Session {
    /// Creates a parser of a connection inside `carriers`, outermost first. `tunnel` is the far end
    /// of the innermost one.
    pub fn new(carriers: Vec<Carrier>, tunnel: Option<Tunnel>) -> Self {
        Sv2Session { reader: Sv2Reader::Fresh(carriers, tunnel) }
    }
}

#[derive(Debug)]
enum Sv2Reader {
    /// Nothing seen so far.
    Fresh(Vec<Carrier>, Option<Tunnel>),
    Plain(Box<frame::FrameReader>),
    Noise(Box<noise::NoiseReader>),
}

impl Parser for Sv2Session {
    fn held(&self) -> usize {
        match &self.reader {
            Sv2Reader::Plain(reader) => reader.held(),
            Sv2Reader::Fresh(..) | Sv2Reader::Noise(_) => 0,
        }
    }

    fn chunk(&mut self, ctx: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        if let Sv2Reader::Fresh(carriers, tunnel) = &mut self.reader {
            let (carriers, tunnel) = (std::mem::take(carriers), tunnel.take());
            self.reader = if frame::probe(chunk.bytes) == Probe::NotForUs {
                Sv2Reader::Noise(Box::new(noise::NoiseReader::new(carriers, tunnel)))
            } else {
                Sv2Reader::Plain(Box::new(frame::FrameReader::new(carriers, tunnel)))
            };
        }
        match &mut self.reader {
            Sv2Reader::Fresh(..) => Next::Reject,
            Sv2Reader::Plain(reader) => reader.chunk(ctx, chunk),
            Sv2Reader::Noise(reader) => reader.chunk(ctx, chunk),
        }
    }

    fn close(&mut self, ctx: &mut Context<'_>) {
        match &mut self.reader {
            Sv2Reader::Fresh(..) => {}
            Sv2Reader::Plain(reader) => reader.close(ctx),
            Sv2Reader::Noise(reader) => reader.close(ctx),
        }
    }
}
