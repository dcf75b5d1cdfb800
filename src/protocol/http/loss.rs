//! Finding the way back where bytes are missing, or make no sense.

use super::connection::{Connection, Side, State, Step};
use super::head::Head;
use crate::model::chunk::Direction;
use crate::model::event::Event;
use crate::protocol::body::BodyReader;
use crate::protocol::parser::{Context, Probe};

/// Chunks without the beginning of a message after which a direction is given up, if the other
/// one has nothing to tell either: whatever this is, it is not HTTP any more.
const MAX_LOST: u32 = 64;

impl Connection {
    /// The place in the stream is lost: waits for a chunk that begins like a message.
    pub(super) fn get_lost(&mut self, direction: Direction, step: Step) -> Step {
        let side = self.side(direction);
        *side = Side { state: State::Lost(0), request: None };
        step
    }

    /// Bytes are missing.
    pub(super) fn lose(&mut self, context: &mut Context<'_>, direction: Direction, gap: u64) {
        match &mut self.side(direction).state {
            State::Lost(_) => return,
            State::Body(body) => {
                if body.lose(gap) {
                    return;
                }
            }
            State::Lines => {
                self.readers.lines(context, direction, &[], gap);
                return;
            }
            State::Head(gathering) => {
                let gathering = std::mem::take(gathering);
                self.tell(context, direction, gathering.salvage());
            }
            State::Early(_) => {}
        }
        // Heads may be among what is missing. Who does not pipeline has one question open.
        self.asked.keep_newest();
        self.get_lost(direction, Step::Used(0));
    }

    /// Looks for the next message where its place is not known: messages begin with a segment.
    pub(super) fn resume(&mut self, context: &mut Context<'_>, direction: Direction, bytes: &[u8]) {
        let answers = self.client == Some(direction.reverse()) && !self.asked.is_empty();
        let state = &mut self.side(direction).state;
        let open = match state {
            State::Lost(chunks) => {
                *chunks = chunks.saturating_add(1);
                true
            }
            State::Lines => true,
            // Nothing said how long the body is, and another answer may come behind it.
            State::Body(body) => answers && body.is_open_ended(),
            State::Head(_) | State::Early(_) => false,
        };
        if open
            && super::probe(bytes) == Probe::Certain
            && let State::Body(body) = std::mem::take(state)
        {
            self.body_ended(context, direction, body);
        }
    }

    /// Whether nothing more can come from either side.
    pub(super) fn is_over(&self, context: &Context<'_>) -> bool {
        let heard = context.flow.packets;
        let deaf = !self.readers.is_listening();
        self.sides.iter().zip(heard).all(|(side, packets)| match side.state {
            State::Lost(chunks) => chunks >= MAX_LOST,
            State::Lines => deaf,
            State::Head(_) => packets == 0,
            State::Body(_) | State::Early(_) => false,
        })
    }

    /// Tells of a request whose head was not seen whole.
    pub(super) fn tell(
        &self,
        context: &mut Context<'_>,
        direction: Direction,
        head: Option<Head<'_>>,
    ) {
        if let Some(Head::Request(mut request, _)) = head
            && self.client != Some(direction.reverse())
        {
            request.direction = direction;
            context.emit(Event::HttpRequest(&request));
        }
    }
}
