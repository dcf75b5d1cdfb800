//! Finds out what a flow speaks and keeps the parser for it.
//!
//! The first bytes decide, never the port. A proxy or an upgrade inside the flow starts the search
//! anew for what it carries. A flow in which nothing more can be learnt is settled.

use super::dns;
use super::http::{Connection, Progress};
use super::neighbours;
use super::p2pool;
use super::parser::{Context, Next, Parser, Probe};
use super::prelude::{self, End, Prelude, proxy_protocol, socks};
use super::quic;
use super::search::{Found, Kept, Search, Verdict};
use super::stratum::{Conversation, sv2};
use super::surroundings::Surroundings;
use super::tls;
use super::websocket::{Socket, WebSocket};
use crate::model::chunk::{Chunk, Interest};
use crate::model::event::tunnel::{Tunnel, TunnelKind};
use crate::model::event::{Event, Moment};
use crate::model::flow::{Flow, Transport};

/// Proxies and upgrades inside each other that are followed: real chains have two.
const MAX_CARRIERS: usize = 6;
/// Packets of a UDP flow that are tried before it counts as unknown.
const MAX_DATAGRAMS: u32 = 4;

/// What one flow speaks.
pub struct Inspector(Inner);

enum Inner {
    Stream(Stream),
    /// A UDP flow of which nothing is known yet, or that is DNS for its port.
    Datagrams,
    Datagram(Box<dyn Parser>),
}

impl Inspector {
    /// `None` for transports whose payload is of no interest.
    pub fn new(flow: &Flow) -> Option<Inspector> {
        match flow.transport() {
            Transport::Tcp => Some(Inspector(Inner::Stream(Stream::new(flow.midstream())))),
            Transport::Udp => Some(Inspector(Inner::Datagrams)),
            Transport::Other(_) => None,
        }
    }

    /// Takes the next bytes of the flow.
    pub fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Interest {
        match &mut self.0 {
            Inner::Stream(stream) => stream.feed(context, chunk),
            Inner::Datagrams => self.datagram(context, chunk),
            Inner::Datagram(parser) => interest(parser.chunk(context, chunk)),
        }
    }

    /// Looks at a datagram of a flow of which nothing is remembered.
    fn datagram(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Interest {
        if neighbours::has_port(context.flow) {
            let sender = context.flow.sender(chunk.direction).ip;
            if let Some(named) = neighbours::read(context.flow.key.ports(), sender, chunk.bytes) {
                context.emit(Event::HostName(&named));
            }
            return Interest::Anew;
        }
        let always_tried = dns::has_port(context.flow);
        if let Some(parser) = dns::Datagrams::begin(context, chunk) {
            if always_tried {
                return Interest::Anew;
            }
            self.0 = Inner::Datagram(Box::new(parser));
            return Interest::More;
        }
        if quic::probe_datagram(chunk.bytes) != Probe::NotForUs {
            let Some(parser) = begin::<quic::Connection>(context, chunk) else {
                return Interest::Settled;
            };
            self.0 = Inner::Datagram(parser);
            return Interest::More;
        }
        let [one, other] = context.flow.packets;
        match always_tried || one.saturating_add(other) < MAX_DATAGRAMS {
            true => Interest::Anew,
            false => Interest::Settled,
        }
    }

    /// Bytes on the heap: the parser, and what the flow has made it keep.
    pub fn held(&self) -> usize {
        match &self.0 {
            Inner::Stream(stream) => stream.speech.held(),
            Inner::Datagrams => 0,
            Inner::Datagram(parser) => size_of_val(&**parser) + parser.held(),
        }
    }

    /// The flow has ended: what parsers held back is emitted.
    pub fn close(&mut self, context: &mut Context<'_>) {
        match &mut self.0 {
            Inner::Stream(stream) => stream.close(context),
            Inner::Datagrams => {}
            Inner::Datagram(parser) => parser.close(context),
        }
    }
}

fn interest(next: Next) -> Interest {
    match next {
        Next::More => Interest::More,
        Next::Done | Next::Reject => Interest::Settled,
    }
}

/// Gives a new parser its first chunk; `None` if it wants no other. That is enough for most, and then
/// costs no memory.
fn begin<P: Parser + Default + 'static>(
    context: &mut Context<'_>,
    chunk: &Chunk<'_>,
) -> Option<Box<dyn Parser>> {
    let mut parser = P::default();
    let more = parser.chunk(context, chunk) == Next::More;
    more.then(|| -> Box<dyn Parser> { Box::new(parser) })
}

/// A TCP connection.
struct Stream {
    speech: Speech,
    /// Hardly ever anything.
    around: Option<Box<Surroundings>>,
}

/// What a TCP connection speaks, as far as it is known.
enum Speech {
    Unknown(Search),
    Prelude(Box<dyn Prelude>),
    Http(Box<Connection>),
    WebSocket(Box<WebSocket>),
    Stratum(Box<Conversation>),
    Other(Box<dyn Parser>),
}

impl Speech {
    fn held(&self) -> usize {
        match self {
            Speech::Unknown(search) => search.held(),
            Speech::Prelude(prelude) => size_of_val(&**prelude) + prelude.held(),
            Speech::Http(connection) => size_of_val(&**connection) + connection.held(),
            Speech::WebSocket(socket) => size_of_val(&**socket) + socket.held(),
            Speech::Stratum(conversation) => size_of_val(&**conversation) + conversation.held(),
            Speech::Other(parser) => size_of_val(&**parser) + parser.held(),
        }
    }
}

impl Stream {
    fn new(midstream: bool) -> Self {
        Stream { speech: Speech::Unknown(Search::new(midstream)), around: None }
    }

    /// Gives a chunk to what the connection speaks, and what that does not want to what comes
    /// next. This goes no deeper than there are carriers: between two of them lies a search.
    fn feed(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Interest {
        match &mut self.speech {
            Speech::Unknown(search) => match search.chunk(chunk) {
                Verdict::Unsure => Interest::More,
                Verdict::Hopeless => Interest::Settled,
                Verdict::Found(found, start) => {
                    let kept = search.take();
                    if found == Found::Tls && kept.is_empty() && start == 0 {
                        let Some(parser) = begin::<tls::Handshake>(context, chunk) else {
                            return Interest::Settled;
                        };
                        self.speech = Speech::Other(parser);
                        return Interest::More;
                    }
                    self.speech = self.speech_of(found);
                    let bytes = chunk.bytes.get(start..).unwrap_or_default();
                    let gap = if kept.is_empty() { chunk.gap } else { 0 };
                    if self.replay(context, &kept, chunk) == Interest::Settled {
                        return Interest::Settled;
                    }
                    self.feed(context, &Chunk { bytes, gap, ..*chunk })
                }
            },
            Speech::Prelude(prelude) => match prelude.chunk(context.flow, chunk) {
                Ok(None) => Interest::More,
                Ok(Some(End { offset, early, tunnel })) => {
                    self.enter(context, Some(tunnel), chunk, offset, &early)
                }
                Err(prelude::NotThis) if chunk.gap > 0 => {
                    self.speech = Speech::Unknown(Search::new(true));
                    self.feed(context, &Chunk { gap: 0, ..*chunk })
                }
                Err(prelude::NotThis) => Interest::Settled,
            },
            Speech::Http(connection) => match connection.chunk(context, chunk) {
                Progress::More => Interest::More,
                Progress::Done => {
                    connection.close(context);
                    Interest::Settled
                }
                Progress::Connected { offset, early, tunnel } => {
                    connection.close(context);
                    self.enter(context, tunnel, chunk, offset, &early)
                }
                Progress::Upgraded { offset, early, socket } => {
                    connection.close(context);
                    self.speech = self.websocket(socket);
                    self.rest(context, chunk, offset, &early)
                }
            },
            Speech::WebSocket(socket) => {
                settle(socket.chunk(context, chunk), || socket.close(context))
            }
            Speech::Stratum(conversation) => {
                let next = conversation.data(context, chunk.direction, chunk.bytes, chunk.gap);
                settle(next, || conversation.close(context))
            }
            Speech::Other(parser) => interest(parser.chunk(context, chunk)),
        }
    }

    /// Gives a parser that was just found what was kept while nobody knew.
    fn replay(&mut self, context: &mut Context<'_>, kept: &[Kept], chunk: &Chunk<'_>) -> Interest {
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

    /// A proxy has agreed, or refused: what follows `offset` is another connection's.
    fn enter(
        &mut self,
        context: &mut Context<'_>,
        tunnel: Option<Tunnel>,
        chunk: &Chunk<'_>,
        offset: usize,
        early: &[u8],
    ) -> Interest {
        let kind = tunnel.as_ref().map_or(TunnelKind::HttpConnect, |tunnel| tunnel.kind);
        let around = self.around.get_or_insert_default();
        if let Some(tunnel) = tunnel {
            context.emit(Event::Tunnel(&tunnel));
            if !tunnel.granted {
                return Interest::Settled;
            }
            // The PROXY protocol tells where the bytes come from: the pool's address stays.
            if kind != TunnelKind::ProxyProtocol {
                around.tunnel = Some(tunnel);
            }
        }
        around.carriers.push(kind.into());
        if around.carriers.len() >= MAX_CARRIERS {
            return Interest::Settled;
        }
        self.speech = Speech::Unknown(Search::new(false));
        self.rest(context, chunk, offset, early)
    }

    /// Goes on with what the other side has sent ahead of time, then with the rest of the chunk.
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

    fn speech_of(&self, found: Found) -> Speech {
        match found {
            Found::ProxyProtocol => Speech::Prelude(Box::new(proxy_protocol::Header::default())),
            Found::Socks => Speech::Prelude(Box::new(socks::Negotiation::default())),
            Found::Http => Speech::Http(Box::new(Connection::new(self.around()))),
            Found::WebSocket => self.websocket(Socket::default()),
            Found::Tls => Speech::Other(Box::new(tls::Handshake::default())),
            Found::Dns => Speech::Other(Box::new(dns::Stream::default())),
            Found::Stratum => Speech::Stratum(Box::new(Conversation::inside(self.around()))),
            Found::StratumV2 => {
                let Surroundings { carriers, tunnel } = self.around();
                Speech::Other(Box::new(sv2::Session::new(carriers.clone(), tunnel.clone())))
            }
            Found::P2Pool => {
                let Surroundings { carriers, tunnel } = self.around();
                Speech::Other(Box::new(p2pool::Session::new(carriers.clone(), tunnel.clone())))
            }
        }
    }

    fn websocket(&self, socket: Socket) -> Speech {
        Speech::WebSocket(Box::new(WebSocket::new(socket, self.around())))
    }

    fn around(&self) -> &Surroundings {
        static NOTHING: Surroundings = Surroundings { carriers: Vec::new(), tunnel: None };
        self.around.as_deref().unwrap_or(&NOTHING)
    }

    fn close(&mut self, context: &mut Context<'_>) {
        match &mut self.speech {
            Speech::Unknown(_) | Speech::Prelude(_) => {}
            Speech::Http(connection) => connection.close(context),
            Speech::WebSocket(socket) => socket.close(context),
            Speech::Stratum(conversation) => conversation.close(context),
            Speech::Other(parser) => parser.close(context),
        }
    }
}

fn settle(next: Next, close: impl FnOnce()) -> Interest {
    if next == Next::More {
        return Interest::More;
    }
    close();
    Interest::Settled
}
