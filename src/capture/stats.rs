//! Counters of a source, and the list of what it could not read.

use serde::Serialize;

use super::bypass::BypassStats;
use crate::model::PacketBatch;

use super::problem::{InputProblem, ProblemReason};

/// Problems kept in full; a folder of broken files must not fill the memory or the screen.
pub(super) const MAX_PROBLEMS: usize = 1000;

/// What a source has seen since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CaptureStats {
    /// Packets delivered.
    pub packets: u64,
    /// Bytes of packets delivered, as captured.
    pub bytes: u64,
    /// Packets the filter rejected in files (on an interface the kernel does that).
    pub filtered: u64,
    /// Packets of a link type that is not supported, not delivered.
    pub unsupported: u64,
    /// Live: packets the kernel gave to our sockets, dropped ones among them.
    pub kernel_received: u64,
    /// Live: packets lost since the sensor did not read fast enough.
    pub kernel_drops: u64,
    /// Live: packets lost by the network card or its driver.
    pub interface_drops: u64,
    /// Live: packets of settled flows that were left out to keep up.
    #[serde(rename = "shed")]
    pub bypassed: BypassStats,
    /// Live: interfaces that are lost or down at this moment and waited for.
    pub waiting_for: Vec<String>,
    /// What could not be read, oldest first; at most 1000, see `problems_omitted`.
    pub problems: Vec<InputProblem>,
    /// Problems beyond those listed.
    pub problems_omitted: u64,
}

impl CaptureStats {
    /// Adds what another source of the same capture has seen: counters add up, and lists hold what is
    /// in any of them.
    pub fn merge(&mut self, other: CaptureStats) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.filtered += other.filtered;
        self.unsupported += other.unsupported;
        self.kernel_received += other.kernel_received;
        self.kernel_drops += other.kernel_drops;
        self.interface_drops += other.interface_drops;
        self.bypassed.merge(other.bypassed);
        for name in other.waiting_for {
            if !self.waiting_for.contains(&name) {
                self.waiting_for.push(name);
            }
        }
        self.problems_omitted += other.problems_omitted;
        for problem in other.problems {
            if !self.problems.contains(&problem) {
                self.report(&problem.origin.clone(), problem.offset, problem.reason);
            }
        }
    }

    pub(super) fn report(&mut self, origin: &str, offset: Option<u64>, reason: ProblemReason) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(InputProblem { origin: origin.to_owned(), offset, reason });
        } else {
            self.problems_omitted += 1;
        }
    }

    /// Reports a condition that can come and go, as an interface's, only the first time.
    pub(super) fn report_once(&mut self, origin: &str, reason: ProblemReason) {
        let known = |p: &InputProblem| p.origin == origin && p.reason == reason;
        if !self.problems.iter().any(known) {
            self.report(origin, None, reason);
        }
    }

    pub(super) fn count_delivered(&mut self, batch: &PacketBatch) {
        self.packets += batch.records.len() as u64;
        self.bytes += batch.records.iter().map(|r| u64::from(r.captured)).sum::<u64>();
    }
}
