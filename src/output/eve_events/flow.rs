//! EVE `flow` records: what went to and fro, when a flow has ended.

use serde::Serialize;

use crate::model::flow::{Flow, FlowEnd};

#[derive(Serialize)]
pub(in crate::output) struct Body {
    pkts_toserver: u64,
    pkts_toclient: u64,
    bytes_toserver: u64,
    bytes_toclient: u64,
    start: String,
    end: String,
    /// Seconds.
    age: u64,
    state: &'static str,
    reason: &'static str,
}

impl Body {
    pub fn of(flow: &Flow, end: FlowEnd) -> Self {
        let [pkts_toserver, pkts_toclient] = flow.packets.map(u64::from);
        let [bytes_toserver, bytes_toclient] = flow.bytes;
        let state = match end {
            FlowEnd::Closed => "closed",
            _ if flow.packets.contains(&0) => "new",
            _ => "established",
        };
        // Suricata keeps a closed connection until its timeout and calls that the reason.
        let reason = match end {
            FlowEnd::Closed | FlowEnd::Timeout => "timeout",
            FlowEnd::Reused => "tcp_reuse",
            FlowEnd::Evicted => "forced",
            FlowEnd::Input => "shutdown",
        };
        Body {
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
