//! The registry of detectors.

use std::sync::Arc;

use super::host_name::HostNameDetector;
use super::intel::IntelDetector;
use super::mining::MiningDetector;
use super::{FlowDetector, SignalSink};
use crate::intel::Intel;
use crate::model::event::Event;
use crate::model::flow::Flow;

/// Declares the set of all detectors, which handle each event in this order.
macro_rules! detectors {
    ($($name:ident: $detector:ty),+ $(,)?) => {
        /// All detectors of one worker.
        pub struct Detectors {
            $($name: $detector,)+
        }

        impl FlowDetector for Detectors {
            fn new(intel: &Arc<Intel>) -> Self {
                Detectors { $($name: <$detector>::new(intel),)+ }
            }

            fn event(&mut self, flow: &Flow, event: Event<'_>, signals: &mut SignalSink<'_>) {
                $(self.$name.event(flow, event, signals);)+
            }

            #[inline]
            fn awaits_end(&self, flow: &Flow) -> bool {
                $(self.$name.awaits_end(flow))||+
            }

            fn reload(&mut self, intel: &Arc<Intel>) {
                $(self.$name.reload(intel);)+
            }
        }
    };
}

detectors! {
    intel: IntelDetector,
    mining: MiningDetector,
    host_name: HostNameDetector,
}
