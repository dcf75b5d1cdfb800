//! A lazy timer wheel: it tells when to check which flow again, at no cost per packet.
//!
//! Each flow has one timer in one bucket. When the timer is due, the table reads the flow's
//! `last_seen` and either ends the flow or arms the timer again for a later time.

use crate::model::Timestamp;

/// Number of buckets, one second each. They span more than an hour, the longest default timeout. A
/// timer that should wait longer is due early, and the table arms it again.
const BUCKETS: usize = 4096;

/// Identifies a flow by its slot, and by a generation among the flows that had this slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timer {
    pub slot: u32,
    pub generation: u32,
}

#[derive(Debug)]
pub(super) struct Wheel {
    /// [`BUCKETS`] lists of timers; [`bucket`] gives the index.
    buckets: Vec<Vec<Timer>>,
    /// Timers in all buckets.
    length: usize,
    /// The last second whose timers were taken.
    now: u64,
    started: bool,
}

impl Wheel {
    pub(super) fn new() -> Self {
        Wheel { buckets: vec![Vec::new(); BUCKETS], length: 0, now: 0, started: false }
    }

    /// Makes `timer` due after `deadline`, or earlier if that is beyond the wheel's span.
    pub(super) fn arm(&mut self, timer: Timer, deadline: Timestamp) {
        if !self.started {
            self.now = seconds(deadline).saturating_sub(BUCKETS as u64 / 2);
            self.started = true;
        }
        // One second later, since a bucket is taken when its second begins.
        let due = seconds(deadline).saturating_add(1);
        let due = due.clamp(self.now + 1, self.now + BUCKETS as u64 - 1);
        self.buckets[bucket(due)].push(timer);
        self.length += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Removes the timers that `wanted` rejects, and frees their memory.
    pub(super) fn retain(&mut self, wanted: impl Fn(Timer) -> bool) {
        self.length = 0;
        for bucket in &mut self.buckets {
            bucket.retain(|&timer| wanted(timer));
            bucket.shrink_to_fit();
            self.length += bucket.len();
        }
    }

    /// Moves all timers of a bucket to `due` and frees the bucket's memory, which a flood makes
    /// large.
    fn take(&mut self, bucket: usize, due: &mut Vec<Timer>) {
        let mut timers = std::mem::take(&mut self.buckets[bucket]);
        self.length -= timers.len();
        due.append(&mut timers);
    }

    /// Moves all timers that are due at `now` to `due`.
    ///
    /// Packet time can jump. A jump ahead turns the wheel once at most, and a jump back only sets
    /// the wheel's time.
    pub(super) fn due(&mut self, now: Timestamp, due: &mut Vec<Timer>) {
        let target = seconds(now);
        if !self.started || target < self.now {
            self.now = self.now.min(target);
            return;
        }
        let turns = (target - self.now).min(BUCKETS as u64);
        for second in target - turns + 1..=target {
            self.take(bucket(second), due);
        }
        self.now = target;
    }
}

fn seconds(time: Timestamp) -> u64 {
    time.as_nanos() / 1_000_000_000
}

fn bucket(second: u64) -> usize {
    (second % BUCKETS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot_at(second: u64) -> Timestamp {
        Timestamp::from_parts(1_000_000 + second, 0)
    }

    fn timer(slot: u32) -> Timer {
        Timer { slot, generation: 0 }
    }

    #[test]
    fn a_timer_is_due_after_its_deadline_and_once() {
        let mut wheel = Wheel::new();
        wheel.arm(timer(1), slot_at(60));
        let mut due = Vec::new();
        wheel.due(slot_at(60), &mut due);
        assert!(due.is_empty());
        wheel.due(slot_at(61), &mut due);
        assert_eq!(due, [timer(1)]);
        wheel.due(slot_at(10_000), &mut due);
        assert_eq!(due.len(), 1);
    }

    #[test]
    fn a_jump_of_years_turns_the_wheel_once() {
        let mut wheel = Wheel::new();
        wheel.arm(timer(1), slot_at(60));
        wheel.arm(timer(2), slot_at(3000));
        let mut due = Vec::new();
        wheel.due(slot_at(1_000_000_000), &mut due);
        assert_eq!(due.len(), 2);
        wheel.due(slot_at(5), &mut due);
        wheel.arm(timer(3), slot_at(6));
        wheel.due(slot_at(8), &mut due);
        assert_eq!(due.len(), 3);
    }
}
