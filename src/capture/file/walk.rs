//! What the pcap and pcapng walkers share: where packets go, and how a walk ends.

use crate::model::packet::PacketRecord;

/// Unsupported link types reported per file. Small, since the list is searched for each packet.
const MAX_UNSUPPORTED_LINKS: usize = 16;

/// Where the pcap and pcapng walkers put the packets they find.
pub(super) struct PacketSink<'a> {
    pub records: &'a mut Vec<PacketRecord>,
    pub lost: &'a mut LostPackets,
}

/// Counts whole packets that cannot be analysed.
#[derive(Debug, Default)]
pub(super) struct LostPackets {
    /// Packets of an unsupported link type, since this was last taken.
    pub unsupported: u64,
    /// Their link types without duplicates, at most [`MAX_UNSUPPORTED_LINKS`].
    pub links: Vec<u32>,
    /// Packets of interfaces that the file does not describe.
    pub undescribed: u64,
}

impl LostPackets {
    pub(super) fn count_unsupported(&mut self, link: u32) {
        self.unsupported += 1;
        if self.links.len() < MAX_UNSUPPORTED_LINKS && !self.links.contains(&link) {
            self.links.push(link);
        }
    }
}

/// The bytes at hand: a window of the file.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub bytes: &'a [u8],
    /// Whether the file ends with these bytes.
    pub at_end: bool,
}

/// The position at which a walker stopped, and why.
#[derive(Debug)]
pub(super) struct WalkOutcome {
    /// Where the next record starts. Lies beyond the available bytes if a block has to be skipped.
    pub next: usize,
    pub stop: WalkStop,
}

/// Why a walker stopped.
#[derive(Debug)]
pub(super) enum WalkStop {
    /// The next record is not complete.
    Incomplete,
    /// The file header of another capture begins here.
    NewFile,
    /// From here on, the fractions of a pcap file are nanoseconds under the magic of microseconds.
    Nanoseconds,
    /// The record is damaged, as the text says.
    ///
    /// Where its own frame is sound, `resume` is the start of the record after it.
    Damaged { what: String, resume: Option<usize> },
}

impl WalkOutcome {
    pub(super) fn incomplete(next: usize) -> WalkOutcome {
        WalkOutcome { next, stop: WalkStop::Incomplete }
    }

    pub(super) fn new_file(next: usize) -> WalkOutcome {
        WalkOutcome { next, stop: WalkStop::NewFile }
    }

    pub(super) fn damaged(next: usize, what: impl Into<String>) -> WalkOutcome {
        WalkOutcome { next, stop: WalkStop::Damaged { what: what.into(), resume: None } }
    }
}
