//! Turns reports of mining conversations into signals.

use std::sync::Arc;

use hashbrown::HashSet;

use super::{FlowDetector, SignalSink};
use crate::intel::Intel;
use crate::model::chunk::Direction;
use crate::model::event::Event;
use crate::model::flow::Flow;
use crate::model::signal::SignalKind;

/// Emits the reports of the parsers of mining protocols, and the ends of such flows.
pub(super) struct MiningDetector {
    /// Flows that mine, so that their ends are emitted; at most as many as the flow table holds.
    mining: HashSet<u64>,
}

impl FlowDetector for MiningDetector {
    fn new(_: &Arc<Intel>) -> Self {
        MiningDetector { mining: HashSet::new() }
    }

    #[inline]
    fn event(&mut self, flow: &Flow, event: Event<'_>, signals: &mut SignalSink<'_>) {
        match event {
            Event::Mining(session) => {
                self.mining.insert(flow.id);
                let sender = session.miner.unwrap_or(Direction::ToServer);
                signals.emit(sender, SignalKind::Mining(Box::new(session.clone())));
            }
            Event::FlowClosed(_) if self.mining.remove(&flow.id) => {
                signals.emit(Direction::ToServer, SignalKind::MiningEnded);
            }
            _ => {}
        }
    }

    #[inline]
    fn awaits_end(&self, flow: &Flow) -> bool {
        self.mining.contains(&flow.id)
    }
}
