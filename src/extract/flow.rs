//! Events of ended flows.

use minewatch_record::{FlowEndReason, FlowEvent};

use crate::model::flow::Flow;

pub(super) fn event(flow: &Flow, reason: FlowEndReason) -> FlowEvent {
    FlowEvent {
        packets: flow.packets.map(u64::from),
        bytes: flow.bytes,
        first_seen: flow.first_seen,
        last_seen: flow.last_seen,
        reason,
    }
}
