//! Counters and gauges of flows.

use serde::Serialize;

/// Counters and gauges of one flow table, or of several together.
///
/// A counter is the number of times that something happened; a gauge is a present amount. Both can
/// be summed over several tables. A peak can not: each table reaches its peak at another time, so
/// the peak of all tables together is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowStats {
    /// Flows opened.
    pub opened: u64,
    /// Gauge: flows in the table now, including closed ones that are still remembered.
    pub active: u64,
    /// Peak: the highest value of `active` in any one table.
    pub peak: u64,
    /// TCP flows opened.
    pub tcp: u64,
    /// UDP flows opened.
    pub udp: u64,
    /// TCP flows that were under way when first seen: their first segment had no SYN.
    pub midstream: u64,
    /// TCP flows with data that were seen in one direction only.
    pub one_way: u64,
    /// TCP flows that were seen in both directions.
    pub two_way: u64,
    /// Flows ended by a new connection with the same addresses and ports.
    pub reused: u64,
    /// Flows evicted to stay within the memory budget.
    pub evicted: u64,
    /// TCP payload bytes seen again.
    pub retransmitted_bytes: u64,
    /// TCP segments that arrived before earlier bytes of their stream.
    pub out_of_order: u64,
    /// Holes in TCP streams that were never filled.
    pub gaps: u64,
    /// Bytes in those holes.
    pub lost_bytes: u64,
    /// TCP segments far outside the window.
    pub strays: u64,
    /// Gauge: TCP payload bytes that wait now for earlier bytes of their stream.
    pub buffered_bytes: u64,
    /// Gauge: flows tapped now. This field and the next one are not written if they are 0, so a
    /// sensor that taps no flows does not mention taps.
    #[serde(skip_serializing_if = "is_zero")]
    pub tapped: u64,
    /// Taps refused because too many flows were tapped already.
    #[serde(skip_serializing_if = "is_zero")]
    pub taps_refused: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl FlowStats {
    /// Adds the counters and gauges of another table, and keeps the higher of both peaks.
    pub fn merge(&mut self, other: &FlowStats) {
        self.opened += other.opened;
        self.active += other.active;
        self.peak = self.peak.max(other.peak);
        self.tcp += other.tcp;
        self.udp += other.udp;
        self.midstream += other.midstream;
        self.one_way += other.one_way;
        self.two_way += other.two_way;
        self.reused += other.reused;
        self.evicted += other.evicted;
        self.retransmitted_bytes += other.retransmitted_bytes;
        self.out_of_order += other.out_of_order;
        self.gaps += other.gaps;
        self.lost_bytes += other.lost_bytes;
        self.strays += other.strays;
        self.buffered_bytes += other.buffered_bytes;
        self.tapped += other.tapped;
        self.taps_refused += other.taps_refused;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_gauges_of_several_tables_add_up_and_the_highest_peak_stays() {
        let table = |count, peak| FlowStats {
            opened: count,
            active: count,
            peak,
            buffered_bytes: count,
            ..FlowStats::default()
        };
        let mut all = FlowStats::default();
        for stats in [table(3, 5), table(4, 9), table(2, 7)] {
            all.merge(&stats);
        }
        assert_eq!(all, table(9, 9));
    }
}
