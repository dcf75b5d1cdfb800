//! Finds the protocol of a TCP connection, and the protocols that it carries.

use crate::model::chunk::{Chunk, Interest};
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::model::event::{Event, Moment};
use crate::protocol::detector::{BufferedChunk, Detection, ProtocolDetector};
use crate::protocol::parser::{Context, Handover, StreamParser, StreamProgress, Successor};
use crate::protocol::registry::StreamSlot;
use crate::protocol::surroundings::Surroundings;

/// Number of nested proxies and upgrades at which inspection stops: real chains have two.
const MAX_CARRIERS: usize = 6;

/// Inspector of a TCP connection.
pub(super) struct StreamInspector {
    speech: AppProtocol,
    /// Carriers around the innermost protocol; `None` for nearly all connections.
    around: Option<Box<Surroundings>>,
}

/// The innermost protocol of a connection.
enum AppProtocol {
    Unknown(ProtocolDetector),
    Known(Box<dyn StreamParser>),
}

impl StreamInspector {
    pub(super) fn new(midstream: bool) -> Self {
        StreamInspector {
            speech: AppProtocol::Unknown(ProtocolDetector::new(midstream)),
            around: None,
        }
    }

    pub(super) fn held(&self) -> usize {
        match &self.speech {
            AppProtocol::Unknown(detector) => detector.held(),
            AppProtocol::Known(parser) => size_of_val(&**parser) + parser.held(),
        }
    }

    pub(super) fn close(&mut self, context: &mut Context<'_>) {
        if let AppProtocol::Known(parser) = &mut self.speech {
            parser.close(context);
        }
    }

    /// Gives a chunk to the detector or the parser, and the rest after a handover to the next one.
    ///
    /// The depth of recursion is bounded by the number of carriers, because between two carriers
    /// there is a detector.
    pub(super) fn feed(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Interest {
        match &mut self.speech {
            AppProtocol::Unknown(detector) => match detector.chunk(chunk) {
                Detection::Unsure => Interest::More,
                Detection::Hopeless => {
                    if self.around.is_none() {
                        context.scratch.protocols.unknown += 1;
                    }
                    Interest::Settled
                }
                Detection::Found(slot, start) => {
                    let kept = detector.take();
                    self.found(context, chunk, slot, start, &kept)
                }
            },
            AppProtocol::Known(parser) => match parser.chunk(context, chunk) {
                StreamProgress::More => Interest::More,
                StreamProgress::Done => Interest::Settled,
                StreamProgress::Torn => {
                    self.speech = AppProtocol::Unknown(ProtocolDetector::new(true));
                    self.feed(context, &Chunk { gap: 0, ..*chunk })
                }
                StreamProgress::Handover(handover) => self.hand_over(context, chunk, handover),
            },
        }
    }

    /// Opens the parser of the protocol that was found at `start` in the chunk.
    ///
    /// The kept chunks come before the chunk, and the parser gets them first.
    fn found(
        &mut self,
        context: &mut Context<'_>,
        chunk: &Chunk<'_>,
        slot: StreamSlot,
        start: usize,
        kept: &[BufferedChunk],
    ) -> Interest {
        let protocol = slot.protocol();
        context.scratch.protocols.count(slot.index(), protocol.name);
        if let Some(first_chunk) = protocol.first_chunk
            && kept.is_empty()
            && start == 0
        {
            let Some(parser) = first_chunk(context, chunk) else { return Interest::Settled };
            self.speech = AppProtocol::Known(parser);
            return Interest::More;
        }
        self.speech = AppProtocol::Known((protocol.open)(self.around()));
        let bytes = chunk.bytes.get(start..).unwrap_or_default();
        // After the other direction's chunks alone, this one begins anew.
        let continues = kept.iter().any(|earlier| earlier.direction() == chunk.direction);
        let gap = if kept.is_empty() || continues { chunk.gap } else { 0 };
        if self.replay(context, kept, chunk) == Interest::Settled {
            return Interest::Settled;
        }
        self.feed(context, &Chunk { bytes, gap, ..*chunk })
    }

    /// Gives the new parser the chunks kept while the protocol was unknown.
    fn replay(
        &mut self,
        context: &mut Context<'_>,
        kept: &[BufferedChunk],
        chunk: &Chunk<'_>,
    ) -> Interest {
        for piece in kept {
            let piece = piece.chunk();
            context.at = Moment { time: piece.time, packet: piece.packet };
            if self.feed(context, &piece) == Interest::Settled {
                return Interest::Settled;
            }
        }
        context.at = Moment { time: chunk.time, packet: chunk.packet };
        Interest::More
    }

    /// Continues with the protocol that follows a handover.
    fn hand_over(
        &mut self,
        context: &mut Context<'_>,
        chunk: &Chunk<'_>,
        handover: Handover,
    ) -> Interest {
        let Handover { offset, early, successor } = handover;
        match successor {
            Successor::Carried(tunnel) => {
                if self.enter(context, tunnel) == Interest::Settled {
                    return Interest::Settled;
                }
            }
            Successor::Protocol(name, open) => {
                if let Some(slot) = StreamSlot::named(name) {
                    context.scratch.protocols.count(slot.index(), name);
                }
                self.speech = AppProtocol::Known(open(self.around()));
            }
        }
        self.rest(context, chunk, offset, &early)
    }

    /// Restarts detection for what a proxy or an upgrade carries.
    ///
    /// The flow is settled if the proxy refused, or if there are [`MAX_CARRIERS`].
    fn enter(&mut self, context: &mut Context<'_>, tunnel: Option<Tunnel>) -> Interest {
        let kind = tunnel.as_ref().map_or(TunnelKind::HttpConnect, |tunnel| tunnel.kind);
        let around = self.around.get_or_insert_default();
        if let Some(tunnel) = tunnel {
            context.emit(Event::Tunnel(&tunnel));
            if !tunnel.granted {
                return Interest::Settled;
            }
            // The PROXY protocol names the source of the bytes: the pool's address stays valid.
            if kind != TunnelKind::ProxyProtocol {
                around.tunnel = Some(tunnel);
            }
        }
        around.carriers.push(kind.into());
        if around.carriers.len() >= MAX_CARRIERS {
            return Interest::Settled;
        }
        self.speech = AppProtocol::Unknown(ProtocolDetector::new(false));
        Interest::More
    }

    /// Continues with the bytes that the other side sent early, then with the rest of the chunk.
    fn rest(
        &mut self,
        context: &mut Context<'_>,
        chunk: &Chunk<'_>,
        offset: usize,
        early: &[u8],
    ) -> Interest {
        let rest = chunk.bytes.get(offset..).unwrap_or_default();
        for (direction, bytes) in [(chunk.direction.reverse(), early), (chunk.direction, rest)] {
            let part = Chunk { direction, bytes, gap: 0, ..*chunk };
            if !bytes.is_empty() && self.feed(context, &part) == Interest::Settled {
                return Interest::Settled;
            }
        }
        Interest::More
    }

    fn around(&self) -> &Surroundings {
        static NOTHING: Surroundings = Surroundings { carriers: Vec::new(), tunnel: None };
        self.around.as_deref().unwrap_or(&NOTHING)
    }
}
