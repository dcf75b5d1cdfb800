//! Packet time: nanoseconds since the Unix epoch, the only clock below `output`.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

/// A moment in packet time, in nanoseconds since 1970-01-01T00:00:00Z (years 1970 to 2554).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The epoch itself; also what a capture without time stamps carries.
    pub const ZERO: Timestamp = Timestamp(0);

    pub const MAX: Timestamp = Timestamp(u64::MAX);

    /// From nanoseconds since the Unix epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Timestamp(nanos)
    }

    /// From whole seconds and nanoseconds; saturates instead of wrapping.
    pub const fn from_parts(seconds: u64, nanos: u64) -> Self {
        Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the Unix epoch with fraction: for arithmetic on durations, not for printing.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Time since `earlier`; zero when `earlier` is later (captures do go back in time).
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This moment plus `duration`, saturating.
    pub fn plus(self, duration: Duration) -> Timestamp {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Timestamp(self.0.saturating_add(nanos))
    }

    /// This moment plus `nanos` nanoseconds, saturating.
    pub const fn plus_nanos(self, nanos: u64) -> Timestamp {
        Timestamp(self.0.saturating_add(nanos))
    }

    /// RFC 3339 in UTC with microseconds: `2018-08-03T14:19:41.208105Z`.
    pub fn to_rfc3339(self) -> String {
        self.format(format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
        ))
    }

    /// The form of Suricata's EVE, which its schema and Arkime's fixed offsets insist on:
    /// `2018-08-03T14:19:41.208105+0000`.
    pub fn to_eve(self) -> String {
        self.format(format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]+0000"
        ))
    }

    fn format(self, description: &[time::format_description::BorrowedFormatItem<'_>]) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0))
            .ok()
            .and_then(|moment| moment.format(description).ok())
            .unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_in_both_forms() {
        let moment = Timestamp::from_parts(1_533_305_981, 208_105_999);
        assert_eq!(moment.to_rfc3339(), "2018-08-03T14:19:41.208105Z");
        assert_eq!(moment.to_eve(), "2018-08-03T14:19:41.208105+0000");
    }

    #[test]
    fn the_last_representable_moment_still_prints() {
        assert!(Timestamp::from_nanos(u64::MAX).to_rfc3339().starts_with("2554-"));
    }

    #[test]
    fn time_that_goes_back_counts_as_no_time() {
        let (early, late) = (Timestamp::from_nanos(5), Timestamp::from_nanos(9));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.since(early), Duration::from_nanos(4));
    }
}
