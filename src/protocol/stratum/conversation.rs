//! Parses a mining conversation from lines or whole messages, in any carrier.

use super::framing::line::{self, LineSplitter};
use super::framing::{message, torn};
use super::identity::login::SHORTEST_ADDRESS;
use super::probe::probe;
use super::session::StratumSession;
use crate::model::chunk::{Chunk, Direction};
use crate::model::event::mining::Carrier;
use crate::model::event::{HttpRequest, Tunnel};
use crate::protocol::body::reader::BodyReader;
use crate::protocol::parser::{Context, Next, Parser, Probe};
use crate::protocol::surroundings::Surroundings;

/// Parser of one mining conversation, in any carrier.
#[derive(Debug)]
pub struct StratumConversation {
    /// Indexed by [`Direction::index`].
    lines: Option<Box<[LineSplitter; 2]>>,
    beginning: SessionContext,
    /// Created on first use: nearly all HTTP exchanges that could carry mining have no JSON.
    session: Option<Box<StratumSession>>,
}

/// What a new session needs to know.
#[derive(Debug)]
struct SessionContext {
    carriers: Vec<Carrier>,
    /// Carrier inside `carriers`.
    innermost: Option<Carrier>,
    /// Target of the request that opened a WebSocket, if it is long enough for a wallet.
    target: Option<Box<str>>,
    tunnel: Option<Tunnel>,
}

impl SessionContext {
    fn session<'a>(
        &mut self,
        session: &'a mut Option<Box<StratumSession>>,
    ) -> &'a mut StratumSession {
        session.get_or_insert_with(|| {
            let mut carriers = std::mem::take(&mut self.carriers);
            carriers.extend(self.innermost);
            let mut session = StratumSession::new(carriers, self.tunnel.take());
            if let Some(target) = self.target.take() {
                session.http_target(&target);
            }
            Box::new(session)
        })
    }
}

impl StratumConversation {
    /// Creates a conversation inside `carriers`, outermost first. `tunnel` is the far end of the
    /// innermost one.
    pub fn new(carriers: Vec<Carrier>, tunnel: Option<Tunnel>) -> Self {
        let beginning = SessionContext { carriers, innermost: None, target: None, tunnel };
        StratumConversation { lines: None, beginning, session: None }
    }

    /// Creates a conversation with the carriers and the tunnel of `surroundings`.
    pub fn inside(surroundings: &Surroundings) -> Self {
        StratumConversation::new(surroundings.carriers.clone(), surroundings.tunnel.clone())
    }

    /// Adds `carrier` as the innermost one. The first call allocates no memory.
    fn within(mut self, carrier: Carrier) -> Self {
        let outer = self.beginning.innermost.replace(carrier);
        self.beginning.carriers.extend(outer);
        self
    }

    /// Bytes held in memory.
    pub fn held(&self) -> usize {
        let lines = self.lines.iter().flat_map(|lines| lines.iter()).map(LineSplitter::held);
        let target = self.beginning.target.as_ref().map_or(0, |target| target.len());
        lines.sum::<usize>() + target + self.session.as_ref().map_or(0, |session| session.held())
    }

    /// Parses the next bytes of a stream of lines. `gap` bytes are missing before them.
    pub fn data(
        &mut self,
        ctx: &mut Context<'_>,
        direction: Direction,
        bytes: &[u8],
        gap: u64,
    ) -> Next {
        let midstream = ctx.flow.midstream();
        let lines = self.lines.get_or_insert_with(|| {
            let new =
                || if midstream { LineSplitter::midstream() } else { LineSplitter::default() };
            Box::new([new(), new()])
        });
        let [to_server, to_client] = lines.as_mut();
        let splitter = match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        let session = self.beginning.session(&mut self.session);
        if gap > 0 {
            if let Some(torn) = torn::close(splitter.beginning()) {
                message::read(&torn, |message| session.torn(ctx, direction, message));
            }
            splitter.lose();
        }
        splitter.push(bytes, |line| {
            read(session, ctx, direction, line);
            !session.is_hopeless()
        });
        session.malformed(std::mem::take(&mut splitter.overlong));
        next(session)
    }

    /// Whether long messages are worth reading: all messages so far belong to mining.
    pub fn is_promising(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.is_promising())
    }

    /// Parses one whole message: a WebSocket text or the body of an HTTP message. It may contain
    /// several objects, with or without line ends between them, or a batch.
    pub fn message(&mut self, ctx: &mut Context<'_>, direction: Direction, payload: &[u8]) -> Next {
        let session = self.beginning.session(&mut self.session);
        read(session, ctx, direction, line::trim(payload));
        next(session)
    }

    /// Records the HTTP request whose body comes next.
    pub fn http_request(&mut self, _: &mut Context<'_>, request: &HttpRequest) {
        self.beginning.session(&mut self.session).http_request(request);
    }

    /// Reads the unfinished lines and sends the last report: the connection has ended.
    pub fn close(&mut self, ctx: &mut Context<'_>) {
        let Some(session) = &mut self.session else { return };
        if let Some([to_server, to_client]) = self.lines.as_deref_mut() {
            for (splitter, direction) in
                [(to_server, Direction::ToServer), (to_client, Direction::ToClient)]
            {
                splitter.finish(|line| {
                    read(session, ctx, direction, line);
                    true
                });
            }
        }
        session.close(ctx);
    }
}

/// Parses a connection that consists of lines only.
impl Parser for StratumConversation {
    fn held(&self) -> usize {
        self.held()
    }

    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next {
        let next = self.data(context, chunk.direction, chunk.bytes, chunk.gap);
        if next != Next::More {
            self.close(context);
        }
        next
    }

    fn close(&mut self, context: &mut Context<'_>) {
        self.close(context);
    }
}

impl BodyReader for StratumConversation {
    fn open(surroundings: &Surroundings, carrier: Carrier) -> Self {
        StratumConversation::inside(surroundings).within(carrier)
    }

    fn probe(direction: Direction, body: &[u8]) -> Probe {
        probe(direction, body)
    }

    fn is_promising(&self) -> bool {
        self.is_promising()
    }

    fn request(&mut self, context: &mut Context<'_>, request: &HttpRequest<'_>) {
        self.http_request(context, request);
    }

    fn upgraded(&mut self, target: &str) {
        if target.len() > SHORTEST_ADDRESS {
            self.beginning.target = Some(target.into());
        }
    }

    fn body(&mut self, context: &mut Context<'_>, direction: Direction, body: &[u8]) -> Next {
        self.message(context, direction, body)
    }

    fn lines(
        &mut self,
        context: &mut Context<'_>,
        direction: Direction,
        bytes: &[u8],
        gap: u64,
    ) -> Next {
        self.data(context, direction, bytes, gap)
    }

    fn held(&self) -> usize {
        self.held()
    }

    fn close(&mut self, context: &mut Context<'_>) {
        self.close(context);
    }
}

fn next(session: &StratumSession) -> Next {
    if session.is_hopeless() { Next::Reject } else { Next::More }
}

fn read(session: &mut StratumSession, ctx: &mut Context<'_>, direction: Direction, line: &[u8]) {
    if !message::read(line, |message| session.message(ctx, direction, message)) {
        session.malformed(1);
    }
}
