//! What every protocol parser is to the inspector: something that takes chunks and emits events.

use super::dns;
use super::stats::ProtocolStats;
use super::surroundings::Surroundings;
use crate::model::Chunk;
use crate::model::event::{DnsMessage, Event, EventSink, Moment, Tunnel};
use crate::model::flow::Flow;

/// How sure a parser is, from the first bytes of one direction, that a flow is for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// No other protocol begins like this.
    Certain,
    /// More bytes are needed.
    Unsure,
    /// The flow is another protocol's.
    NotForUs,
}

/// What a parser wants after a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The following chunks, too.
    More,
    /// Nothing: all that this protocol shows has been seen.
    Done,
    /// The flow does not follow this protocol after all; nothing was emitted for this chunk.
    Reject,
}

/// What the parsers of one worker share: buffers, so that the steady state allocates nothing, and
/// counters.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Only what detection needs is wanted: parsers may leave out the rest and be done early.
    pub brief: bool,
    /// The message that is parsed at the moment.
    pub dns: DnsMessage,
    /// A QUIC packet that is decrypted in place.
    pub packet: Vec<u8>,
    /// Memory of names that are parsed next.
    pub dns_spare: dns::SpareNames,
    /// What the flows of this worker speak.
    pub protocols: ProtocolStats,
}

/// Everything around a chunk that a parser may need.
pub struct Context<'a> {
    /// The flow to which the chunk belongs.
    pub flow: &'a Flow,
    /// When its bytes became available.
    pub at: Moment,
    /// Buffers of the worker.
    pub scratch: &'a mut Scratch,
    /// Where events go.
    pub sink: &'a mut dyn EventSink,
}

impl Context<'_> {
    /// Emits an event of the flow at this moment.
    pub fn emit(&mut self, event: Event<'_>) {
        self.sink.event(self.flow, self.at, event);
    }
}

/// A parser of one protocol for one flow. Its memory is bounded by named constants, and no input
/// makes it panic.
pub trait Parser: Send {
    /// Takes the next bytes.
    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next;

    /// Bytes that the flow has made it keep on the heap; what every flow needs does not count.
    fn held(&self) -> usize;

    /// The flow has ended: emit what is still held back.
    fn close(&mut self, context: &mut Context<'_>) {
        let _ = context;
    }
}

/// Gives a new parser its first chunk; `None` if it wants no other. That is enough for most, and then
/// costs no memory.
pub fn after_first_chunk<P: Parser + Default>(
    context: &mut Context<'_>,
    chunk: &Chunk<'_>,
) -> Option<Box<P>> {
    let mut parser = P::default();
    let more = parser.chunk(context, chunk) == Next::More;
    more.then(|| Box::new(parser))
}

/// A parser of a TCP connection, which may turn into another protocol's. Every [`Parser`] is one.
pub trait StreamParser: Send {
    /// Takes the next bytes.
    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> StreamProgress;

    /// Bytes that the flow has made it keep on the heap; what every flow needs does not count.
    fn held(&self) -> usize;

    /// The flow has ended: emit what is still held back. Never called after [`StreamProgress::Done`]
    /// or a handover.
    fn close(&mut self, context: &mut Context<'_>);
}

/// What the parser of a connection wants after a chunk.
pub enum StreamProgress {
    /// The following chunks, too.
    More,
    /// Nothing: all that this protocol shows has been seen and emitted.
    Done,
    /// Bytes are missing, and without them it can not be told where another protocol begins: the
    /// search for what is spoken starts anew with this chunk.
    Torn,
    /// Another protocol speaks from now on.
    Handover(Handover),
}

/// The place in a connection where one protocol ends and another begins.
pub struct Handover {
    /// Where in the chunk that is.
    pub offset: usize,
    /// What the other side has sent of the new protocol ahead of time.
    pub early: Vec<u8>,
    /// The protocol that goes on.
    pub successor: Successor,
}

/// Makes the parser of a protocol whose parameters were negotiated before.
pub type ParserMaker = Box<dyn FnOnce(&Surroundings) -> Box<dyn StreamParser>>;

/// What a connection speaks after a handover.
pub enum Successor {
    /// What a proxy carries: the search starts anew. The tunnel is unknown where the request was not
    /// seen, or asked for bare bytes.
    Carried(Option<Tunnel>),
    /// The protocol of this name, with the parser that this makes.
    Protocol(&'static str, ParserMaker),
}

impl<P: Parser> StreamParser for P {
    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> StreamProgress {
        match Parser::chunk(self, context, chunk) {
            Next::More => StreamProgress::More,
            Next::Done | Next::Reject => StreamProgress::Done,
        }
    }

    fn held(&self) -> usize {
        Parser::held(self)
    }

    fn close(&mut self, context: &mut Context<'_>) {
        Parser::close(self, context);
    }
}
