//! The interface through which a flow table reports flows and their payload.

use std::ops::ControlFlow;

use crate::model::Segment;
use crate::model::chunk::{Chunk, Direction, Interest};
use crate::model::event::Moment;
use crate::model::flow::{Flow, FlowEndReason};

/// Receives flows and their payload from a flow table.
pub trait FlowHandler {
    /// What the handler keeps for each flow whose payload it wants.
    type State;

    /// Announces the packet whose segment comes next and causes the calls that follow.
    fn packet(&mut self, number: u64) {
        let _ = number;
    }

    /// Called when a packet opens a new flow.
    fn opened(&mut self, flow: &Flow, packet: u64);

    /// Creates the state of a flow at its first payload, or at the next one after
    /// [`Interest::Stateless`].
    ///
    /// With `None` the flow is settled: its packets are only counted.
    fn begin(&mut self, flow: &Flow) -> Option<Self::State>;

    /// Called with the next bytes in order; returns what else is wanted of the flow.
    ///
    /// After [`Interest::Settled`] the state is dropped and packets are only counted. For a TCP
    /// flow, [`Interest::Stateless`] means [`Interest::More`], since its order has to be
    /// remembered.
    fn chunk(&mut self, flow: &Flow, state: &mut Self::State, chunk: &Chunk<'_>) -> Interest;

    /// Called for a packet of a settled flow that was only counted. Such packets may be left out.
    #[inline]
    fn settled(&mut self, flow: &Flow) {
        let _ = flow;
    }

    /// Whether to tap the flow; asked when it is settled or after [`Interest::Stateless`].
    ///
    /// The tap is refused if [`super::FlowLimits::MAX_TAPPED`] others are tapped.
    #[inline]
    fn taps(&mut self, flow: &Flow) -> bool {
        let _ = flow;
        false
    }

    /// Called when the flow is tapped: from now on no packet of it may be left out.
    fn unsettled(&mut self, flow: &Flow) {
        let _ = flow;
    }

    /// Called for each segment with payload of a tapped flow, as it arrives.
    ///
    /// Segments may be late, early, repeated, or cut by the snap length. If the bytes become a
    /// chunk, [`FlowHandler::chunk`] is called later. `Break` ends the tap, and so does the end of
    /// the flow.
    fn tapped(
        &mut self,
        flow: &Flow,
        direction: Direction,
        segment: &Segment<'_>,
    ) -> ControlFlow<()> {
        let _ = (flow, direction, segment);
        ControlFlow::Break(())
    }

    /// Bytes that the state holds on the heap.
    fn held(&self, state: &Self::State) -> usize {
        let _ = state;
        0
    }

    /// Whether the handler wants to be told the end of a flow that has no state.
    #[inline]
    fn awaits_end(&self, flow: &Flow) -> bool {
        let _ = flow;
        true
    }

    /// Called once when a flow ends, if it has state, is tapped or [`FlowHandler::awaits_end`] is
    /// true.
    ///
    /// `state` is `None` if the flow has none: there was no payload, it is settled, or it is
    /// stateless.
    fn closed(
        &mut self,
        flow: &Flow,
        state: Option<&mut Self::State>,
        end: FlowEndReason,
        at: Moment,
    );
}
