//! Finds the next readable record behind a damaged one.
//!
//! A record counts as found if it is plausible and the one after it is too, or if the file ends with
//! it. The header of another capture file counts as well. The search keeps no bytes of its own: it
//! looks at a window of the file and asks for more until a candidate is decided, so that the result
//! does not depend on how the file was cut into reads.
//!
//! A pcap record with a wrong length is noticed only at the record after it, which is none. The
//! search therefore begins inside the record before the damage. There, a chain of records must run
//! on past the damage: a capture file that was transferred in a packet does not.

use super::bytes::chunk;
use super::pcap::{self, Pcap};
use super::pcapng::{self, PcapNg};
use super::walk::Window;

/// Candidates inside the record before the damage whose chains are followed.
///
/// One is usual. A hostile record can hold thousands, and each chain thousands of records.
const MAX_LOOK_BACK: usize = 64;
/// Zero bytes that are stepped over at once: as many as a pcap record header has.
const ZEROS: usize = 16;

/// What stands at a position, if a record is looked for there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// No record.
    Broken,
    /// More bytes are needed to tell.
    Undecided,
    /// A plausible record, which ends here; possibly beyond the window.
    Until(usize),
}

/// A format whose records follow one another.
pub(super) trait RecordChain {
    /// Judges the record at `at`. `before` is where the record before it starts, if known.
    fn link(&self, window: Window<'_>, at: usize, before: Option<usize>) -> Link;
}

/// Whether a file header starts at `at`. `None` means that more bytes are needed.
pub(super) fn file_header(window: Window<'_>, at: usize) -> Option<bool> {
    let Some(&magic) = chunk(window.bytes, at) else { return window.at_end.then_some(false) };
    if pcap::is_magic(magic) {
        let Some(header) = chunk(window.bytes, at) else { return window.at_end.then_some(false) };
        return Some(Pcap::parse(header).is_ok());
    }
    if magic == pcapng::SECTION_HEADER {
        let Some(start) = chunk(window.bytes, at) else { return window.at_end.then_some(false) };
        return Some(PcapNg::is_section(start));
    }
    Some(false)
}

/// The result of [`Resync::search`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SearchOutcome {
    /// A record or a file header starts here.
    Found(usize),
    /// Nothing starts before this position, which needs more bytes to be judged.
    Undecided(usize),
}

/// A search for the next record.
#[derive(Debug)]
pub(super) struct Resync {
    /// File offset of the damaged record.
    pub damaged: u64,
    /// File offset of the record before it, if the search begins inside that one.
    pub before: Option<u64>,
    pub what: String,
    /// Chains inside the record before that led nowhere.
    failed: usize,
}

impl Resync {
    pub(super) fn new(damaged: u64, before: Option<u64>, what: String) -> Resync {
        Resync { damaged, before, what, failed: 0 }
    }

    /// Where the damage starts and how many bytes are skipped, if reading goes on at `found`.
    pub(super) fn skipped(&self, found: u64) -> (u64, u64) {
        let start = match self.before {
            Some(before) if found < self.damaged => before,
            _ => self.damaged,
        };
        (start, found - start)
    }

    /// Searches from `at` on; `position` is the file offset of the window.
    pub(super) fn search(
        &mut self,
        chain: &impl RecordChain,
        window: Window<'_>,
        mut at: usize,
        position: u64,
    ) -> SearchOutcome {
        let damaged = usize::try_from(self.damaged.saturating_sub(position)).unwrap_or(usize::MAX);
        while at < window.bytes.len() {
            if at < damaged {
                if self.failed >= MAX_LOOK_BACK {
                    at = damaged;
                    continue;
                }
                match runs_past(chain, window, at, damaged) {
                    Link::Until(_) => return SearchOutcome::Found(at),
                    Link::Undecided => return SearchOutcome::Undecided(at),
                    Link::Broken => {}
                }
                if matches!(chain.link(window, at, None), Link::Until(_)) {
                    self.failed += 1;
                }
                at += 1;
                continue;
            }
            if chunk::<{ 2 * ZEROS }>(window.bytes, at) == Some(&[0; 2 * ZEROS]) {
                at += ZEROS;
                continue;
            }
            match file_header(window, at) {
                Some(true) => return SearchOutcome::Found(at),
                None => return SearchOutcome::Undecided(at),
                Some(false) => {}
            }
            match starts_chain(chain, window, at) {
                Link::Until(_) => return SearchOutcome::Found(at),
                Link::Undecided => return SearchOutcome::Undecided(at),
                Link::Broken => at += 1,
            }
        }
        SearchOutcome::Undecided(at)
    }
}

/// Whether two records, or one at the end of the file, start at `at`.
fn starts_chain(chain: &impl RecordChain, window: Window<'_>, at: usize) -> Link {
    match chain.link(window, at, None) {
        Link::Until(next) => continues(chain, window, at, next),
        other => other,
    }
}

/// Whether the file goes on soundly at `next`, where the record at `at` ends.
pub(super) fn continues(
    chain: &impl RecordChain,
    window: Window<'_>,
    at: usize,
    next: usize,
) -> Link {
    if window.at_end && next >= window.bytes.len() {
        return if next == window.bytes.len() { Link::Until(next) } else { Link::Broken };
    }
    match (file_header(window, next), chain.link(window, next, Some(at))) {
        (Some(true), _) => Link::Until(next),
        (None, _) => Link::Undecided,
        (Some(false), link) => link,
    }
}

/// Whether the records from `at` on follow one another beyond `limit`, or to the end of the file.
fn runs_past(chain: &impl RecordChain, window: Window<'_>, mut at: usize, limit: usize) -> Link {
    let mut before = None;
    // Each record has a header, so the chain ends after at most `limit / header` steps.
    while at < limit {
        match chain.link(window, at, before) {
            Link::Until(next) => (before, at) = (Some(at), next),
            other => return other,
        }
    }
    continues(chain, window, before.unwrap_or(at), at)
}

/// Where the first records from `at` on start that run to the end of the file.
pub(super) fn run_to_the_end(
    chain: &impl RecordChain,
    window: Window<'_>,
    at: usize,
) -> Option<usize> {
    let end = window.bytes.len();
    (at..end)
        .filter(|&start| chain.link(window, start, None) != Link::Broken)
        .take(MAX_LOOK_BACK)
        .find(|&start| matches!(runs_past(chain, window, start, end), Link::Until(_)))
}
