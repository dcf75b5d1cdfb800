//! Finds the protocol of a UDP flow and keeps its parser.

use crate::model::chunk::{Chunk, Interest};
use crate::protocol::description::FirstDatagram;
use crate::protocol::parser::{Context, Next, Parser};
use crate::protocol::registry::{self, DATAGRAMS};

/// Number of packets after which a UDP flow without a protocol counts as unknown.
const MAX_DATAGRAMS: u32 = 4;

/// Inspector of a UDP flow.
///
/// It has no parser while the protocol is unknown, or if the protocol needs no state.
#[derive(Default)]
pub(super) struct DatagramInspector(Option<Box<dyn Parser>>);

impl DatagramInspector {
    pub(super) fn chunk(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Interest {
        match &mut self.0 {
            Some(parser) => interest(parser.chunk(context, chunk)),
            None => self.first(context, chunk),
        }
    }

    /// Offers a datagram to all protocols; called while the flow has no parser.
    fn first(&mut self, context: &mut Context<'_>, chunk: &Chunk<'_>) -> Interest {
        let [one, other] = context.flow.packets;
        let packets = one.saturating_add(other);
        let mut always_tried = false;
        for (place, protocol) in DATAGRAMS.iter().enumerate() {
            let (interest, is_new) = match (protocol.first_datagram)(context, chunk) {
                FirstDatagram::NotForUs => continue,
                FirstDatagram::NotYet => {
                    always_tried = true;
                    continue;
                }
                FirstDatagram::Stateless => (Interest::Stateless, packets <= 1),
                FirstDatagram::Done => (Interest::Settled, true),
                FirstDatagram::More(parser) => {
                    self.0 = Some(parser);
                    (Interest::More, true)
                }
            };
            if is_new {
                let slot = registry::datagram_slot(place);
                context.scratch.protocols.count(slot, protocol.name);
            }
            return interest;
        }
        if always_tried || packets < MAX_DATAGRAMS {
            return Interest::Stateless;
        }
        context.scratch.protocols.unknown += 1;
        Interest::Settled
    }

    pub(super) fn held(&self) -> usize {
        self.0.as_ref().map_or(0, |parser| size_of_val(&**parser) + parser.held())
    }

    pub(super) fn close(&mut self, context: &mut Context<'_>) {
        if let Some(parser) = &mut self.0 {
            parser.close(context);
        }
    }
}

fn interest(next: Next) -> Interest {
    match next {
        Next::More => Interest::More,
        Next::Done | Next::Reject => Interest::Settled,
    }
}
