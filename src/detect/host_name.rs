//! Turns names that hosts give themselves into signals.

use std::sync::Arc;

use super::{FlowDetector, SignalSink};
use crate::intel::Intel;
use crate::model::chunk::Direction;
use crate::model::event::Event;
use crate::model::flow::Flow;
use crate::model::signal::SignalKind;

/// Emits the names that hosts give themselves.
pub(super) struct HostNameDetector;

impl FlowDetector for HostNameDetector {
    fn new(_: &Arc<Intel>) -> Self {
        HostNameDetector
    }

    #[inline]
    fn event(&mut self, _: &Flow, event: Event<'_>, signals: &mut SignalSink<'_>) {
        if let Event::HostName(named) = event {
            signals.emit(Direction::ToServer, SignalKind::HostName(Box::new(named.clone())));
        }
    }
}
