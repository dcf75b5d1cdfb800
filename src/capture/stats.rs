//! Counters of a source, and the list of its input problems.

use serde::Serialize;

use super::bypass::BypassStats;
use crate::model::PacketBatch;

use super::problem::{InputProblem, ProblemReason};

/// Problems listed per source; later ones are only counted.
///
/// A folder of broken files must not fill the memory or the screen.
pub(super) const MAX_PROBLEMS: usize = 1000;

/// Packets, losses and problems of a source since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CaptureStats {
    /// Packets delivered.
    pub packets: u64,
    /// Captured bytes of the packets delivered.
    pub bytes: u64,
    /// Packets from files that the filter rejected. On an interface the kernel filters.
    pub filtered: u64,
    /// Packets not delivered because their link type is not supported.
    pub unsupported: u64,
    /// Live: packets the kernel received for our sockets, including the dropped ones.
    pub kernel_received: u64,
    /// Live: packets dropped because the sensor did not read fast enough.
    pub kernel_drops: u64,
    /// Live: packets dropped by the network card or its driver.
    pub interface_drops: u64,
    /// Live: packets of settled flows that the overload bypass left out.
    #[serde(rename = "shed")]
    pub bypassed: BypassStats,
    /// Live: interfaces that are lost or down at the moment; the source waits for them.
    pub waiting_for: Vec<String>,
    /// Input problems, oldest first; at most 1000, the rest in `problems_omitted`.
    pub problems: Vec<InputProblem>,
    /// Number of problems beyond those listed.
    pub problems_omitted: u64,
}

impl CaptureStats {
    /// Merges the statistics of another source of the same capture.
    ///
    /// Counters are added up; lists are united without duplicates.
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

    /// Reports a condition that can recur, such as a lost interface, only the first time.
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
