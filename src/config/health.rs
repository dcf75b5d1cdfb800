//! Settings of the section `[health]`: when the sensor says that it cannot see.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::{Spanned, Value};

use super::error::ConfigProblem;
use super::raw::RawHealth;
use super::settings::{idle, integer};

/// Thresholds in percent. 100 switches a condition off, for nothing is beyond it.
const PERCENT: RangeInclusive<i64> = 0..=100;

/// Settings of the section `[health]`. Shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthSettings {
    /// Time over which shares are measured in live capture, and after which a condition ends.
    pub window: Duration,
    /// Silence of all interfaces that is told.
    pub no_packets: Duration,
    /// Share of dropped packets that is told.
    pub drops_warning: f64,
    /// Share of dropped packets that is critical.
    pub drops_critical: f64,
    /// Share of connections in one direction only.
    pub one_way: f64,
    /// Share of data that is missing.
    pub gaps: f64,
    /// Share of packets that are not understood or damaged.
    pub unreadable: f64,
    /// Share of packets with payload that are cut.
    pub payload_cut: f64,
}

impl Default for HealthSettings {
    fn default() -> Self {
        HealthSettings {
            window: Duration::from_secs(60),
            no_packets: Duration::from_secs(60),
            drops_warning: 0.03,
            drops_critical: 0.05,
            one_way: 0.5,
            gaps: 0.03,
            unreadable: 0.5,
            payload_cut: 0.5,
        }
    }
}

/// Checks the section. Absent settings keep their defaults.
pub(super) fn check(raw: RawHealth) -> Result<HealthSettings, ConfigProblem> {
    let base = HealthSettings::default();
    Ok(HealthSettings {
        window: idle(raw.window, base.window)?,
        no_packets: idle(raw.no_packets, base.no_packets)?,
        drops_warning: percent(raw.drops_warning, base.drops_warning)?,
        drops_critical: percent(raw.drops_critical, base.drops_critical)?,
        one_way: percent(raw.one_way, base.one_way)?,
        gaps: percent(raw.gaps, base.gaps)?,
        unreadable: percent(raw.unreadable, base.unreadable)?,
        payload_cut: percent(raw.payload_cut, base.payload_cut)?,
    })
}

fn percent(written: Option<Spanned<Value>>, base: f64) -> Result<f64, ConfigProblem> {
    let percent: Option<u8> = match written {
        Some(written) => Some(integer(Some(written), 0, PERCENT)?),
        None => None,
    };
    Ok(percent.map_or(base, |percent| f64::from(percent) / 100.0))
}
