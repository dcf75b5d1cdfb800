//! Turns the events of one flow into signals.
//!
//! Each [`FlowDetector`] belongs to one worker and sees one flow at a time. Linking flows is left
//! to `correlate`. A new detector is a file here and a line in `registry.rs`.

mod host_name;
mod intel;
mod mining;
mod name;
mod registry;

use std::sync::Arc;

pub use registry::Detectors;

use crate::intel::Intel;
use crate::model::chunk::Direction;
use crate::model::event::{Event, Moment};
use crate::model::flow::Flow;
use crate::model::signal::SignalKind;

/// A detector of one worker, which judges single flows.
///
/// A detector emits its signals while it handles an event. Of a flow it keeps no more than it needs
/// for the next event, and drops that when the flow closes.
pub trait FlowDetector: Send {
    /// Creates a detector that uses `intel`.
    fn new(intel: &Arc<Intel>) -> Self
    where
        Self: Sized;

    /// Handles one event of a flow.
    fn event(&mut self, flow: &Flow, event: Event<'_>, signals: &mut SignalSink<'_>);

    /// Whether it keeps state of the flow until the end, and needs the event of its close.
    #[inline]
    fn awaits_end(&self, flow: &Flow) -> bool {
        let _ = flow;
        false
    }

    /// Replaces the intelligence.
    fn reload(&mut self, intel: &Arc<Intel>) {
        let _ = intel;
    }
}

/// Receives signals for the correlator.
///
/// It gets the parts and not a [`Signal`](crate::model::Signal), so that it can build the signal in
/// place.
pub trait SignalReceiver {
    /// Receives a signal about the host whose packets travel in the direction `sender`.
    fn signal(&mut self, flow: &Flow, at: Moment, sender: Direction, kind: SignalKind);

    /// Receives a [`SignalKind::Connection`], which every flow causes `at` its first packet.
    fn connection(&mut self, flow: &Flow, at: Moment, sender: Direction);
}

/// Receives the signals of one event.
pub struct SignalSink<'a> {
    flow: &'a Flow,
    at: Moment,
    receiver: &'a mut dyn SignalReceiver,
}

impl<'a> SignalSink<'a> {
    /// A sink for the signals of `flow` at the moment `at`.
    #[inline]
    pub fn new(flow: &'a Flow, at: Moment, receiver: &'a mut dyn SignalReceiver) -> Self {
        SignalSink { flow, at, receiver }
    }

    /// Emits a signal about the host whose packets travel in the direction `sender`.
    #[inline]
    pub fn emit(&mut self, sender: Direction, kind: SignalKind) {
        self.receiver.signal(self.flow, self.at, sender, kind);
    }

    /// Emits that the host whose packets travel in the direction `sender` may have opened this
    /// flow, at its first packet.
    #[inline]
    pub fn connection(&mut self, sender: Direction) {
        self.receiver.connection(self.flow, self.at, sender);
    }
}

#[cfg(test)]
mod tests;
