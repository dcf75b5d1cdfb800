//! Delay between a packet and the alert that it caused.

use std::time::Duration;

/// Summary of the alert delays of a live capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LatencySummary {
    /// Number of alerts that a packet caused; other alerts report silence.
    pub alerts: u64,
    /// Delay that half of the alerts do not exceed.
    #[serde(rename = "p50_ms", serialize_with = "millis")]
    pub median: Duration,
    /// Delay that 99 % of the alerts do not exceed.
    #[serde(rename = "p99_ms", serialize_with = "millis")]
    pub p99: Duration,
    /// The longest delay.
    #[serde(rename = "max_ms", serialize_with = "millis")]
    pub max: Duration,
}

fn millis<S: serde::Serializer>(delay: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(delay.as_micros() as f64 / 1000.0)
}
