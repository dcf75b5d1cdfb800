//! Errors and problems of the input, with messages that say what to do.

use std::fmt;
use std::path::Path;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::model::text::printable;

/// The formats that are read, as messages name them.
const FORMATS: &str = "expected pcap or pcapng, also in gzip, zstd, lz4, xz, bzip2 or zip";

/// An error that prevents a capture from starting or continuing.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages say it
pub enum CaptureError {
    #[error("nothing to read: name a capture file, a folder, or - for standard input")]
    NoInput,
    #[error("{}: no such file or folder; check the path", printable(path))]
    NotFound { path: String },
    #[error("{}: holds no capture file ({FORMATS})", printable(path))]
    EmptyFolder { path: String },
    #[error(
        "{}: a pipe cannot be put in time order with other input; replay it alone",
        printable(path)
    )]
    PipeAmongFiles { path: String },
    #[error(
        "filter \"{expression}\": {reason}; write it as for tcpdump (man pcap-filter), for example \"tcp port 3333\""
    )]
    Filter { expression: String, reason: String },
    #[error("no interface named: `minewatch interfaces` lists what can be captured here")]
    NoInterface,
    #[error("cannot capture on {interface}: {reason}; {advice}")]
    Interface { interface: String, reason: String, advice: String },
    #[error("cannot list the interfaces: {reason}")]
    Interfaces { reason: String },
    #[error("cannot share {interface} among {workers} workers: {source}; try with one worker")]
    Fanout { interface: String, workers: usize, source: std::io::Error },
}

/// A part of the input that was not analysed; the readable rest was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputProblem {
    /// Name of the file or interface.
    pub origin: String,
    /// Offset in the decompressed file, in bytes.
    pub offset: Option<u64>,
    /// What is wrong.
    pub reason: ProblemReason,
}

/// What is wrong with a part of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemReason {
    /// The file ends inside a packet, a block or a compressed stream.
    Truncated,
    /// The structure is broken, as the text says. The rest of the file is not read.
    Corrupt(String),
    /// A part of the file is damaged, as the text says; reading goes on after the bytes skipped.
    #[allow(missing_docs)] // see above
    Damaged { what: String, skipped: u64 },
    /// The file is damaged, as the text says, and nothing after it can be read.
    #[allow(missing_docs)] // see above
    DamagedToEnd { what: String, skipped: u64 },
    /// Places of damage beyond those reported one by one.
    #[allow(missing_docs)] // see above
    MoreDamage { places: u64, skipped: u64 },
    /// Packets of interfaces that the file does not describe: their link type is unknown.
    #[allow(missing_docs)] // see above
    UndescribedInterface { packets: u64 },
    /// The file has nanoseconds under the magic of microseconds; they are read as such.
    NanosecondFractions,
    /// Packets of this link type (`LINKTYPE_` value) are counted but not analysed.
    UnsupportedLinkType(u32),
    /// The magic is none that is known.
    NotACapture,
    /// The file has no bytes.
    Empty,
    /// The file is a text.
    Text,
    /// A zip archive that comes through a pipe or inside another file.
    ZipOnPipe,
    /// An entry of a zip archive cannot be read, as the text says.
    ZipEntry(String),
    /// Entries of a zip archive beyond the limit.
    #[allow(missing_docs)] // see above
    ZipEntriesOmitted { entries: u64 },
    /// The compressed stream is damaged.
    Decompression(String),
    /// The operating system reported this error.
    Unreadable(String),
    /// The filter does not compile for this link type, so none of its packets passed.
    #[allow(missing_docs)] // see above
    FilterMismatch { link_type: u16, reason: String },
    /// A Unix signal ended the replay; the rest of the input was not read.
    Interrupted,
    /// More files overlap in time than can be open at once: packets of this file come late.
    OutOfOrder,
    /// The interface disappeared or could not be read; the capture waits for it.
    InterfaceLost(String),
    /// The interface is down or has no carrier: no packets can arrive.
    InterfaceDown(String),
    /// The interface refused promiscuous mode: only this machine's packets arrive.
    NotPromiscuous(String),
}

impl ProblemReason {
    /// Whether all packets were read nevertheless, so that a replay is complete.
    pub fn is_note(&self) -> bool {
        matches!(self, ProblemReason::NanosecondFractions)
    }

    /// Whether the file is none that could hold packets.
    pub(super) fn is_not_a_capture(&self) -> bool {
        use ProblemReason::{Empty, NotACapture, Text, ZipOnPipe};
        matches!(self, NotACapture | Empty | Text | ZipOnPipe)
    }
}

impl InputProblem {
    /// The problem of a replay that the user ended before the end of its input.
    pub fn interrupted() -> Self {
        InputProblem {
            origin: "input".to_owned(),
            offset: None,
            reason: ProblemReason::Interrupted,
        }
    }
}

impl fmt::Display for InputProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", printable(&self.origin))?;
        match &self.reason {
            ProblemReason::Truncated => f.write_str("truncated: it ends inside a packet")?,
            ProblemReason::Corrupt(what) => {
                write!(f, "corrupt, not read further: {}", printable(what))?;
            }
            ProblemReason::Damaged { what, skipped } => write!(
                f,
                "damaged: {}; {skipped} bytes were skipped, then it is read on",
                printable(what)
            )?,
            ProblemReason::DamagedToEnd { what, skipped } => write!(
                f,
                "damaged: {}; no packet was found in the {skipped} bytes to its end",
                printable(what)
            )?,
            ProblemReason::MoreDamage { places, skipped } => {
                write!(f, "damaged in {places} more places: {skipped} bytes were skipped there")?;
            }
            ProblemReason::UndescribedInterface { packets } => write!(
                f,
                "packets of interfaces that it does not describe, not analysed: {packets}"
            )?,
            ProblemReason::NanosecondFractions => {
                f.write_str("read as nanoseconds, though its magic says microseconds")?;
            }
            ProblemReason::UnsupportedLinkType(link) => write!(
                f,
                "link type {} is not supported: its packets are not analysed",
                super::linktype::describe(*link)
            )?,
            ProblemReason::NotACapture => write!(f, "not a capture file ({FORMATS})")?,
            ProblemReason::Empty => write!(f, "not a capture file but an empty one ({FORMATS})")?,
            ProblemReason::ZipOnPipe => f.write_str(
                "a zip archive cannot be read from a pipe or inside another: name it as a file",
            )?,
            ProblemReason::ZipEntry(what) => write!(f, "not read: {}", printable(what))?,
            ProblemReason::ZipEntriesOmitted { entries } => {
                write!(f, "{entries} more entries are not read: unpack the archive")?;
            }
            ProblemReason::Text => write!(f, "not a capture file but a text ({FORMATS})")?,
            ProblemReason::Decompression(what) => {
                write!(f, "decompression failed: {}", printable(what))?;
            }
            ProblemReason::Unreadable(what) => write!(f, "unreadable: {}", printable(what))?,
            ProblemReason::FilterMismatch { link_type, reason } => write!(
                f,
                "the filter cannot be applied to link type {}, its packets are left out: {}",
                super::linktype::describe(u32::from(*link_type)),
                printable(reason)
            )?,
            ProblemReason::Interrupted => {
                f.write_str("interrupted, not read to its end")?;
            }
            ProblemReason::OutOfOrder => write!(
                f,
                "more than {} files overlap in time: its packets come late",
                super::merge::MAX_OPEN
            )?,
            ProblemReason::InterfaceLost(what) => {
                write!(f, "interface lost, waiting for it: {}", printable(what))?;
            }
            ProblemReason::InterfaceDown(what) => {
                write!(f, "interface gives no packets: {}", printable(what))?;
            }
            ProblemReason::NotPromiscuous(what) => write!(
                f,
                "not in promiscuous mode, only packets to this machine are seen: {}",
                printable(what)
            )?,
        }
        match self.offset {
            Some(offset) => write!(f, " (at byte {offset})"),
            None => Ok(()),
        }
    }
}

/// Serializes the place as fields for programs, and the whole message as text for people.
impl Serialize for InputProblem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("InputProblem", 3)?;
        fields.serialize_field("origin", &self.origin)?;
        fields.serialize_field("offset", &self.offset)?;
        fields.serialize_field("text", &self.to_string())?;
        fields.end()
    }
}

/// The name of a path in a problem; replacement characters stand for what is not UTF-8.
pub(super) fn name_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_where_and_what() {
        let problem = InputProblem {
            origin: "a.pcap".into(),
            offset: Some(40),
            reason: ProblemReason::Truncated,
        };
        assert_eq!(problem.to_string(), "a.pcap: truncated: it ends inside a packet (at byte 40)");
    }

    #[test]
    fn a_hostile_file_name_reaches_no_terminal() {
        let problem = InputProblem {
            origin: "\u{1b}[2Ja.pcap".into(),
            offset: None,
            reason: ProblemReason::NotACapture,
        };
        assert!(!problem.to_string().contains('\u{1b}'));
        assert!(
            !CaptureError::NotFound { path: "\u{1b}[2J".into() }.to_string().contains('\u{1b}')
        );
    }
}
