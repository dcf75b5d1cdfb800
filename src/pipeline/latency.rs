//! How long after its packet an alert is written, on a live interface.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::capture::wall_clock;
use crate::model::Timestamp;
use crate::model::latency::LatencySummary;

/// Longer delays count as this: the clock has jumped, or the machine slept.
const LONGEST_MICROS: u64 = 600_000_000;
/// Significant decimal digits that are kept: two make 30 KiB.
const DIGITS: u8 = 2;

/// Delays from packet to alert.
pub struct Latency(Histogram<u64>);

impl Latency {
    /// `None` if the histogram cannot be made, which these bounds do not cause.
    pub fn new() -> Option<Self> {
        Histogram::new_with_bounds(1, LONGEST_MICROS, DIGITS).ok().map(Latency)
    }

    /// An alert for a packet of this time has been handed to the output.
    pub fn record(&mut self, packet: Timestamp) {
        let delay = wall_clock().since(packet);
        self.0.saturating_record(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX));
    }

    /// `None` before the first alert.
    pub fn summary(&self) -> Option<LatencySummary> {
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
