//! Recognises lines of mining messages.

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;
use std::sync::LazyLock;

use super::framing::{line, message, torn};
use crate::model::chunk::Direction;
use crate::protocol::condense;
use crate::protocol::parser::Probe;

/// Longest line, in bytes, that is read before its line end is seen. A longer line must have its
/// end.
const MAX_UNENDED: usize = 4 * 1024;

/// Every message of a line-based dialect contains at least one of these words.
const WORDS: [&str; 9] =
    ["method", "result", "params", "\\u00", "\"id\"", "identifier", "\"type\"", "\"job", "error"];

/// Whether the first bytes of a direction look like lines of mining messages.
///
/// The bytes must be a JSON object with members that such messages have, perhaps after a verb, or a
/// batch. The tail of
/// another object may precede it, because a capture can start late. Other traffic costs little: the
/// first byte or the end of the first line decides.
pub fn probe(_: Direction, bytes: &[u8]) -> Probe {
    let bytes = bytes.trim_ascii_start();
    match bytes.first() {
        None => Probe::Unsure,
        Some(b'{') => probe_line(bytes),
        Some(b'[') if is_batch(bytes) => probe_line(bytes),
        Some(b'a'..=b'z') if message::begins_with_verb(bytes) => probe_line(bytes),
        Some(0x20..=0x7e) => probe_after_tail(bytes),
        Some(_) => Probe::NotForUs,
    }
}

/// Whether the beginning of a direction, after which bytes are missing, is a mining message that the
/// capture has cut.
pub(super) fn is_torn(bytes: &[u8]) -> bool {
    let mut known = false;
    if let Some(closed) = torn::close(bytes) {
        message::read(&closed, |message| known |= message.is_rpc());
    }
    known
}

/// Whether `bytes` begin as an array of objects.
fn is_batch(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
}

/// Probes bytes that begin as an object, or as an array of objects.
fn probe_line(bytes: &[u8]) -> Probe {
    let end = memchr::memchr(b'\n', bytes);
    let line = line::trim(bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default());
    let may_grow = end.is_none() && line.len() < condense::MAX_TEXT;
    // Without a line end, only a closing bracket can end the message, and not every one does.
    if end.is_none() && (line.len() > MAX_UNENDED || !line.ends_with(closing(line))) {
        return if may_grow { Probe::Unsure } else { Probe::NotForUs };
    }
    let mut known = false;
    let whole = message::read(line, |message| known |= message.is_rpc());
    match (known, whole) {
        (true, _) => Probe::Certain,
        (false, false) if may_grow => Probe::Unsure,
        (false, _) => Probe::NotForUs,
    }
}

/// The bracket that must end the line: the counterpart of its first byte.
fn closing(line: &[u8]) -> &'static [u8] {
    if line.starts_with(b"[") { b"]" } else { b"}" }
}

/// Probes bytes that begin in the middle of a message. They may be mining if a brace ends the first
/// line and another brace opens the next one.
fn probe_after_tail(bytes: &[u8]) -> Probe {
    let head = bytes.get(..MAX_UNENDED).unwrap_or(bytes);
    let Some(end) = memchr::memchr(b'\n', head) else { return Probe::NotForUs };
    let (tail, rest) = bytes.split_at(end);
    let rest = rest.trim_ascii_start();
    match rest.first() {
        _ if !line::trim(tail).ends_with(b"}") => Probe::NotForUs,
        None => Probe::Unsure,
        Some(b'{') => probe_line(rest),
        Some(_) => Probe::NotForUs,
    }
}

/// Offset of the first line that may be JSON-RPC: at the start, or after a line feed.
pub(super) fn line_start(bytes: &[u8]) -> Option<usize> {
    static KEYWORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(WORDS).ok()
    });
    static NEXT_LINE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\n{"));
    let start = if bytes.first() == Some(&b'{') { 0 } else { NEXT_LINE.find(bytes)? + 1 };
    let line = bytes.get(start..)?;
    KEYWORDS.as_ref().is_none_or(|keywords| keywords.is_match(line)).then_some(start)
}
