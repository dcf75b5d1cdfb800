//! What happened to flows.

use serde::Serialize;

/// Counters and gauges of one flow table, or of several together.
///
/// A counter tells how often something happened, and those of several tables add up. So do gauges,
/// which tell how much there is now. A peak does not: the tables reach theirs at different times, and
/// nobody knows how much there was in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowStats {
    /// Flows opened.
    pub opened: u64,
    /// Gauge: open now, those included that are closed and not yet forgotten.
    pub active: u64,
    /// The highest that `active` has been in any one table.
    pub peak: u64,
    /// TCP flows opened.
    pub tcp: u64,
    /// UDP flows opened.
    pub udp: u64,
    /// TCP flows that were under way when they were first seen.
    pub midstream: u64,
    /// Connections that used the addresses and ports of an earlier one.
    pub reused: u64,
    /// Given up to keep within the memory budget.
    pub evicted: u64,
    /// TCP payload bytes seen again.
    pub retransmitted_bytes: u64,
    /// Segments that came before their predecessors.
    pub out_of_order: u64,
    /// Holes that were never filled.
    pub gaps: u64,
    /// Bytes in those holes.
    pub lost_bytes: u64,
    /// Segments far outside the window.
    pub strays: u64,
    /// Gauge: bytes held back now, waiting for their predecessors.
    pub buffered_bytes: u64,
    /// Gauge: flows tapped now. Left out where it is 0, as is the next one: a sensor that taps nothing says
    /// nothing of it.
    #[serde(skip_serializing_if = "is_zero")]
    pub tapped: u64,
    /// Taps refused since there were too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub taps_refused: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl FlowStats {
    /// Adds what another table counted, as that of another worker; of the peaks the higher one stays.
    pub fn merge(&mut self, other: &FlowStats) {
        self.opened += other.opened;
        self.active += other.active;
        self.peak = self.peak.max(other.peak);
        self.tcp += other.tcp;
        self.udp += other.udp;
        self.midstream += other.midstream;
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
