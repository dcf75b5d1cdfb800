//! Resynchronises a direction after lost or malformed bytes.

use super::connection::{HttpConnection, MessageStream, ReadState, ReadStep};
use super::head::MessageHead;
use crate::model::chunk::Direction;
use crate::model::event::Event;
use crate::protocol::body::BodyReader;
use crate::protocol::parser::{Context, Probe};

/// Chunks without the beginning of a message after which a direction counts as over.
///
/// When both directions are over, parsing ends: the connection is no longer HTTP.
const MAX_LOST: u32 = 64;

impl HttpConnection {
    /// Marks a direction as out of sync until a chunk begins like a message. Returns `step`.
    pub(super) fn skip_gap(&mut self, direction: Direction, step: ReadStep) -> ReadStep {
        let side = self.side(direction);
        *side = MessageStream { state: ReadState::Lost(0), request: None };
        step
    }

    /// Handles `gap` lost bytes of one direction.
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
        // The lost bytes may hold heads. Without pipelining, one request at most is unanswered.
        self.asked.keep_newest();
        self.skip_gap(direction, ReadStep::Used(0));
    }

    /// Looks for a message at the start of a chunk if the position of the next one is unknown.
    ///
    /// Messages begin with a segment.
    pub(super) fn resume(&mut self, context: &mut Context<'_>, direction: Direction, bytes: &[u8]) {
        let answers = self.client == Some(direction.reverse()) && !self.asked.is_empty();
        let state = &mut self.side(direction).state;
        let open = match state {
            ReadState::Lost(chunks) => {
                *chunks = chunks.saturating_add(1);
                true
            }
            ReadState::Lines => true,
            // The length of the body is unknown, and another response may follow it.
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

    /// Returns whether neither direction can yield anything more.
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

    /// Emits a request whose head is incomplete.
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
