//! The work a pool handed out: which job had which difficulty, since when, with which pauses.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Timestamp;

use super::super::act::Measure;
use super::super::framing::message::fnv1a;
use super::super::identity::coin::plausible;

/// Jobs remembered for shares to come. The busiest pools push a job each second, or sixteen every
/// few seconds; shares of jobs older than a minute are stale.
const MAX_JOBS: usize = 512;

/// Pauses remembered, and how long silence has to be to count as one.
const MAX_PAUSES: usize = 16;
const MIN_PAUSE: Duration = Duration::from_secs(30);

/// A job that a share may be for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct KnownJob {
    /// Hash of its name.
    id: u64,
    /// How hard its shares are.
    measure: Measure,
    since: Timestamp,
}

/// Jobs and the difficulty in force.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    known: VecDeque<KnownJob>,
    in_force: Option<Measure>,
    pub delivered: u64,
}

impl Jobs {
    /// Bytes kept.
    pub(super) fn held(&self) -> usize {
        self.known.capacity() * size_of::<KnownJob>()
    }

    /// The difficulty of the jobs to come.
    pub(super) fn set_difficulty(&mut self, measure: Measure) {
        if measure != Measure::Unknown {
            self.in_force = Some(measure);
        }
    }

    /// Counts and remembers a job. Returns how hard its shares are, as far as that is known now.
    pub(super) fn deliver(&mut self, id: &str, measure: Measure, now: Timestamp) -> Measure {
        self.delivered += 1;
        self.remember(id, measure, now)
    }

    /// Remembers a job that came along with another.
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

    /// How hard a share of job `id` is, and since when there is that job. Of jobs with the same name,
    /// the newest counts.
    pub(super) fn of_share(&self, id: &str) -> Option<(Measure, Timestamp)> {
        let id = fnv1a(id);
        self.known.iter().rfind(|known| known.id == id).map(|known| (known.measure, known.since))
    }
}

/// When the two sides spoke.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkClock {
    pub first_job: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// In time order.
    pub pauses: Vec<(Timestamp, Timestamp)>,
}

impl WorkClock {
    /// Bytes kept.
    pub(super) fn held(&self) -> usize {
        self.pauses.capacity() * size_of::<(Timestamp, Timestamp)>()
    }

    /// A message at `now`.
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
        // Captures go back in time now and then; a conversation does not.
        self.last = self.last.max(Some(now));
    }

    /// Work of known difficulty is available from `now` at the latest.
    pub(super) fn work(&mut self, now: Timestamp) {
        self.first_job.get_or_insert(now);
    }
}

/// A miner's own count of hashes, and the rate that follows from it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HashCounter {
    first: Option<(f64, Timestamp)>,
}

impl HashCounter {
    /// Takes the count at `now`. Returns the mean rate since the first count, in hashes per
    /// second, once that is long enough ago to mean something.
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
