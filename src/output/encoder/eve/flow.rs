//! EVE `flow` records: packets and bytes in each direction, once a flow has ended.

use serde::Serialize;

use crate::model::record::{FlowEndReason, FlowEvent};

#[derive(Serialize)]
pub(super) struct FlowBody {
    pkts_toserver: u64,
    pkts_toclient: u64,
    bytes_toserver: u64,
    bytes_toclient: u64,
    start: String,
    end: String,
    /// Duration of the flow in seconds.
    age: u64,
    state: &'static str,
    reason: &'static str,
}

impl From<&FlowEvent> for FlowBody {
    fn from(flow: &FlowEvent) -> Self {
        let [pkts_toserver, pkts_toclient] = flow.packets;
        let [bytes_toserver, bytes_toclient] = flow.bytes;
        let state = match flow.reason {
            FlowEndReason::Closed => "closed",
            _ if flow.packets.contains(&0) => "new",
            _ => "established",
        };
        // Suricata keeps a closed connection until its timeout and gives the timeout as the reason.
        let reason = match flow.reason {
            FlowEndReason::Closed | FlowEndReason::Timeout => "timeout",
            FlowEndReason::Reused => "tcp_reuse",
            FlowEndReason::Evicted => "forced",
            FlowEndReason::Input => "shutdown",
        };
        FlowBody {
            pkts_toserver,
            pkts_toclient,
            bytes_toserver,
            bytes_toclient,
            start: flow.first_seen.to_eve(),
            end: flow.last_seen.to_eve(),
            age: flow.last_seen.since(flow.first_seen).as_secs(),
            state,
            reason,
        }
    }
}
