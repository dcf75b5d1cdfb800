//! The clock of a run: the packets' own times, as far as they are believed.
//!
//! It ticks with the seconds of packet time, not with batches, so that nothing depends on how the
//! input was read. One packet with an absurd time must not end flows and incidents, nor stamp a
//! record: a jump is believed only when several packets in a row agree on it.

use std::ops::Range;

use serde::Serialize;

use crate::model::Timestamp;

/// Packet time between two ticks, in nanoseconds: each tick ends idle flows and incidents.
pub(super) const TICK: u64 = 1_000_000_000;
/// Bound on reordering, in nanoseconds: packets are out of order by less than this. A packet that
/// is further behind the next tick belongs to another clock.
const OUT_OF_ORDER: u64 = 10 * TICK;
/// Consecutive packets behind [`OUT_OF_ORDER`] that set the clock back. Two interfaces whose clocks
/// disagree then do not cause a tick with each packet.
pub(super) const SET_BACK: u32 = 256;
/// Silence, in nanoseconds, after which the next packet is believed at once. A capture of one host
/// can be silent for many minutes; after a longer silence several packets have to agree.
const MAX_SILENCE: u64 = 3600 * TICK;
/// Consecutive packets ahead by more than [`MAX_SILENCE`] that move the clock. A mirror can deliver
/// a packet with a wrong time twice, and a retransmission of it.
const AGREEING: u32 = 4;

/// Counters of a clock. All of them add up over several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClockStats {
    /// Packets whose time lay too far ahead to be believed; they got the end of the second
    /// before them.
    pub strays: u64,
    /// Jumps ahead by more than an hour that several packets agreed on.
    pub jumps_ahead: u64,
    /// Times that the clock was set back.
    pub set_back: u64,
}

impl ClockStats {
    /// Adds the counters of another clock.
    pub fn merge(&mut self, other: ClockStats) {
        self.strays += other.strays;
        self.jumps_ahead += other.jumps_ahead;
        self.set_back += other.set_back;
    }
}

/// What the time of a packet means to the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// It is behind the clock, which stays.
    Quiet,
    /// A second is over.
    Tick,
    /// It is not believed: the packet gets this time.
    Stray(Timestamp),
}

/// Follows packet time.
#[derive(Debug)]
pub(super) struct PacketClock {
    /// Packet times that trigger no tick: from [`OUT_OF_ORDER`] before the next tick up to it.
    quiet_times: Range<Timestamp>,
    /// Consecutive packets from before `quiet_times`, and from too far after them.
    unusual: [u32; 2],
    stats: ClockStats,
}

impl PacketClock {
    /// A clock that takes its time from the first packet.
    pub(super) fn new() -> Self {
        PacketClock {
            quiet_times: Timestamp::ZERO..Timestamp::ZERO,
            unusual: [0; 2],
            stats: ClockStats::default(),
        }
    }

    /// Whether the second that the clock is in has this time; nearly all packets come so.
    #[inline(always)]
    pub(super) fn is_quiet(&mut self, now: Timestamp) -> bool {
        let quiet = self.quiet_times.contains(&now);
        if quiet {
            self.unusual = [0; 2];
        }
        quiet
    }

    /// Advances to a time that is not quiet: that of a packet, or of the wall clock on a silent
    /// interface, after `seen` packets.
    #[cold]
    #[inline(never)]
    pub(super) fn advance(&mut self, now: Timestamp, seen: u64) -> Passage {
        let [behind, ahead] = &mut self.unusual;
        let silence = now.as_nanos().saturating_sub(self.quiet_times.end.as_nanos());
        if now < self.quiet_times.start {
            (*behind, *ahead) = (*behind + 1, 0);
            if *behind < SET_BACK {
                return Passage::Quiet;
            }
            self.stats.set_back += 1;
        } else if silence > MAX_SILENCE && seen >= u64::from(AGREEING) {
            (*behind, *ahead) = (0, *ahead + 1);
            self.stats.strays += 1;
            if *ahead < AGREEING {
                let newest = self.quiet_times.end.as_nanos() - 1;
                return Passage::Stray(Timestamp::from_nanos(newest));
            }
            // All of them were right.
            self.stats.strays -= u64::from(AGREEING);
            self.stats.jumps_ahead += 1;
        }
        let next_tick = Timestamp::from_nanos(now.as_nanos() / TICK * TICK).plus_nanos(TICK);
        let start = next_tick.as_nanos().saturating_sub(OUT_OF_ORDER);
        self.quiet_times = Timestamp::from_nanos(start)..next_tick;
        self.unusual = [0; 2];
        Passage::Tick
    }

    /// Its counters.
    pub(super) fn stats(&self) -> ClockStats {
        self.stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times in seconds that the clock believes of packets with these times.
    fn believed(seconds: &[u64]) -> (Vec<u64>, ClockStats) {
        let mut clock = PacketClock::new();
        let believed = (0..).zip(seconds).map(|(seen, &second)| {
            let time = Timestamp::from_parts(second, 0);
            if clock.is_quiet(time) {
                return second;
            }
            match clock.advance(time, seen) {
                Passage::Stray(time) => time.as_nanos() / TICK,
                Passage::Quiet | Passage::Tick => second,
            }
        });
        (believed.collect(), clock.stats())
    }

    #[test]
    fn packets_from_the_future_are_stamped_with_the_present() {
        for strays in 1..AGREEING as usize {
            let mut seconds: Vec<u64> = (1000..1100).collect();
            seconds.splice(50..50, vec![4_000_000_000; strays]);
            let (times, stats) = believed(&seconds);
            assert!(times.iter().all(|&second| second < 1100), "{times:?}");
            assert_eq!((stats.strays, stats.jumps_ahead), (strays as u64, 0));
        }
    }

    #[test]
    fn a_jump_that_several_packets_agree_on_is_believed() {
        let seconds: Vec<u64> = (1000..1010).chain(1_000_000..1_000_010).collect();
        let (times, stats) = believed(&seconds);
        assert_eq!(times[13..], seconds[13..], "from the fourth on");
        assert_eq!((stats.strays, stats.jumps_ahead), (0, 1));
    }

    #[test]
    fn a_silence_of_minutes_needs_no_agreement() {
        let seconds: Vec<u64> = (0..20).map(|index| 1000 + index * 3000).collect();
        assert_eq!(believed(&seconds), (seconds, ClockStats::default()));
    }

    #[test]
    fn the_first_packets_establish_the_time() {
        let seconds: Vec<u64> = [0].into_iter().chain(1_000_000..1_000_020).collect();
        assert_eq!(believed(&seconds).0, seconds);
    }
}
