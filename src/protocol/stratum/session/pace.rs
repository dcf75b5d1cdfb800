//! Estimates a miner's hashrate from the nonces of its shares.
//!
//! XMRig's threads take ranges of [`RANGE`] nonces in turn from a counter that begins at 0 with
//! each job, and try the nonces of a range one by one. A share that is found `age` seconds after
//! its job, at place n of its thread's first range, is therefore hash number n of that thread in
//! this job. The time of a share is random, but the progress of its thread at that time is not. A
//! few shares are therefore enough to know the rate to a few per cent. If a miner chooses nonces in
//! another way, the rates scatter and no result is given.

use std::time::Duration;

use crate::model::event::mining::Pace;

/// Nonces that a thread takes at a time (`kReserveCount` of XMRig, equal in all its backends).
const RANGE: u32 = 32_768;
/// Bits of a nonce that the miner counts up: NiceHash's proxies fix the highest byte.
const COUNTED: u32 = 0x00ff_ffff;
/// Most shares kept, spread over the whole time. More would hardly improve the median.
const MAX_SAMPLES: usize = 512;
/// Fewest shares for a result. Fewer show too little of the scatter.
const MIN_SAMPLES: usize = 20;
/// Fewest shares per thread. With four, no share is from the last thread in 2 of 100 cases.
const SAMPLES_PER_THREAD: usize = 4;
/// Shortest time from a job to a share. A job takes time to reach the threads, which distorts the
/// rate of earlier shares.
const MIN_AGE: Duration = Duration::from_secs(5);
/// Largest distance of the quartiles, as a fraction of the median, for a miner that counts.
const MAX_SCATTER: f64 = 0.2;
/// Fraction of the first range up to which all threads are still in it.
const FIRST_RANGE: f64 = 0.9;
/// Distance between the quartiles of a normal distribution, in standard deviations.
const QUARTILES: f64 = 1.349;

/// Sample of the shares of one connection: all, or every second, fourth and so on.
#[derive(Clone, Debug, Default)]
pub(super) struct Nonces {
    samples: Vec<Sample>,
    shares: u64,
    /// One in 2^`thinned` shares is kept.
    thinned: u32,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Time since the job was delivered, in seconds.
    age: f64,
    /// Number of the nonce's range, and the nonce's place in it.
    range: u32,
    place: u32,
}

impl Sample {
    fn rate(&self) -> f64 {
        f64::from(self.place) / self.age
    }
}

impl Nonces {
    /// Bytes held in memory.
    pub(super) fn held(&self) -> usize {
        self.samples.capacity() * size_of::<Sample>()
    }

    /// Records a share with `nonce`, submitted `age` after its job.
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

    /// The hashrate, if the miner counts its nonces and enough shares were seen.
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

    /// Shares of a miner whose `threads` each compute `rate` hashes per second, with ages of 7 to
    /// 96 seconds. The threads take turns, and the rate varies by the fraction `jitter`.
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
