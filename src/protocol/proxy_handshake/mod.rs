//! Proxy handshakes: messages before a connection that name its true destination or source.

pub(super) mod proxy_protocol;
pub(super) mod socks;

use super::parser::{Context, Handover, StreamParser, StreamProgress, Successor};
use crate::model::chunk::Chunk;
use crate::model::event::Tunnel;
use crate::model::flow::Flow;

/// The end of a proxy handshake. The carried connection begins at `offset` in the chunk.
#[derive(Debug)]
struct HandshakeEnd {
    pub offset: usize,
    /// Bytes of the carried connection that the other side has sent early.
    pub early: Vec<u8>,
    pub tunnel: Tunnel,
}

/// The bytes do not follow the protocol that they began with, or some of them are missing.
#[derive(Debug)]
struct NotThisHandshake;

/// The parser of one kind of proxy handshake.
trait ProxyHandshake: Send {
    /// Consumes the next bytes. Returns `Some` when the proxy handshake is over.
    fn chunk(
        &mut self,
        flow: &Flow,
        chunk: &Chunk<'_>,
    ) -> Result<Option<HandshakeEnd>, NotThisHandshake>;

    /// Returns the number of allocated bytes.
    fn held(&self) -> usize;
}

/// The parser of a connection that begins with a proxy handshake.
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

/// Bytes of one side kept until the proxy handshake is over.
///
/// They are the handshake itself, and early bytes (a ClientHello, a pool's first job).
const MAX_KEPT: usize = 16 * 1024;

/// Appends `bytes` to the kept bytes of one side. Fails above [`MAX_KEPT`].
fn keep(kept: &mut Vec<u8>, bytes: &[u8]) -> Result<(), NotThisHandshake> {
    if kept.len() + bytes.len() > MAX_KEPT {
        return Err(NotThisHandshake);
    }
    kept.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    //! Feeds both sides of a conversation to the parser of a proxy handshake.

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

    /// Feeds the turns of both sides, cut into pieces of `size`.
    ///
    /// Returns the tunnel, and the bytes of each side that it carries.
    pub(super) fn run(
        handshake: &mut dyn ProxyHandshake,
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
                    let Some(end) = handshake.chunk(&flow, &chunk).ok()? else { continue };
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
