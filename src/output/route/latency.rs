//! Measures the latency of records on a live interface: from the packet to the write.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::capture::wall_clock;
use crate::model::Timestamp;
use crate::model::latency::LatencySummary;

/// Longest latency, in microseconds. Longer ones count as this: the clock has jumped, or the
/// machine slept.
const LONGEST_MICROS: u64 = 600_000_000;
/// Significant decimal digits of the histogram: two take 30 KiB.
const DIGITS: u8 = 2;

/// A histogram of the latencies of records about incidents, in microseconds.
pub(super) struct Latency(Histogram<u64>);

impl Latency {
    /// An empty histogram; `None` if it cannot be made, which these bounds do not cause.
    pub(super) fn new() -> Option<Self> {
        Histogram::new_with_bounds(1, LONGEST_MICROS, DIGITS).ok().map(Latency)
    }

    /// Adds the latency of a record that was written now, for a packet of this time.
    pub(super) fn record(&mut self, packet: Timestamp) {
        let delay = wall_clock().since(packet);
        self.0.saturating_record(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX));
    }

    /// The quantiles; `None` before the first record.
    pub(super) fn summary(&self) -> Option<LatencySummary> {
        let micros = |quantile| Duration::from_micros(self.0.value_at_quantile(quantile));
        (!self.0.is_empty()).then(|| LatencySummary {
            alerts: self.0.len(),
            median: micros(0.5),
            p99: micros(0.99),
            max: Duration::from_micros(self.0.max()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_summed_up_and_a_jump_of_the_clock_is_bounded() {
        let mut latency = Latency::new().unwrap();
        assert_eq!(latency.summary(), None);
        let (now, minute) = (wall_clock(), 60_000_000_000);
        latency.record(now.plus_nanos(minute));
        latency.record(Timestamp::from_nanos(now.as_nanos() - minute));
        latency.record(Timestamp::ZERO);
        let summary = latency.summary().unwrap();
        assert_eq!(summary.alerts, 3);
        assert!((55..70).contains(&summary.median.as_secs()), "{summary:?}");
        assert!((590..610).contains(&summary.max.as_secs()), "{summary:?}");
    }
}
