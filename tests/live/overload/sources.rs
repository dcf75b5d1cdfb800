//! Where packets come from: a ring that runs over, a source that is never empty, a recording.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use minewatch::capture::{Bypass, CaptureError, CaptureStats, FillOutcome, Progress, Source};
use minewatch::model::Timestamp;
use minewatch::model::packet::{LinkType, PacketBatch};

use super::clock::Clock;
use super::traffic::{Frames, Traffic};
use super::{END, LOAD, RING};

const BATCH_BYTES: usize = 1 << 20;
const BATCH_PACKETS: u64 = 1 << 14;

/// A kernel's ring: packets arrive by the worker's clock, and one that finds no room ends the capture.
pub struct Ring {
    traffic: Traffic,
    started: Option<(Clock, Timestamp)>,
    /// The packets that come next, and when the next of the bulk does.
    light: usize,
    bulk: usize,
    next_bulk: Duration,
    room: u64,
    stats: CaptureStats,
    bypass: Option<Box<Bypass>>,
    /// Whether the bypass was active when this was asked last, and when that changed.
    pub bypass_log: Arc<Mutex<Vec<(Duration, bool)>>>,
}

impl Ring {
    pub fn new(traffic: &Traffic) -> Self {
        let room = RING.as_nanos() / traffic.gap.as_nanos().max(1);
        Ring {
            traffic: traffic.clone(),
            started: None,
            light: 0,
            bulk: 0,
            next_bulk: LOAD[0],
            room: room as u64,
            stats: CaptureStats::default(),
            bypass: None,
            bypass_log: Arc::default(),
        }
    }

    /// How many packets have arrived until `now`.
    fn arrived(&self, now: Duration) -> u64 {
        let light = self.traffic.light.partition_point(|(at, _)| *at <= now);
        let load = now.min(LOAD[1]).saturating_sub(LOAD[0]);
        let bulk = load.as_nanos().div_ceil(self.traffic.gap.as_nanos().max(1));
        light as u64 + bulk as u64
    }

    /// The packet that has waited longest, and when it arrived.
    fn take(&mut self, now: Duration) -> Option<(Duration, &[u8])> {
        let Traffic { light, bulk, gap } = &self.traffic;
        let next_bulk = if self.next_bulk < LOAD[1] { self.next_bulk } else { Duration::MAX };
        match light.get(self.light) {
            Some((at, bytes)) if *at <= next_bulk.min(now) => {
                self.light += 1;
                Some((*at, bytes))
            }
            _ if next_bulk < now => {
                let bytes = &bulk[self.bulk];
                self.bulk = if self.bulk + 1 == bulk.len() { 0 } else { self.bulk + 1 };
                self.next_bulk += *gap;
                Some((next_bulk, bytes))
            }
            _ => None,
        }
    }
}

impl Source for Ring {
    fn exchange_bypass(&mut self, bypass: Option<Box<Bypass>>) -> Option<Box<Bypass>> {
        std::mem::replace(&mut self.bypass, bypass)
    }

    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError> {
        let (clock, epoch) = self.started.get_or_insert_with(|| (Clock::start(), wall_clock()));
        let ((now, ahead), epoch) = (clock.read(), *epoch);
        let shut = self.bypass.as_ref().is_some_and(|bypass| bypass.is_active());
        let mut log = self.bypass_log.lock().unwrap();
        if log.last().is_none_or(|(_, before)| *before != shut) {
            log.push((now, shut));
        }
        drop(log);
        let before = self.stats.kernel_received;
        let waiting = self.arrived(now) - before;
        if waiting > self.room {
            self.stats.kernel_drops = waiting - self.room;
            return Ok(FillOutcome::End);
        }
        let mut taken = 0;
        let mut bypass = self.bypass.take();
        while batch.bytes.len() < BATCH_BYTES && taken < BATCH_PACKETS {
            let Some((at, bytes)) = self.take(now) else { break };
            let (time, link, length) = (epoch.plus(at + ahead), LinkType::ETHERNET, bytes.len());
            let bypassed =
                |bypass: &mut Box<Bypass>| bypass.bypasses(time, link, length as u32, bytes);
            if !bypass.as_mut().is_some_and(bypassed) {
                batch.push(time, link, length as u32, bytes);
            }
            taken += 1;
        }
        self.bypass = bypass;
        if taken > 0 {
            self.stats.kernel_received += taken;
            self.stats.packets += batch.records.len() as u64;
            return Ok(FillOutcome::Packets);
        }
        if now >= END {
            return Ok(FillOutcome::End);
        }
        std::thread::sleep(Duration::from_millis(1));
        Ok(FillOutcome::Idle)
    }

    fn stats(&mut self) -> CaptureStats {
        self.stats.clone()
    }

    fn progress(&self) -> Option<Progress> {
        None
    }
}

/// Gives packets as fast as they are taken, each as if it came at this moment; then ends.
pub struct Firehose {
    traffic: Traffic,
    number: usize,
    lasts: Duration,
    clock: Option<Clock>,
    /// Packets that were taken, and the time that it took.
    pub taken: Arc<Mutex<(u32, Duration)>>,
}

impl Firehose {
    pub fn new(traffic: &Traffic, lasts: Duration) -> Self {
        Firehose { traffic: traffic.clone(), number: 0, lasts, clock: None, taken: Arc::default() }
    }
}

impl Source for Firehose {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError> {
        let clock = self.clock.get_or_insert_with(Clock::start);
        let Traffic { light, bulk, .. } = &self.traffic;
        while batch.bytes.len() < BATCH_BYTES {
            let bytes = match light.get(self.number) {
                Some((_, bytes)) => bytes,
                None => &bulk[self.number % bulk.len()],
            };
            batch.push(wall_clock(), LinkType::ETHERNET, bytes.len() as u32, bytes);
            self.number += 1;
        }
        let time = clock.read().0;
        let mut taken = self.taken.lock().unwrap();
        *taken = (taken.0 + batch.records.len() as u32, time);
        Ok(if time < self.lasts { FillOutcome::Packets } else { FillOutcome::End })
    }

    fn stats(&mut self) -> CaptureStats {
        CaptureStats::default()
    }

    fn progress(&self) -> Option<Progress> {
        None
    }
}

/// Gives the light traffic alone, with the times that it has, for a replay.
pub struct Recording(pub Arc<Frames>, pub AtomicBool);

impl Source for Recording {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<FillOutcome, CaptureError> {
        if self.1.swap(true, Ordering::Relaxed) {
            return Ok(FillOutcome::End);
        }
        let start = Timestamp::from_parts(1_700_000_000, 0);
        for (at, bytes) in self.0.iter() {
            batch.push(start.plus(*at), LinkType::ETHERNET, bytes.len() as u32, bytes);
        }
        Ok(FillOutcome::Packets)
    }

    fn stats(&mut self) -> CaptureStats {
        CaptureStats::default()
    }

    fn progress(&self) -> Option<Progress> {
        None
    }
}

fn wall_clock() -> Timestamp {
    Timestamp::ZERO.plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap())
}
