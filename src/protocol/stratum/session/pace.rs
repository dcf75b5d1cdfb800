//! How fast a miner goes through its nonces. A share tells how far it has come with its job.
//!
//! XMRig's threads take ranges of [`RANGE`] nonces in turn from a counter that begins at 0 with each
//! job, and try the nonces of a range one by one. A share found `age` seconds after its job came, at
//! place n of a range, was therefore its thread's hash number n in that time. When shares are found
//! is a matter of luck; how far the threads have come then is not, so a few shares tell the rate to
//! a few per cent. Of miners that choose nonces otherwise the figures scatter, and nothing is
//! concluded.

use std::time::Duration;

use crate::model::event::mining::Pace;

/// Nonces that a thread takes at a time (`kReserveCount` of XMRig, the same for all its backends).
const RANGE: u32 = 32_768;
/// NiceHash's proxies fix the highest byte.
const COUNTED: u32 = 0x00ff_ffff;
/// Shares remembered, spread over the whole time: more make the median hardly better.
const MAX_SAMPLES: usize = 512;
/// Fewer say too little about how the figures scatter.
const MIN_SAMPLES: usize = 20;
/// Of so many shares for each thread, one of the last thread is missed in 2 of 100 cases.
const SAMPLES_PER_THREAD: usize = 4;
/// Jobs need their time to reach the threads, which matters to shares found at once.
const MIN_AGE: Duration = Duration::from_secs(5);
/// The quartiles of a miner that counts are closer together than this share of the median.
const MAX_SCATTER: f64 = 0.2;
/// Until so much of their first range is done, all threads are in it.
const FIRST_RANGE: f64 = 0.9;
/// Distance of the quartiles of a normal distribution, in standard deviations.
const QUARTILES: f64 = 1.349;

/// Shares of a connection: all of them, or each second, fourth and so on.
#[derive(Clone, Debug, Default)]
pub(super) struct Nonces {
    samples: Vec<Sample>,
    shares: u64,
    /// Each 2^`thinned`th share is kept.
    thinned: u32,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Seconds since the job came.
    age: f64,
    /// Number of the range, and place in it.
    range: u32,
    place: u32,
}

impl Sample {
    fn rate(&self) -> f64 {
        f64::from(self.place) / self.age
    }
}

impl Nonces {
    /// Bytes kept.
    pub(super) fn held(&self) -> usize {
        self.samples.capacity() * size_of::<Sample>()
    }

    /// A share with `nonce`, `age` after its job.
    pub(super) fn share(&mut self, nonce: u32, age: Duration) {
        if age < MIN_AGE {
            return;
        }
        let number = self.shares;
        self.shares += 1;
        if number.trailing_zeros() < self.thinned {
            return;
        }
        if self.samples.len() >= MAX_SAMPLES {
            let mut index = 0;
            self.samples.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.thinned += 1;
        }
        let nonce = nonce & COUNTED;
        let (range, place) = (nonce / RANGE, nonce % RANGE);
        self.samples.push(Sample { age: age.as_secs_f64(), range, place });
    }

    /// The rate, if this miner counts its nonces.
    pub(super) fn pace(&self) -> Option<Pace> {
        let [_, rate, _] = quartiles(&self.samples)?;
        let mut first = self.samples.clone();
        first.retain(|one| one.age * rate < FIRST_RANGE * f64::from(RANGE));
        let threads = first.iter().map(|one| one.range).max()? as usize + 1;
        if first.len() < MIN_SAMPLES.max(SAMPLES_PER_THREAD * threads) {
            return None;
        }
        let [low, median, high] = quartiles(&first)?;
        let (threads, scatter) = (threads as f64, high - low);
        if median <= 0.0 || scatter > MAX_SCATTER * median {
            return None;
        }
        Some(Pace { hashes_per_second: threads * median, spread: threads * scatter / QUARTILES })
    }
}

fn quartiles(samples: &[Sample]) -> Option<[f64; 3]> {
    let mut rates: Vec<f64> = samples.iter().map(Sample::rate).collect();
    rates.sort_by(f64::total_cmp);
    let quartile = |number: usize| rates.get(rates.len() * number / 4).copied();
    Some([quartile(1)?, quartile(2)?, quartile(3)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares of a miner with so many threads of `rate` hashes per second, in turn, at ages of 7 to
    /// 96 seconds; in each, `jitter` of the rate.
    fn nonces(threads: u32, rate: f64, jitter: f64, shares: u32) -> Nonces {
        let mut nonces = Nonces::default();
        for n in 0..shares {
            let age = 7.0 + f64::from(n * 37 % 90);
            let rate = rate * (1.0 + jitter * f64::from(n % 11) / 10.0 - jitter / 2.0);
            let done = (age * rate) as u32;
            let range = (n * 5 % threads) + threads * (done / RANGE);
            nonces.share(range * RANGE + done % RANGE, Duration::from_secs_f64(age));
        }
        nonces
    }

    #[test]
    fn threads_that_count_show_their_rate() {
        for threads in [1, 3, 8, 16] {
            let pace = nonces(threads, 270.0, 0.04, 200).pace().unwrap();
            let rate = 270.0 * f64::from(threads);
            assert!((pace.hashes_per_second / rate - 1.0).abs() < 0.01, "{threads}: {pace:?}");
            assert!(pace.spread > 0.0 && pace.spread < 0.05 * rate, "{threads}: {pace:?}");
        }
    }

    #[test]
    fn nicehash_and_a_second_range_do_not_matter() {
        // At 500 H/s the first range ends after 65 s.
        let pace = nonces(4, 500.0, 0.02, 200).pace().unwrap();
        assert!((pace.hashes_per_second / 2000.0 - 1.0).abs() < 0.02, "{pace:?}");
        let mut nice = Nonces::default();
        (0..40).for_each(|n| {
            nice.share(0xab00_0000 + n * 100 + 1000, Duration::from_secs(u64::from(n) + 10))
        });
        assert_eq!(nice.pace().unwrap().hashes_per_second, 100.0);
    }

    #[test]
    fn nonces_without_an_order_and_few_shares_tell_nothing() {
        let mut random = Nonces::default();
        for n in 0..200u32 {
            random.share(n.wrapping_mul(2_654_435_761), Duration::from_secs(u64::from(n % 50) + 6));
        }
        assert_eq!(random.pace(), None);
        assert_eq!(nonces(1, 270.0, 0.0, 19).pace(), None);
        assert_eq!(nonces(8, 270.0, 0.0, 31).pace(), None, "a thread may have been missed");
        let mut zero = Nonces::default();
        (0..100).for_each(|_| zero.share(0, Duration::from_secs(10)));
        assert_eq!(zero.pace(), None);
    }

    #[test]
    fn the_shares_remembered_are_bounded_and_of_the_whole_time() {
        let mut nonces = Nonces::default();
        let slow_then_fast = |n: u64| if n < 6000 { 1000 } else { 2000 };
        (0..8000).for_each(|n| nonces.share(slow_then_fast(n), Duration::from_secs(10)));
        assert!(nonces.samples.len() <= MAX_SAMPLES);
        let slow = nonces.samples.iter().filter(|one| one.place == 1000).count();
        assert_eq!(slow * 4, nonces.samples.len() * 3);
    }
}
