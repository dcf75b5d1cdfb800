//! How long after their packets alerts were written.

use std::time::Duration;

/// Delays of the alerts of a live capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LatencySummary {
    /// Alerts that a packet caused; others tell of silence.
    pub alerts: u64,
    /// Half of the alerts came sooner.
    #[serde(rename = "p50_ms", serialize_with = "millis")]
    pub median: Duration,
    /// 99 % of the alerts came sooner.
    #[serde(rename = "p99_ms", serialize_with = "millis")]
    pub p99: Duration,
    /// The longest delay.
    #[serde(rename = "max_ms", serialize_with = "millis")]
    pub max: Duration,
}

fn millis<S: serde::Serializer>(delay: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(delay.as_micros() as f64 / 1000.0)
}
