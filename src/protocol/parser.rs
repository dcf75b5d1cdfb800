//! What every protocol parser is to the inspector: something that takes chunks and emits events.

use super::dns;
use super::stats::ProtocolStats;
use crate::model::Chunk;
use crate::model::event::{DnsMessage, Event, EventSink, Moment};
use crate::model::flow::Flow;

/// How sure a parser is, from the first bytes of one direction, that a flow is for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// No other protocol begins like this.
    Certain,
    /// More bytes are needed.
    Unsure,
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
    pub dns: DnsMessage,
    /// A QUIC packet that is decrypted in place.
    pub packet: Vec<u8>,
    pub dns_spare: dns::Spare,
    /// What the flows of this worker speak.
    pub protocols: ProtocolStats,
}

/// Everything around a chunk that a parser may need.
pub struct Context<'a> {
    pub flow: &'a Flow,
    pub at: Moment,
    pub scratch: &'a mut Scratch,
    pub sink: &'a mut dyn EventSink,
}

impl Context<'_> {
    pub fn emit(&mut self, event: Event<'_>) {
        self.sink.event(self.flow, self.at, event);
    }
}

/// A parser of one protocol for one flow. Its memory is bounded by named constants, and no input
/// makes it panic.
pub trait Parser: Send {
    fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Next;

    /// Bytes that the flow has made it keep on the heap; what every flow needs does not count.
    fn held(&self) -> usize;

    /// The flow has ended: emit what is still held back.
    fn close(&mut self, context: &mut Context<'_>) {
        let _ = context;
    }
}
