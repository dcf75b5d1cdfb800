//! Keeps the jobs that a pool delivered: their difficulty, their time, and the pauses.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Timestamp;

use super::super::act::Measure;
use super::super::framing::message::fnv1a;
use super::super::identity::coin::plausible;

/// Most jobs kept for later shares. The busiest pools send a job each second, or sixteen every few
/// seconds; shares of jobs older than a minute are stale.
const MAX_JOBS: usize = 512;

/// Most pauses kept; the shortest is dropped first.
const MAX_PAUSES: usize = 16;
/// Shortest time without messages that counts as a pause.
const MIN_PAUSE: Duration = Duration::from_secs(30);

/// A job that shares can refer to.
#[derive(Clone, Copy, Debug, PartialEq)]
struct KnownJob {
    /// Hash of the job's name.
    id: u64,
    /// Difficulty of the job's shares.
    measure: Measure,
    since: Timestamp,
}

/// Delivered jobs, and the difficulty in force.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    known: VecDeque<KnownJob>,
    in_force: Option<Measure>,
    pub delivered: u64,
}

impl Jobs {
    /// Bytes held in memory.
    pub(super) fn held(&self) -> usize {
        self.known.capacity() * size_of::<KnownJob>()
    }

    /// Sets the difficulty of later jobs; an unknown one changes nothing.
    pub(super) fn set_difficulty(&mut self, measure: Measure) {
        if measure != Measure::Unknown {
            self.in_force = Some(measure);
        }
    }

    /// Counts and records a job. Returns the difficulty of its shares, as far as it is known.
    pub(super) fn deliver(&mut self, id: &str, measure: Measure, now: Timestamp) -> Measure {
        self.delivered += 1;
        self.remember(id, measure, now)
    }

    /// Records a job without counting it: it came with another one. Returns as
    /// [`Jobs::deliver`] does.
    pub(super) fn remember(&mut self, id: &str, measure: Measure, now: Timestamp) -> Measure {
        let measure = match (measure, self.in_force) {
            (Measure::InForce, in_force) => in_force.unwrap_or(Measure::Unknown),
            (Measure::HashesAtOne(hashes), Some(Measure::Difficulty(difficulty))) => {
                Measure::of_hashes(plausible(hashes / difficulty))
            }
            (Measure::HashesAtOne(hashes), _) => Measure::Hashes(hashes),
            (measure, _) => measure,
        };
        if self.known.len() >= MAX_JOBS {
            self.known.pop_front();
        }
        self.known.push_back(KnownJob { id: fnv1a(id), measure, since: now });
        measure
    }

    /// Difficulty of a share of job `id`, and the time at which the job was delivered. If several
    /// jobs have this name, the newest counts.
    pub(super) fn of_share(&self, id: &str) -> Option<(Measure, Timestamp)> {
        let id = fnv1a(id);
        self.known.iter().rfind(|known| known.id == id).map(|known| (known.measure, known.since))
    }
}

/// Times of the messages of both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkClock {
    pub first_job: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Start and end of each pause, in time order.
    pub pauses: Vec<(Timestamp, Timestamp)>,
}

impl WorkClock {
    /// Bytes held in memory.
    pub(super) fn held(&self) -> usize {
        self.pauses.capacity() * size_of::<(Timestamp, Timestamp)>()
    }

    /// Records a message at `now`, and the pause before it if there was a job already.
    pub(super) fn tick(&mut self, now: Timestamp) {
        if let (Some(_), Some(last)) = (self.first_job, self.last)
            && now.since(last) >= MIN_PAUSE
        {
            self.pauses.push((last, now));
            if self.pauses.len() > MAX_PAUSES
                && let Some(shortest) = (0..self.pauses.len())
                    .min_by_key(|&n| self.pauses.get(n).map(|(a, b)| b.since(*a)))
            {
                self.pauses.remove(shortest);
            }
        }
        // Timestamps of a capture sometimes go back; a conversation does not.
        self.last = self.last.max(Some(now));
    }

    /// Records that work of known difficulty is available from `now` at the latest. Only the first
    /// call counts.
    pub(super) fn work(&mut self, now: Timestamp) {
        self.first_job.get_or_insert(now);
    }
}

/// Derives a hashrate from the miner's own count of hashes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HashCounter {
    first: Option<(f64, Timestamp)>,
}

impl HashCounter {
    /// Records the count at `now`. Returns the mean rate since the first count, in hashes per
    /// second, once that is at least a minute ago.
    pub(super) fn rate(&mut self, count: f64, now: Timestamp) -> Option<f64> {
        const ENOUGH: Duration = Duration::from_secs(60);
        let (first, since) = *self.first.get_or_insert((count, now));
        let elapsed = now.since(since);
        (elapsed >= ENOUGH).then(|| plausible((count - first) / elapsed.as_secs_f64())).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::ZERO;

    fn measure(jobs: &Jobs, id: &str) -> Option<Measure> {
        jobs.of_share(id).map(|(measure, _)| measure)
    }

    #[test]
    fn a_job_keeps_the_difficulty_in_force_when_it_was_sent() {
        let mut jobs = Jobs::default();
        jobs.set_difficulty(Measure::Difficulty(512.0));
        jobs.deliver("a", Measure::InForce, NOW);
        jobs.set_difficulty(Measure::Difficulty(1024.0));
        assert_eq!(measure(&jobs, "a"), Some(Measure::Difficulty(512.0)));
        jobs.deliver("b", Measure::InForce, NOW);
        assert_eq!(measure(&jobs, "b"), Some(Measure::Difficulty(1024.0)));
        jobs.deliver("a", Measure::InForce, NOW);
        assert_eq!(measure(&jobs, "a"), Some(Measure::Difficulty(1024.0)));
        assert_eq!(measure(&jobs, "c"), None);
        assert_eq!(jobs.deliver("d", Measure::HashesAtOne(4096.0), NOW), Measure::Hashes(4.0));
    }

    #[test]
    fn a_counter_becomes_a_rate_after_a_minute() {
        let at = |seconds: u64| Timestamp::from_parts(1000 + seconds, 0);
        let mut counter = HashCounter::default();
        assert_eq!(counter.rate(5000.0, at(0)), None);
        assert_eq!(counter.rate(9000.0, at(10)), None);
        assert_eq!(counter.rate(65_000.0, at(120)), Some(500.0));
        assert_eq!(counter.rate(0.0, at(200)), None);
    }

    #[test]
    fn jobs_are_bounded() {
        let mut jobs = Jobs::default();
        (0..1000).for_each(|n| {
            jobs.deliver(&n.to_string(), Measure::Difficulty(1.0), NOW);
        });
        assert_eq!(jobs.known.len(), MAX_JOBS);
        assert_eq!(measure(&jobs, "0"), None);
        assert!(measure(&jobs, "999").is_some());
    }

    #[test]
    fn the_longest_pauses_since_the_first_job_stay_in_order() {
        let at = |seconds| Timestamp::from_parts(seconds, 0);
        let mut clock = WorkClock::default();
        clock.tick(at(0));
        clock.tick(at(1000));
        clock.work(at(1000));
        let mut now = 1000;
        for n in 0..40u64 {
            now += 30 + n;
            clock.tick(at(now));
            clock.tick(at(now + 1));
            now += 1;
        }
        assert_eq!(clock.pauses.len(), MAX_PAUSES);
        assert!(clock.pauses.is_sorted());
        assert!(clock.pauses.iter().all(|(from, to)| to.since(*from).as_secs() >= 30 + 24));
        clock.tick(at(5));
        assert_eq!(clock.last, Some(at(now)));
    }
}
