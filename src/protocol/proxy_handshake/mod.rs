//! What proxies put in front of a connection: a greeting, and the true destination or source.

pub(super) mod proxy_protocol;
pub(super) mod socks;

use super::parser::{Context, Handover, StreamParser, StreamProgress, Successor};
use crate::model::chunk::Chunk;
use crate::model::event::Tunnel;
use crate::model::flow::Flow;

/// The end of a prelude: what follows `offset` in the chunk is what the proxy carries.
#[derive(Debug)]
struct HandshakeEnd {
    pub offset: usize,
    /// What the other side has sent of it ahead of time.
    pub early: Vec<u8>,
    pub tunnel: Tunnel,
}

/// The bytes do not follow the protocol that they began with, or some of them are missing.
#[derive(Debug)]
struct NotThisHandshake;

/// A greeting in front of a connection.
trait ProxyHandshake: Send {
    /// Takes the next bytes; `Some` when the greeting is over.
    fn chunk(
        &mut self,
        flow: &Flow,
        chunk: &Chunk<'_>,
    ) -> Result<Option<HandshakeEnd>, NotThisHandshake>;

    /// Bytes kept.
    fn held(&self) -> usize;
}

/// The parser of a connection that begins with a prelude.
struct HandshakeParser<P>(P);

impl<P: ProxyHandshake> StreamParser for HandshakeParser<P> {
    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> StreamProgress {
        match self.0.chunk(context.flow, chunk) {
            Ok(None) => StreamProgress::More,
            Ok(Some(HandshakeEnd { offset, early, tunnel })) => {
                let successor = Successor::Carried(Some(tunnel));
                StreamProgress::Handover(Handover { offset, early, successor })
            }
            Err(NotThisHandshake) if chunk.gap > 0 => StreamProgress::Torn,
            Err(NotThisHandshake) => StreamProgress::Done,
        }
    }

    fn held(&self) -> usize {
        self.0.held()
    }

    fn close(&mut self, _: &mut Context<'_>) {}
}

/// Bytes of one side kept until the greeting is over: a proxy's greeting, and what comes ahead of
/// time (a ClientHello, a pool's first job).
const MAX_KEPT: usize = 16 * 1024;

/// Appends `bytes` to what is kept of one side.
fn keep(kept: &mut Vec<u8>, bytes: &[u8]) -> Result<(), NotThisHandshake> {
    if kept.len() + bytes.len() > MAX_KEPT {
        return Err(NotThisHandshake);
    }
    kept.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    //! Plays both sides of a greeting to a prelude.

    use super::*;
    use crate::model::Timestamp;
    use crate::model::chunk::Direction;
    use crate::model::flow::{Endpoint, FlowKey, Transport};

    pub(super) fn flow(packets: [u32; 2]) -> Flow {
        let client = Endpoint { ip: "10.0.0.7".parse().unwrap(), port: 50210 };
        let server = Endpoint { ip: "198.51.100.9".parse().unwrap(), port: 1080 };
        let (key, initiator) = FlowKey::new(client, server, Transport::Tcp, 0);
        Flow { packets, ..Flow::new(key, initiator, 1, Timestamp::ZERO) }
    }

    /// Runs what both say in turn, cut into pieces of `size`: the tunnel, and what it carries of
    /// each side.
    pub(super) fn run(
        prelude: &mut dyn ProxyHandshake,
        packets: [u32; 2],
        turns: &[(Direction, &[u8])],
        size: usize,
    ) -> Option<(Tunnel, [Vec<u8>; 2])> {
        let flow = flow(packets);
        let mut inside = [Vec::new(), Vec::new()];
        let mut tunnel = None;
        for (direction, bytes) in turns {
            for piece in bytes.chunks(size) {
                let (direction, time) = (*direction, Timestamp::ZERO);
                let chunk = Chunk { direction, time, packet: 1, gap: 0, bytes: piece };
                let mut rest = piece;
                if tunnel.is_none() {
                    let Some(end) = prelude.chunk(&flow, &chunk).ok()? else { continue };
                    tunnel = Some(end.tunnel);
                    inside[direction.reverse().index()].extend(end.early);
                    rest = &piece[end.offset..];
                }
                inside[direction.index()].extend(rest);
            }
        }
        Some((tunnel?, inside))
    }
}
