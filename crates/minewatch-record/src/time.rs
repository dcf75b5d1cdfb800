//! Packet time: nanoseconds since the Unix epoch.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: u64 = 86_400;

/// A moment in packet time, in nanoseconds since 1970-01-01T00:00:00Z (years 1970 to 2554).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The epoch itself; also what a capture without time stamps carries.
    pub const ZERO: Timestamp = Timestamp(0);

    /// The last moment that can be represented.
    pub const MAX: Timestamp = Timestamp(u64::MAX);

    /// From nanoseconds since the Unix epoch.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Timestamp(nanos)
    }

    /// From whole seconds and nanoseconds; saturates instead of wrapping.
    #[inline]
    pub const fn from_parts(seconds: u64, nanos: u64) -> Self {
        Timestamp(seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos))
    }

    /// Nanoseconds since the Unix epoch.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the Unix epoch with fraction: for arithmetic on durations, not for printing.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Time since `earlier`; zero when `earlier` is later (captures do go back in time).
    #[inline]
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This moment plus `duration`, saturating.
    #[inline]
    pub fn plus(self, duration: Duration) -> Timestamp {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Timestamp(self.0.saturating_add(nanos))
    }

    /// This moment plus `nanos` nanoseconds, saturating.
    #[inline]
    pub const fn plus_nanos(self, nanos: u64) -> Timestamp {
        Timestamp(self.0.saturating_add(nanos))
    }

    /// RFC 3339 in UTC with microseconds: `2018-08-03T14:19:41.208105Z`.
    pub fn to_rfc3339(self) -> String {
        self.to_string()
    }

    /// The form of Suricata's EVE, which its schema and Arkime's fixed offsets require:
    /// `2018-08-03T14:19:41.208105+0000`.
    pub fn to_eve(self) -> String {
        let mut text = String::with_capacity(LENGTH + 5);
        text.push_str(str::from_utf8(&self.digits()).unwrap_or_default());
        text.push_str("+0000");
        text
    }

    /// Formats `2018-08-03T14:19:41.208105`. Records have dozens of times, so no general formatter
    /// is used.
    fn digits(self) -> [u8; LENGTH] {
        let (seconds, nanos) = (self.0 / NANOS_PER_SECOND, self.0 % NANOS_PER_SECOND);
        let (year, month, day) = date(seconds / SECONDS_PER_DAY);
        let clock = seconds % SECONDS_PER_DAY;
        let mut text = *b"0000-00-00T00:00:00.000000";
        for (value, end) in [
            (year, 4),
            (month, 7),
            (day, 10),
            (clock / 3600, 13),
            (clock / 60 % 60, 16),
            (clock % 60, 19),
            (nanos / 1000, 26),
        ] {
            let mut rest = value;
            for digit in text[..end].iter_mut().rev() {
                if rest == 0 {
                    break;
                }
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        text
    }
}

/// Characters of a time without its offset.
const LENGTH: usize = 26;

/// Days of 400 years, after which the Gregorian calendar repeats itself.
const ERA_DAYS: u64 = 146_097;
/// Days from 0000-03-01, where an era begins, to 1970-01-01.
const EPOCH_DAYS: u64 = 719_468;

/// Year, month and day of a day after 1970-01-01 (H. Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `civil_from_days`).
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH_DAYS;
    let (era, day) = (days / ERA_DAYS, days % ERA_DAYS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // 0 is March
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// Days from 1970-01-01 to a date (Hinnant's `days_from_civil`); `None` before 1970.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month <= 2))?;
    let (era, year) = (year / 400, year % 400);
    let month = (month + 9) % 12;
    let day = (153 * month + 2) / 5 + day - 1;
    (era * ERA_DAYS + year * 365 + year / 4 - year / 100 + day).checked_sub(EPOCH_DAYS)
}

/// The error for a text that does not have the form of [`Timestamp::to_rfc3339`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATimestamp;

impl fmt::Display for NotATimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a time like 2018-08-03T14:19:41.208105Z")
    }
}

impl std::error::Error for NotATimestamp {}

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    /// Parses the form of [`Timestamp::to_rfc3339`], with up to nine decimals of a second.
    fn from_str(text: &str) -> Result<Self, NotATimestamp> {
        parse(text).ok_or(NotATimestamp)
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let possible = (1970..=2554).contains(&year) && (1..=12).contains(&month);
    if !possible || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let digits = fraction.len();
    if !(1..=9).contains(&digits) || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = fraction.parse::<u64>().ok()? * 10u64.pow(9 - digits as u32);
    let seconds = days(year, month, day)? * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    Some(Timestamp::from_parts(seconds, nanos))
}

/// Parses three numbers of digits only.
fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let digits = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    });
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'Z'; LENGTH + 1];
        text[..LENGTH].copy_from_slice(&self.digits());
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
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
    fn leap_days_and_the_ends_of_years_have_their_dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (951_868_800, "2000-03-01T00:00:00.000000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
            (1_798_761_599, "2026-12-31T23:59:59.000000Z"),
        ] {
            assert_eq!(Timestamp::from_parts(seconds, 0).to_rfc3339(), text);
        }
    }

    #[test]
    fn what_is_printed_reads_back() {
        for day in (0..213_000).step_by(17) {
            let moment = Timestamp::from_parts(day * SECONDS_PER_DAY + day % 86_400, 123_456_000);
            assert_eq!(moment.to_rfc3339().parse(), Ok(moment));
        }
    }

    #[test]
    fn a_text_that_is_no_time_is_refused() {
        for text in [
            "",
            "2018-08-03",
            "2018-08-03T14:19:41",
            "2018-13-03T14:19:41Z",
            "1969-12-31T23:59:59Z",
            "2018-08-03T24:00:00Z",
            "2018-08-03T14:19:41.Z",
            "+018-08-03T14:19:41Z",
            "2018-08-03T14:19:41.1234567890Z",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(NotATimestamp), "{text}");
        }
    }

    #[test]
    fn the_last_representable_moment_still_prints() {
        assert!(Timestamp::MAX.to_rfc3339().starts_with("2554-"));
    }

    #[test]
    fn time_that_goes_back_counts_as_no_time() {
        let (early, late) = (Timestamp::from_nanos(5), Timestamp::from_nanos(9));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.since(early), Duration::from_nanos(4));
    }
}
