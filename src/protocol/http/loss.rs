//! Signal the way back where bytes are missing, or make no sense.

use super::connection::{HttpConnection, MessageStream, ReadState, ReadStep};
use super::head::MessageHead;
use crate::model::chunk::Direction;
use crate::model::event::Event;
use crate::protocol::body::BodyReader;
use crate::protocol::parser::{Context, Probe};

/// Chunks without the beginning of a message after which a direction is given up, if the other
/// one has nothing to tell either: whatever this is, it is not HTTP any more.
const MAX_LOST: u32 = 64;

impl HttpConnection {
    /// The place in the stream is lost: waits for a chunk that begins like a message.
    pub(super) fn skip_gap(&mut self, direction: Direction, step: ReadStep) -> ReadStep {
        let side = self.side(direction);
        *side = MessageStream { state: ReadState::Lost(0), request: None };
        step
    }

    /// Bytes are missing.
    pub(super) fn lose(&mut self, context: &mut Context<'_>, direction: Direction, gap: u64) {
        match &mut self.side(direction).state {
            ReadState::Lost(_) => return,
            ReadState::Body(body) => {
                if body.lose(gap) {
                    return;
                }
            }
            ReadState::Lines => {
                self.readers.lines(context, direction, &[], gap);
                return;
            }
            ReadState::Head(gathering) => {
                let gathering = std::mem::take(gathering);
                self.emit_head(context, direction, gathering.salvage());
            }
            ReadState::Early(_) => {}
        }
        // Heads may be among what is missing. Who does not pipeline has one question open.
        self.asked.keep_newest();
        self.skip_gap(direction, ReadStep::Used(0));
    }

    /// Looks for the next message where its place is not known: messages begin with a segment.
    pub(super) fn resume(&mut self, context: &mut Context<'_>, direction: Direction, bytes: &[u8]) {
        let answers = self.client == Some(direction.reverse()) && !self.asked.is_empty();
        let state = &mut self.side(direction).state;
        let open = match state {
            ReadState::Lost(chunks) => {
                *chunks = chunks.saturating_add(1);
                true
            }
            ReadState::Lines => true,
            // Nothing said how long the body is, and another answer may come behind it.
            ReadState::Body(body) => answers && body.is_open_ended(),
            ReadState::Head(_) | ReadState::Early(_) => false,
        };
        if open
            && super::probe(bytes) == Probe::Certain
            && let ReadState::Body(body) = std::mem::take(state)
        {
            self.body_ended(context, direction, body);
        }
    }

    /// Whether nothing more can come from either side.
    pub(super) fn is_over(&self, context: &Context<'_>) -> bool {
        let heard = context.flow.packets;
        let deaf = !self.readers.is_listening();
        self.sides.iter().zip(heard).all(|(side, packets)| match side.state {
            ReadState::Lost(chunks) => chunks >= MAX_LOST,
            ReadState::Lines => deaf,
            ReadState::Head(_) => packets == 0,
            ReadState::Body(_) | ReadState::Early(_) => false,
        })
    }

    /// Tells of a request whose head was not seen whole.
    pub(super) fn emit_head(
        &self,
        context: &mut Context<'_>,
        direction: Direction,
        head: Option<MessageHead<'_>>,
    ) {
        if let Some(MessageHead::Request(mut request, _)) = head
            && self.client != Some(direction.reverse())
        {
            request.direction = direction;
            context.emit(Event::HttpRequest(&request));
        }
    }
}
