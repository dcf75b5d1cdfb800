//! Traits and types that protocol parsers share with the inspector.

use super::spare_names::SpareNames;
use super::stats::ProtocolStats;
use super::surroundings::Surroundings;
use crate::model::Chunk;
use crate::model::event::{DnsMessage, Event, EventSink, Moment, Tunnel};
use crate::model::flow::Flow;

/// Whether a flow speaks a protocol, judged from the first bytes of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// No other protocol begins like this.
    Certain,
    /// More bytes are needed.
    Unsure,
    /// The flow does not speak this protocol.
    NotForUs,
}

/// What a parser wants after a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The parser needs the following chunks, too.
    More,
    /// The parser has seen all that the protocol shows.
    Done,
    /// The flow does not follow the protocol; nothing was emitted for this chunk.
    Reject,
}

/// Buffers and counters that the parsers of one worker share.
///
/// Sharing buffers keeps the steady state free of allocations.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Only detection uses the events: parsers may omit other fields and finish early.
    pub brief: bool,
    /// The DNS message that is being parsed.
    pub dns: DnsMessage,
    /// Buffer in which a QUIC packet is decrypted in place.
    pub packet: Vec<u8>,
    /// Spare memory for the next DNS names.
    pub dns_spare: SpareNames,
    /// Counts of this worker's flows by protocol.
    pub protocols: ProtocolStats,
}

/// What a parser may need in addition to a chunk.
pub struct Context<'a> {
    /// The flow to which the chunk belongs.
    pub flow: &'a Flow,
    /// When the bytes of the chunk became available.
    pub at: Moment,
    /// Buffers and counters of the worker.
    pub scratch: &'a mut Scratch,
    /// Receiver of the events.
    pub sink: &'a mut dyn EventSink,
}

impl Context<'_> {
    /// Emits an event of the flow at this moment.
    pub fn emit(&mut self, event: Event<'_>) {
        self.sink.event(self.flow, self.at, event);
    }
}

/// A parser of one protocol for one flow.
///
/// Named constants bound its memory, and no input makes it panic.
pub trait Parser: Send {
    /// Parses the next bytes.
    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next;

    /// Returns the heap bytes kept because of this flow's content, without what every flow needs.
    fn held(&self) -> usize;

    /// Emits what is still held back; called when the flow has ended.
    fn close(&mut self, context: &mut Context<'_>) {
        let _ = context;
    }
}

/// Gives a new parser its first chunk, and returns the parser if it needs more chunks.
///
/// Most parsers need only one chunk, and then no heap memory is allocated for them.
pub fn after_first_chunk<P: Parser + Default>(
    context: &mut Context<'_>,
    chunk: &Chunk<'_>,
) -> Option<Box<P>> {
    let mut parser = P::default();
    let more = parser.chunk(context, chunk) == Next::More;
    more.then(|| Box::new(parser))
}

/// A parser of a TCP connection that can hand over to another protocol.
///
/// Every [`Parser`] is a `StreamParser`.
pub trait StreamParser: Send {
    /// Parses the next bytes.
    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> StreamProgress;

    /// Returns the heap bytes kept because of this flow's content, without what every flow needs.
    fn held(&self) -> usize;

    /// Emits what is still held back; called when the flow has ended, but never after
    /// [`StreamProgress::Done`] or a handover.
    fn close(&mut self, context: &mut Context<'_>);
}

/// What the parser of a connection wants after a chunk.
pub enum StreamProgress {
    /// The parser needs the following chunks, too.
    More,
    /// The parser has seen and emitted all that the protocol shows.
    Done,
    /// Lost bytes hide where another protocol begins: detection restarts with this chunk.
    Torn,
    /// Another protocol follows.
    Handover(Handover),
}

/// The place in a connection where one protocol ends and another begins.
pub struct Handover {
    /// Offset of that place in the chunk.
    pub offset: usize,
    /// Bytes of the new protocol that the other side sent ahead of time.
    pub early: Vec<u8>,
    /// The protocol that follows.
    pub successor: Successor,
}

/// Creates the parser of a protocol whose parameters were negotiated before.
pub type ParserMaker = Box<dyn FnOnce(&Surroundings) -> Box<dyn StreamParser>>;

/// What a connection speaks after a handover.
pub enum Successor {
    /// What a proxy or an upgrade carries: detection restarts. The tunnel is unknown if its request
    /// was not seen, or asked for bare bytes.
    Carried(Option<Tunnel>),
    /// The protocol with this name, and a function that creates its parser.
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
