//! What a flow table is for: someone who wants to know of flows and their payload.

use std::ops::ControlFlow;

use crate::model::Segment;
use crate::model::chunk::{Chunk, Direction, Interest};
use crate::model::event::Moment;
use crate::model::flow::{Flow, FlowEndReason};

/// Takes what a flow table finds. `State` is what the handler keeps for each flow whose payload it
/// wants.
pub trait FlowHandler {
    /// What the handler keeps for a flow.
    type State;

    /// The segment of this packet comes next; what follows is because of it.
    fn packet(&mut self, number: u64) {
        let _ = number;
    }

    /// The first packet of a new flow.
    fn opened(&mut self, flow: &Flow, packet: u64);

    /// The flow has payload, or has more after [`Interest::Stateless`]. `None`: it is of no interest and
    /// only counted.
    fn begin(&mut self, flow: &Flow) -> Option<Self::State>;

    /// The next bytes in order. [`Interest::Settled`]: the state is dropped, the rest only counted.
    /// [`Interest::Stateless`] is [`Interest::More`] to a TCP flow, whose order has to be remembered.
    fn chunk(&mut self, flow: &Flow, state: &mut Self::State, chunk: &Chunk<'_>) -> Interest;

    /// A packet of a settled flow was counted, and that was all: it could as well be left out.
    #[inline]
    fn settled(&mut self, flow: &Flow) {
        let _ = flow;
    }

    /// Whether to tap the flow, which is settled or has no state after [`Interest::Stateless`]. It is not if
    /// [`super::FlowLimits::MAX_TAPPED`] others are.
    #[inline]
    fn taps(&mut self, flow: &Flow) -> bool {
        let _ = flow;
        false
    }

    /// The flow is tapped from now on, so that no packet of it may be left out.
    fn unsettled(&mut self, flow: &Flow) {
        let _ = flow;
    }

    /// A segment with payload of a tapped flow, as it came: late, early or again, cut by the snap
    /// length, and before its bytes are a chunk where they become one. `Break`: it is tapped no more,
    /// as it is when it is closed.
    fn tapped(
        &mut self,
        flow: &Flow,
        direction: Direction,
        segment: &Segment<'_>,
    ) -> ControlFlow<()> {
        let _ = (flow, direction, segment);
        ControlFlow::Break(())
    }

    /// Bytes on the heap that the state holds.
    fn held(&self, state: &Self::State) -> usize {
        let _ = state;
        0
    }

    /// Whether it wants to know the end of a flow that it keeps nothing for.
    #[inline]
    fn awaits_end(&self, flow: &Flow) -> bool {
        let _ = flow;
        true
    }

    /// The flow is over; once for each whose end is awaited, that has state or is tapped. `state` is
    /// `None` if there was no payload or the flow is settled.
    fn closed(
        &mut self,
        flow: &Flow,
        state: Option<&mut Self::State>,
        end: FlowEndReason,
        at: Moment,
    );
}
