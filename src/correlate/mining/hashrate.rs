//! Estimates the hashrate from proven work.
//!
//! The estimate is the sum of the difficulties of all shares that were not rejected, divided by the
//! time in which there was work to do.
//!
//! Finding shares is a Poisson process, so with shares of difficulty D the estimate ΣD/T has the
//! relative standard error √ΣD² / ΣD. A connection's time ends with its last message. A share that
//! ends it is not counted, since n shares in a time that ends with the last of them are as many as
//! n − 1 in one that ends at any moment.
//!
//! Many miners count their nonces up, and then each share shows the pace (see `stratum::pace`). The
//! pace is far more exact than the number of shares, and is used where the two agree.

use std::time::Duration;

use crate::model::Timestamp;
use crate::model::event::mining::{Pace, Work};

/// Ratio of a pause between messages to the mean gap between shares beyond which the pause cannot
/// be chance (probability e^-15): the machine slept or the miner was paused, and the time does not
/// count.
const PAUSE_FACTOR: f64 = 15.0;
/// Least number of shares for an estimate. Fewer say almost nothing: the standard error of three is
/// 58 %.
const MIN_SHARES: u64 = 3;
/// Standard errors by which the pace of the nonces may differ from the estimate of the shares to
/// count as the pace of the host. Chance exceeds this in 3 of 1000 cases. Threads that were not
/// noticed, and a second machine behind the same address, make the pace too low.
const AGREEMENT: f64 = 3.0;
/// Least part of all shares that the connection with the pace must have, for the pace to count as
/// that of the host.
const MAIN_PART: f64 = 0.75;
/// Factor by which a median of many figures is at least more exact than one of them. The spread is
/// reported as the error all the same: it covers that a graphics card tries its nonces in batches,
/// and that the rate wanders.
const MEDIAN_GAIN: f64 = 2.0;
/// Spans kept for connections that have ended; beyond that the two closest are merged.
const MAX_SPANS: usize = 256;
/// Pauses kept in all; beyond that the shortest are forgotten.
const MAX_PAUSES: usize = 256;

/// A hashrate in hashes per second, with one standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hashrate {
    pub hashes_per_second: f64,
    pub standard_error: f64,
}

/// The work of several connections of one host.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkTotal {
    hashes: f64,
    hashes_squared: f64,
    shares: u64,
    /// Shares and pace of the connection with most shares, among those whose nonces show a pace.
    pace: Option<(u64, Pace)>,
    /// [first job, last message] of each connection.
    spans: Vec<(Timestamp, Timestamp)>,
    pauses: Vec<(Timestamp, Timestamp)>,
}

impl WorkTotal {
    pub(super) fn add(&mut self, work: &Work) {
        self.hashes += work.hashes;
        self.hashes_squared += work.hashes_squared;
        self.shares += work.shares;
        if let Some(last) = work.last_share {
            self.hashes = (self.hashes - last).max(0.0);
            self.hashes_squared = (self.hashes_squared - last * last).max(0.0);
            self.shares = self.shares.saturating_sub(1);
        }
        if let (Some(first), Some(last)) = (work.first_job, work.last_message) {
            self.spans.push((first, last.max(first)));
        }
        self.pauses.extend_from_slice(&work.pauses);
        self.learn(work.pace.map(|pace| (work.shares, pace)));
        self.keep_within_bounds();
    }

    fn learn(&mut self, pace: Option<(u64, Pace)>) {
        if pace.map(|(shares, _)| shares) > self.pace.map(|(shares, _)| shares) {
            self.pace = pace;
        }
    }

    /// Adds the work of another total.
    pub(super) fn merge(&mut self, other: &WorkTotal) {
        self.hashes += other.hashes;
        self.hashes_squared += other.hashes_squared;
        self.shares += other.shares;
        self.spans.extend_from_slice(&other.spans);
        self.pauses.extend_from_slice(&other.pauses);
        self.learn(other.pace);
        self.keep_within_bounds();
    }

    /// The estimate; `None` while there are fewer than [`MIN_SHARES`] shares, or no time.
    pub(super) fn hashrate(&self) -> Option<Hashrate> {
        let spans = union(&self.spans);
        let total: f64 = spans.iter().map(|&(start, end)| seconds(start, end)).sum();
        if self.shares < MIN_SHARES || total <= 0.0 || self.hashes <= 0.0 {
            return None;
        }
        let limit = PAUSE_FACTOR * total / self.shares as f64;
        let long: Vec<_> = self
            .pauses
            .iter()
            .copied()
            .filter(|&(start, end)| seconds(start, end) > limit)
            .collect();
        let time = total - silent(&spans, &self.spans, &long);
        if time <= 0.0 {
            return None;
        }
        let rate = self.hashes / time;
        let standard_error = rate * self.hashes_squared.sqrt() / self.hashes;
        let by_shares = Hashrate { hashes_per_second: rate, standard_error };
        Some(self.by_nonces(by_shares).unwrap_or(by_shares))
    }

    /// The pace of the nonces, if it agrees with the estimate of the shares and is more exact.
    fn by_nonces(&self, shares: Hashrate) -> Option<Hashrate> {
        let (counted, Pace { hashes_per_second, spread }) = self.pace?;
        let off = (hashes_per_second - shares.hashes_per_second).abs();
        let most = counted as f64 >= MAIN_PART * self.shares as f64;
        let agrees = most && off <= AGREEMENT * shares.standard_error;
        (agrees && spread < MEDIAN_GAIN * shares.standard_error)
            .then_some(Hashrate { hashes_per_second, standard_error: spread })
    }

    fn keep_within_bounds(&mut self) {
        if self.spans.len() > MAX_SPANS {
            self.spans = union(&self.spans);
            while self.spans.len() > MAX_SPANS {
                let closest = (1..self.spans.len())
                    .min_by_key(|&i| self.spans[i].0.since(self.spans[i - 1].1))
                    .unwrap_or(1);
                let (_, end) = self.spans.remove(closest);
                self.spans[closest - 1].1 = end;
            }
        }
        if self.pauses.len() > MAX_PAUSES {
            self.pauses.sort_by_key(|&(start, end)| std::cmp::Reverse(end.since(start)));
            self.pauses.truncate(MAX_PAUSES);
        }
    }
}

/// Seconds inside `spans` in which every connection paused. A pause of one connection does not
/// count while another worked.
fn silent(
    spans: &[(Timestamp, Timestamp)],
    connections: &[(Timestamp, Timestamp)],
    pauses: &[(Timestamp, Timestamp)],
) -> f64 {
    union(pauses)
        .iter()
        .filter(|&&(start, end)| {
            let active =
                connections.iter().filter(|&&(first, last)| first < end && last > start).count();
            let paused = pauses.iter().filter(|&&(s, e)| s < end && e > start).count();
            active <= paused
        })
        .map(|&(start, end)| {
            spans.iter().map(|&(first, last)| seconds(start.max(first), end.min(last))).sum::<f64>()
        })
        .sum()
}

fn seconds(start: Timestamp, end: Timestamp) -> f64 {
    end.since(start).as_secs_f64()
}

fn union(spans: &[(Timestamp, Timestamp)]) -> Vec<(Timestamp, Timestamp)> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(sorted.len());
    for (start, end) in sorted {
        match merged.last_mut() {
            Some(last) if start <= last.1.plus(Duration::ZERO) => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_parts(1_700_000_000 + second, 0)
    }

    fn work(shares: u64, difficulty: f64, from: u64, to: u64) -> Work {
        Work {
            hashes: shares as f64 * difficulty,
            hashes_squared: shares as f64 * difficulty * difficulty,
            shares,
            first_job: Some(at(from)),
            last_message: Some(at(to)),
            last_share: None,
            pace: None,
            pauses: Vec::new(),
        }
    }

    #[test]
    fn steady_shares_give_work_over_time_with_a_poisson_error() {
        let mut total = WorkTotal::default();
        total.add(&work(100, 30_000.0, 0, 3000));
        let rate = total.hashrate().unwrap();
        assert!((rate.hashes_per_second - 1000.0).abs() < 1e-6);
        assert!((rate.standard_error - 100.0).abs() < 1e-6, "1/sqrt(100) of 1000");
    }

    #[test]
    fn nonces_tell_more_than_shares_where_the_two_agree() {
        let pace = |hashes_per_second, spread| Some(Pace { hashes_per_second, spread });
        let rate = |pace, others: u64| {
            let mut total = WorkTotal::default();
            total.add(&Work { pace, ..work(100, 30_000.0, 0, 3000) });
            total.add(&work(others, 30_000.0, 0, 3000));
            total.hashrate().unwrap()
        };
        let told = Hashrate { hashes_per_second: 1200.0, standard_error: 24.0 };
        assert_eq!(rate(pace(1200.0, 24.0), 0), told);
        assert_eq!(rate(pace(1310.0, 24.0), 0).standard_error, 100.0, "off by three errors");
        assert_eq!(rate(pace(1200.0, 210.0), 0).standard_error, 100.0, "less exact");
        let two_machines = rate(pace(1200.0, 24.0), 40);
        assert!((two_machines.hashes_per_second - 1400.0).abs() < 1e-6, "{two_machines:?}");
    }

    #[test]
    fn a_share_that_ends_the_time_is_not_counted() {
        let mut total = WorkTotal::default();
        total.add(&Work { last_share: Some(50.0), ..work(11, 50.0, 0, 100) });
        let rate = total.hashrate().unwrap();
        assert!((rate.hashes_per_second - 5.0).abs() < 1e-9, "{rate:?}");
        assert!((rate.standard_error - 5.0 / 10f64.sqrt()).abs() < 1e-9, "{rate:?}");
    }

    #[test]
    fn overlapping_connections_count_their_time_once() {
        let mut total = WorkTotal::default();
        total.add(&work(10, 100.0, 0, 100));
        total.add(&work(10, 100.0, 50, 150));
        assert!((total.hashrate().unwrap().hashes_per_second - 2000.0 / 150.0).abs() < 1e-9);
    }

    #[test]
    fn a_long_silence_of_the_only_connection_is_left_out() {
        let mut one = work(100, 10.0, 0, 2000);
        one.pauses = vec![(at(500), at(1500))];
        let mut total = WorkTotal::default();
        total.add(&one);
        assert!((total.hashrate().unwrap().hashes_per_second - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_silence_of_one_of_two_working_connections_counts() {
        let mut one = work(100, 10.0, 0, 2000);
        one.pauses = vec![(at(500), at(1500))];
        let mut total = WorkTotal::default();
        total.add(&one);
        total.add(&work(100, 10.0, 0, 2000));
        assert!((total.hashrate().unwrap().hashes_per_second - 1.0).abs() < 1e-9);
    }

    #[test]
    fn two_shares_are_too_few_to_say_anything() {
        let mut total = WorkTotal::default();
        total.add(&work(2, 10.0, 0, 100));
        assert_eq!(total.hashrate(), None);
    }

    #[test]
    fn a_thousand_connections_stay_within_bounds_and_keep_their_sum() {
        let mut total = WorkTotal::default();
        for i in 0..1000 {
            total.add(&work(1, 10.0, i * 100, i * 100 + 50));
        }
        assert!(total.spans.len() <= MAX_SPANS);
        let rate = total.hashrate().unwrap().hashes_per_second;
        assert!(rate > 10_000.0 / 100_000.0 - 1e-9 && rate <= 10_000.0 / 50_000.0 + 1e-9, "{rate}");
    }
}
