//! Formats numbers, times and long texts for people.

use crate::correlate::human_rate;
use crate::model::Timestamp;
use crate::model::text::Abbreviation;

/// Groups the digits of a number by thousands: `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a count of bytes as `1.2 GB`, in powers of ten as is usual for networks.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64;
    let mut name = "B";
    for unit in UNITS {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        name = unit;
    }
    format!("{value:.1} {name}")
}

/// The counts that are not zero: `TCP 12, UDP 3`.
pub(super) fn counts(named: &[(&str, u64)]) -> String {
    let shown: Vec<String> = named
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name} {}", grouped(*count)))
        .collect();
    shown.join(", ")
}

/// `2018-08-03 14:19:41`, UTC.
pub(super) fn moment(time: Timestamp) -> String {
    let text = time.to_rfc3339();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// The time of day alone, if it is the day of `other`: `14:58:02`, else `08-04 14:58:02`.
pub(super) fn clock(time: Timestamp, other: Timestamp) -> String {
    let (text, reference) = (moment(time), moment(other));
    let start = match (text.get(..10), text.get(..4)) {
        (day, _) if day == reference.get(..10) => 11,
        (_, year) if year == reference.get(..4) => 5,
        _ => 0,
    };
    text.get(start..).unwrap_or(&text).to_owned()
}

/// Formats the end of a period that began at `since`, short enough for a table: `14:58:02` on the
/// same day, `08-04 14:58` in the same year, else `2019-01-01`.
pub(super) fn until(time: Timestamp, since: Timestamp) -> String {
    let text = clock(time, since);
    let length = match text.len() {
        14 => 11,
        19 => 10,
        whole => whole,
    };
    text.get(..length).unwrap_or(&text).to_owned()
}

/// `1.2 kH/s +-26%`.
pub(super) fn rate(hashes_per_second: f64, standard_error: Option<f64>) -> String {
    let mut text = human_rate(hashes_per_second);
    let percent = standard_error.map(|error| 100.0 * error / hashes_per_second);
    if let Some(percent) = percent.filter(|percent| percent.is_finite()) {
        text.push_str(&format!(" +-{percent:.0}%"));
    }
    text
}

/// Cuts `text` to at most `width` characters, with `...` at the end.
pub(super) fn cut(text: &str, width: usize) -> String {
    let head = width.saturating_sub(3);
    Abbreviation { whole: width, head, mark: "...", tail: 0 }.of(text)
}

/// Shortens a long text to its first and last characters, enough to recognise it.
pub(super) fn shorten(text: &str) -> String {
    Abbreviation { whole: 19, head: 8, mark: "...", tail: 8 }.of(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn bytes_get_a_unit_of_their_size() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_234_000_000), "1.2 GB");
        assert_eq!(bytes(u64::MAX), "18.4 EB");
    }

    #[test]
    fn a_time_says_no_more_than_it_must() {
        let time = |text: &str| {
            let parsed = time::PrimitiveDateTime::parse(
                text,
                time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"),
            );
            Timestamp::from_parts(parsed.unwrap().assume_utc().unix_timestamp() as u64, 0)
        };
        let start = time("2018-08-03 14:19:41");
        assert_eq!(clock(time("2018-08-03 15:00:00"), start), "15:00:00");
        assert_eq!(clock(time("2018-08-04 00:00:01"), start), "08-04 00:00:01");
        assert_eq!(clock(time("2019-01-01 00:00:00"), start), "2019-01-01 00:00:00");
        assert_eq!(until(time("2018-08-03 15:00:00"), start), "15:00:00");
        assert_eq!(until(time("2018-08-04 00:00:01"), start), "08-04 00:00");
        assert_eq!(until(time("2019-01-01 00:00:00"), start), "2019-01-01");
    }

    #[test]
    fn a_rate_without_a_sensible_error_stands_alone() {
        assert_eq!(rate(1200.0, Some(312.0)), "1.2 kH/s +-26%");
        assert_eq!(rate(0.0, Some(0.0)), "0.0 H/s");
        assert_eq!(rate(1200.0, None), "1.2 kH/s");
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        assert_eq!(cut("abcdefgh", 8), "abcdefgh");
        assert_eq!(cut("abcdefghi", 8), "abcde...");
        assert_eq!(shorten("48abcdefghijklmnopqrstuvwxyz"), "48abcdef...stuvwxyz");
        assert_eq!(shorten("rig7"), "rig7");
    }
}
